"""Signing in through a SAML provider (SAML 2.0 Profiles, 4.1).

The provider's answer is a POST from another site, which carries no cookie of ours: it is verified, its result kept under a
handle, and the browser sent on to `finish`, where its cookie has to be the one of the browser that asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from auth.destinations import own_path
from auth.http.bodies import posted_fields
from auth.http.connected import connection_named
from auth.http.context import AnyRequest, GivenParts, tenant_of
from auth.http.entering import REHEARSAL, arrival_of, arrive, begun_again, bound_browser, browser_of, rehearses, turn_away
from auth.http.handover import handed_over, module_of
from auth.http.pages import redirect
from auth.identities import ExternalIdentity
from auth.opaque import new_opaque
from auth.parts import Parts
from auth.saml.module import METADATA_TYPE
from auth.sso.checks import AS_EXPECTED, NOTHING, Check, Checks, SignInRefused
from auth.sso.connections import Connection
from auth.sso.handles import Steps

if TYPE_CHECKING:
    from auth.saml.responses import Verified

REQUEST, ASSERTION, FINISH = "saml_request", "saml_assertion", "saml_finish"
ASKED_FOR, FINISHED_WITHIN = 900, 120
LARGEST = 512 * 1024
_ANSWER = frozenset({"SAMLResponse", "RelayState"})


@get("/auth/saml/{name:str}/metadata")
async def show_metadata(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[bytes]:
    """What the provider has to know of us; it is there before the connection is switched on."""
    connection = await connection_named(parts, request, name, "saml")
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(module_of(parts).metadata(tenant_of(request), connection), media_type=METADATA_TYPE, headers=headers)


@get("/auth/saml/{name:str}/login")
async def ask_provider(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    tenant, wanted = tenant_of(request), own_path(request.query_params.get("next"))
    connection = await connection_named(parts, request, name, "saml")
    base = parts.addresses.of(tenant)
    if request.headers.get("host", "").lower() != urlsplit(base).netloc.lower():
        # The provider knows one address of this organization; a cookie of another one would not come back with its answer.
        return redirect(f"{base}{module_of(parts).start(connection)}?{urlencode({'next': wanted})}")
    if not await rehearses(parts, request, connection, wanted):
        await check_enabled(parts, request, connection)
    browser, cookies = bound_browser(parts, request)
    again = await begun_again(parts, request)
    kept = {"connection": name, "wanted": wanted, "browser": browser, "again": again}
    number = await parts.handles.keep(tenant, REQUEST, kept, seconds=ASKED_FOR)
    return await handed_over(parts, request, connection, module_of(parts).sign_in(tenant, connection, number, anew=again is not None), cookies)


@post("/auth/saml/{name:str}/acs", status_code=200)
async def take_answer(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    """The provider's answer; where it is good, the browser goes on to `finish`."""
    tenant, checks = tenant_of(request), Checks()
    connection = await connection_named(parts, request, name, "saml")
    fields = await posted_fields(request, _ANSWER, largest=LARGEST)
    relay = fields.get("RelayState") or None
    # Where nobody has asked, the browser that came with the answer is the one that has to come to `finish`.
    unasked = {"connection": name, "browser": new_opaque(), "wanted": own_path(None)}
    try:
        verified, identity = await module_of(parts).verified(tenant, connection, checks, fields.get("SAMLResponse", ""))
        _check_relay(checks, verified, relay)
        handle = await _used(parts, request, connection, checks, verified, identity, unasked)
    except SignInRefused as refusal:
        return await _not_taken(parts, request, connection, checks, refusal, relay)
    cookies = (parts.cookies.set(parts.cookies.form, unasked["browser"]),) if verified.answers is None else ()
    return _on_to_finish(parts, connection, handle, cookies)


