"""Single logout (SAML 2.0 Profiles, 4.4): the provider ends sessions here, and answers when we have asked it to end its own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from auth.http.bodies import posted_fields
from auth.http.connected import connection_named
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, tenant_of
from auth.http.entering import arrival_of
from auth.http.handover import handed_over, module_of
from auth.http.leaving import LOGOUT, SIGNED_OUT
from auth.http.pages import redirect
from auth.identities import ExternalIdentity
from auth.parts import Parts
from auth.saml.arrivals import Arrived
from auth.sso.checks import AS_EXPECTED, Checks, SignInRefused, SignOutUnproven
from auth.sso.connections import Connection
from auth.sso.handles import Steps
from auth.sso.linking import person_of
from auth.sso.trail import Happened

if TYPE_CHECKING:
    from auth.saml.logouts import LogoutAsked
    from tenants.transaction import Transaction

ASKED, ENDED = "saml_logout_asked", "SignedOutByProvider"
LARGEST = 512 * 1024
LONGEST_RELAY = 2000
_MESSAGES = ("SAMLRequest", "SAMLResponse")
_FIELDS = frozenset({*_MESSAGES, "RelayState"})


@get("/auth/saml/{name:str}/slo")
async def hear_by_address(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    field = "SAMLResponse" if "SAMLResponse" in request.query_params else "SAMLRequest"
    arrived = Arrived(field, query=request.scope["query_string"].decode("latin-1"))
    return await _heard(parts, request, name, arrived, request.query_params.get("RelayState"))


@post("/auth/saml/{name:str}/slo", status_code=200)
async def hear_by_form(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    fields = await posted_fields(request, _FIELDS, largest=LARGEST)
    field = "SAMLResponse" if "SAMLResponse" in fields else "SAMLRequest"
    return await _heard(parts, request, name, Arrived(field, posted=fields.get(field) or "-"), fields.get("RelayState"))


async def _heard(parts: Parts, request: AnyRequest, name: str, arrived: Arrived, relay: str | None) -> Response[str]:
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "saml")
    try:
        if arrived.field == "SAMLResponse":
            return await _answered(parts, request, connection, arrived)
        return await _asked(parts, request, connection, arrived, relay)
    except SignInRefused as refusal:
        await parts.gate.refuse(tenant, connection, refusal, arrival_of(parts, request))
        if arrived.field == "SAMLResponse":
            raise SignOutUnproven(refusal) from None
        raise


async def _asked(parts: Parts, request: AnyRequest, connection: Connection, arrived: Arrived, relay: str | None) -> Response[str]:
    """By name and session, not by cookie: the provider may come with a frame or a browser that has none."""
    tenant, checks, module = tenant_of(request), Checks(), module_of(parts)
    asked, names = await module.logout_asked(tenant, connection, checks, arrived)

    async def steps(these: Steps) -> tuple[UUID | None, list[UUID]]:
        once = await these.first_time(ASKED, f"{connection.id}\n{asked.id}", asked.until)
        checks.require("logout_once", "a request that comes for the first time", AS_EXPECTED if once else "one that came before", when=once)
        return await _ended(parts, these.change, connection, asked, names)

    known, ended = await parts.handles.together(tenant, steps)
    for id in ended:
        parts.rights.forget(tenant, id)
    happened = Happened(ENDED, connection.kind, correlation_of(request), connection.id, known, address_of(parts, request), {"sessions": len(ended)})
    await parts.trail.tell(tenant, happened)
    # Who is known by another id than the name can be found by their sessions alone.
    done = bool(asked.session_indexes) or known is not None
    sent = module.logout_done(tenant, connection, asked.id, relay[:LONGEST_RELAY] if relay else None, done=done)
    return redirect(SIGNED_OUT) if sent is None else await handed_over(parts, request, connection, sent)


async def _ended(parts: Parts, change: Transaction, connection: Connection, asked: LogoutAsked, names: list[str]) -> tuple[UUID | None, list[UUID]]:
    """Whom it is about, as far as that is known, and the sessions that have ended: together with the note that the request came."""
    known = await person_of(change, ExternalIdentity(connection.id, asked.name_id))
    if asked.session_indexes:
        return known, await parts.sessions.revoke_at_provider_in(change, connection.id, *names)
    return known, await parts.sessions.revoke_through_in(change, connection.id, known) if known else []


async def _answered(parts: Parts, request: AnyRequest, connection: Connection, arrived: Arrived) -> Response[str]:
    """Here they have been signed out already."""
    tenant, checks = tenant_of(request), Checks()
    number = await module_of(parts).logout_answered(tenant, connection, checks, arrived)
    kept = await parts.handles.take(tenant, LOGOUT, number)
    checks.require("same_connection", connection.name, kept["connection"], when=kept["connection"] == connection.name)
    return redirect(SIGNED_OUT)
