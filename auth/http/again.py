"""Proving again who one is, for what takes more than a session that somebody may have left open: and back to where that was."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get, post

from auth.destinations import own_path
from auth.errors import ElevationRequired, InvalidCredentials, InvalidRequest
from auth.factors.passkeys import Answered
from auth.http.authorize import leads_to
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import (
    AnyRequest,
    GivenParts,
    address_of,
    check_form,
    correlation_of,
    session_form_token,
    session_principal,
    session_secret,
    tenant_of,
)
from auth.http.guards import session_cookies
from auth.http.pages import redirect
from auth.http.parties import party_of
from auth.http.second_factor import LONGEST_CREDENTIAL, refused_with
from auth.native import AMR
from auth.parts import Parts
from auth.principal import Principal
from tenants.errors import Refusal
from tenants.transaction import Cause

_FIELDS = frozenset({"form", "next", "password", "code", "asked", "credential"})


@get(ElevationRequired.where)
async def ask_again(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """By whatever they have: their password, a code, a passkey, or the provider through which they came. Who has just done so goes on."""
    principal, wanted = await session_principal(parts, request), own_path(request.query_params.get("next"))
    if principal is None:
        return redirect(f"/auth/login?{urlencode({'next': wanted})}")
    return redirect(wanted) if principal.elevated else await _page(parts, request, principal, wanted)


@post(ElevationRequired.where, status_code=200)
async def prove_again(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Their session gets another id and another cookie; it began, and ends, when it did."""
    principal = await session_principal(parts, request)
    fields = dict.fromkeys(_FIELDS, "") | await form_fields(request, _FIELDS, longest=LONGEST_CREDENTIAL)
    wanted = own_path(fields["next"])
    if principal is None or principal.user_id is None or principal.session_id is None:
        return redirect(f"/auth/login?{urlencode({'next': wanted})}")
    check_form(parts, request, principal, fields["form"])
    tenant, cause = tenant_of(request), Cause(correlation_of(request), principal.user_id)
    try:
        amr = await _proven(parts, request, principal.user_id, fields, cause)
    except Refusal as refusal:
        return await _page(parts, request, principal, wanted, refusal)
    session = await parts.sessions.by_id(tenant, principal.session_id)
    if session is None:
        raise InvalidCredentials
    new = await parts.flow.step_up(tenant, session, amr, cause, address=address_of(parts, request))
    parts.rights.forget(tenant, principal.session_id)
    return redirect(wanted, cookies=session_cookies(parts, new.secret or ""))


async def _proven(parts: Parts, request: AnyRequest, user_id: UUID, fields: dict[str, str], cause: Cause) -> tuple[str, ...]:
    """How (RFC 8176). Raises whatever refuses the password, code or passkey."""
    tenant, address = tenant_of(request), address_of(parts, request) or "local"
    if fields["credential"]:
        answered = Answered(fields["asked"], session_secret(parts, request), fields["credential"], address)
        return (await parts.passkeys.prove(tenant, party_of(parts, request), answered, "step_up", cause, user_id=user_id)).amr
    if fields["code"]:
        await parts.factors.prove(tenant, user_id, fields["code"], address, cause)
        return ("otp",)
    if not fields["password"]:
        raise InvalidRequest("Nothing was typed. Give your password or a code.")
    await parts.devices.prove(tenant, user_id, fields["password"], address)
    return AMR


async def _page(parts: Parts, request: AnyRequest, principal: Principal, wanted: str, refusal: Refusal | None = None) -> Response[str]:
    assert principal.user_id is not None  # noqa: S101 - sessions are people's
    tenant, user_id = tenant_of(request), principal.user_id
    held = await parts.factors.of(tenant, user_id)
    asked = await parts.passkeys.ask(tenant, party_of(parts, request), session_secret(parts, request), user_id) if held.passkeys else None
    return await branded(
        parts,
        request,
        "again.html",
        forms_to=await leads_to(parts, tenant, wanted),
        scripts="'self'",
        form=session_form_token(request, principal),
        wanted=wanted,
        asked=asked,
        password=await parts.devices.has_password(tenant, user_id),
        code=held.authenticator,
        way=await _way(parts, request, principal, wanted),
        **refused_with(refusal),
    )


async def _way(parts: Parts, request: AnyRequest, principal: Principal, wanted: str) -> dict[str, Any] | None:
    """The provider through which this session came, which then asks anew."""
    tenant = tenant_of(request)
    origin = await parts.sessions.origin(tenant, principal.session_id) if principal.session_id else None
    for connection in await parts.connections.enabled(tenant):
        if origin and connection.id == origin.connection_id and connection.kind in parts.modules and connection.unopened is None:
            start = parts.modules[connection.kind].start(connection)
            return {"label": connection.label, "href": f"{start}?{urlencode({'next': wanted, 'again': '1'})}"}
    return None