@get("/auth/saml/{name:str}/finish")
async def finish(request: AnyRequest, parts: GivenParts, name: FromPath[str]) -> Response[str]:
    tenant = tenant_of(request)
    connection = await connection_named(parts, request, name, "saml")
    try:
        kept = await parts.handles.take(tenant, FINISH, request.query_params.get("handle"), browser_of(parts, request))
        Checks().require("same_connection", connection.name, kept["connection"], when=kept["connection"] == connection.name)
    except SignInRefused as refusal:
        await parts.gate.refuse(tenant, connection, refusal, arrival_of(parts, request))
        raise
    checks = Checks([Check.of(check) for check in kept["checks"]])
    if kept["identity"] is None:
        return await turn_away(parts, request, connection, SignInRefused(checks.done[-1]), checks, kept["wanted"])
    identity = _identity(connection, kept["identity"])
    return await arrive(parts, request, connection, identity, checks, kept["wanted"], again=kept.get("again"))


async def check_enabled(parts: Parts, request: AnyRequest, connection: Connection) -> None:
    """Raises SignInRefused, written down."""
    if connection.enabled:
        return
    refusal = SignInRefused(Check("connection_enabled", "a connection that is switched on", "one that is switched off"))
    await parts.gate.refuse(tenant_of(request), connection, refusal, arrival_of(parts, request))
    raise refusal


def _check_relay(checks: Checks, verified: Verified, relay: str | None) -> None:
    if verified.answers is None:
        return
    same = verified.answers == f"_{relay}"
    checks.require(
        "relay_state",
        "the number of the request that is answered",
        AS_EXPECTED if same else NOTHING if relay is None else "another number",
        when=same,
    )


async def _used(
    parts: Parts,
    request: AnyRequest,
    connection: Connection,
    checks: Checks,
    verified: Verified,
    identity: ExternalIdentity,
    unasked: Mapping[str, Any],
) -> str:
    """The handle for `finish`. The assertion has been used then, and its request been answered, also where that is refused: SignInRefused."""
    before = len(checks.done)

    async def steps(these: Steps) -> str:
        del checks.done[before:]
        once = await these.first_time(ASSERTION, f"{connection.id}\n{verified.assertion_id}", verified.until)
        checks.require("assertion_once", "an answer that comes for the first time", AS_EXPECTED if once else "one that was used before", when=once)
        asked = unasked if verified.answers is None else await these.take(REQUEST, verified.answers.removeprefix("_"))
        checks.require("same_connection", connection.name, asked["connection"], when=asked["connection"] == connection.name)
        if asked.get("again") is not None:
            module_of(parts).check_asked_anew(connection, checks, verified)
        return await these.keep(FINISH, _result(connection, checks, asked, identity), seconds=FINISHED_WITHIN, browser=asked["browser"])

    return await parts.handles.together(tenant_of(request), steps)


async def _not_taken(
    parts: Parts, request: AnyRequest, connection: Connection, checks: Checks, refusal: SignInRefused, relay: str | None
) -> Response[str]:
    """A page; of a rehearsal it is the result, which is shown in the browser of whoever rehearses."""
    tenant = tenant_of(request)
    try:
        asked = await parts.handles.look(tenant, REQUEST, relay)
    except SignInRefused:
        asked = {"wanted": ""}
    if not REHEARSAL.fullmatch(asked["wanted"]) or asked["connection"] != connection.name:
        await parts.gate.refuse(tenant, connection, refusal, arrival_of(parts, request))
        raise refusal
    if refusal.check not in checks.done:
        checks.done.append(refusal.check)
    result = _result(connection, checks, asked, None)
    handle = await parts.handles.keep(tenant, FINISH, result, seconds=FINISHED_WITHIN, browser=asked["browser"])
    return _on_to_finish(parts, connection, handle)


def _result(connection: Connection, checks: Checks, asked: Mapping[str, Any], identity: ExternalIdentity | None) -> dict[str, Any]:
    said = {name: value for name, value in asdict(identity).items() if name != "connection_id"} if identity else None
    done = [one.document() for one in checks.done]
    return {"connection": connection.name, "wanted": asked["wanted"], "again": asked.get("again"), "identity": said, "checks": done}


def _on_to_finish(parts: Parts, connection: Connection, handle: str, cookies: tuple[Cookie, ...] = ()) -> Response[str]:
    return redirect(f"{module_of(parts).path(connection)}/finish?handle={handle}", cookies=cookies)


def _identity(connection: Connection, said: Mapping[str, Any]) -> ExternalIdentity:
    return ExternalIdentity(connection.id, **{**said, "groups": tuple(said["groups"]), "amr": tuple(said["amr"])})
