"""A signed-in person's own sessions and password."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post

from auth.errors import InvalidRequest
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import (
    AnyRequest,
    GivenParts,
    address_of,
    check_form,
    correlation_of,
    device_secret,
    session_form_token,
    session_principal,
    tenant_of,
)
from auth.http.pages import redirect
from auth.http.sentences import told
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.passwords import LONGEST
from auth.principal import Principal
from tenants.errors import Refusal
from tenants.transaction import Cause

SESSIONS = "/auth/account/sessions"
PASSWORD = "/auth/account/password"  # noqa: S105 - an address
OTHERS = "others"
_END_FIELDS = frozenset({"form", "id", "device"})
_PASSWORD_FIELDS = frozenset({"form", "old", "password"})


@get(SESSIONS)
async def show_sessions(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={SESSIONS}")
    tenant, days = tenant_of(request), (await parts.policies.of(tenant_of(request))).remember_days
    return await branded(
        parts,
        request,
        "sessions.html",
        sessions=await parts.devices.of(tenant, principal.user_id),
        remembered=await parts.remembered.of(tenant, principal.user_id, days, device_secret(parts, request)),
        here=principal.session_id,
        place_of=parts.places.of,
        form=session_form_token(request, principal),
    )


@post(SESSIONS, status_code=200)
async def end_session(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """One of them, or all but this one; or a device is remembered no longer."""
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None or principal.session_id is None:
        return redirect(f"/auth/login?next={SESSIONS}")
    fields = dict.fromkeys(_END_FIELDS, "") | await form_fields(request, _END_FIELDS)
    check_form(parts, request, principal, fields["form"])
    tenant, cause = tenant_of(request), Cause(correlation_of(request), principal.user_id)
    if fields["device"]:
        await parts.remembered.forget(tenant, principal.user_id, _id(fields["device"]), cause)
        return redirect(SESSIONS)
    if fields["id"] == OTHERS:
        ended = await parts.devices.end_others(tenant, principal.user_id, principal.session_id, cause)
    else:
        ended = await parts.devices.end(tenant, principal.user_id, _id(fields["id"]), cause)
    _forget(parts, request, ended)
    return redirect(SESSIONS)


@get(PASSWORD)
async def show_password(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect(f"/auth/login?next={PASSWORD}")
    return await _password_page(parts, request, principal)


@post(PASSWORD, status_code=200)
async def change_password(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None or principal.session_id is None:
        return redirect(f"/auth/login?next={PASSWORD}")
    fields = {"form": "", "old": "", "password": ""} | await form_fields(request, _PASSWORD_FIELDS)
    check_form(parts, request, principal, fields["form"])
    tenant, cause = tenant_of(request), Cause(correlation_of(request), principal.user_id)
    try:
        ended = await parts.devices.change_password(
            tenant,
            principal.user_id,
            fields["old"],
            fields["password"],
            session=principal.session_id,
            address=address_of(parts, request) or "local",
            cause=cause,
        )
    except Refusal as refusal:
        return await _password_page(parts, request, principal, refusal=refusal)
    _forget(parts, request, ended)
    return await _password_page(parts, request, principal, done=True)


async def _password_page(
    parts: Parts, request: AnyRequest, principal: Principal, *, refusal: Refusal | None = None, done: bool = False
) -> Response[str]:
    assert principal.user_id is not None  # noqa: S101 - sessions are people's
    tenant = tenant_of(request)
    return await branded(
        parts,
        request,
        "password.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        form=session_form_token(request, principal),
        has_password=await parts.devices.has_password(tenant, principal.user_id),
        shortest=(await parts.policies.of(tenant)).shortest_password,
        longest=LONGEST,
        done=done,
        wrong=told(refusal) if refusal else "",
    )


def _forget(parts: Parts, request: AnyRequest, ended: list[UUID]) -> None:
    for id in ended:
        parts.rights.forget(tenant_of(request), id)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest("This form names no session. Go back, reload the page, and try again.") from None
