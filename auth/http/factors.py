"""A signed-in person's own second factors: set up, renewed, removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post

from auth.errors import InvalidRequest
from auth.factors.passkeys import Answered
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
from auth.http.elevation import require_elevated
from auth.http.pages import redirect
from auth.http.parties import party_of
from auth.http.second_factor import LONGEST_CREDENTIAL, picture_of, refused_with
from auth.parts import Parts
from auth.principal import Principal
from tenants.errors import Refusal, Unauthenticated
from tenants.transaction import Cause

ADDRESS = "/auth/account/second-factor"
PASSKEYS = "/auth/account/passkeys"
_FIELDS = frozenset({"form", "code", "do", "at"})
_PASSKEY_FIELDS = frozenset({"form", "asked", "credential", "name"})
_REMOVE_FIELDS = frozenset({"form", "id"})


@get(ADDRESS)
async def show_own_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    require_elevated(request, principal)
    return await _page(parts, request, principal)


@post(ADDRESS, status_code=200)
async def change_own_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Each change takes a code: who only found a browser open can neither add nor remove anything."""
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    require_elevated(request, principal, ADDRESS)
    fields = {"form": "", "code": "", "do": "confirm"} | await form_fields(request, _FIELDS)
    check_form(parts, request, principal, fields["form"])
    tenant, user_id, code = tenant_of(request), principal.user_id, fields["code"]
    cause, address = Cause(correlation_of(request), user_id), address_of(parts, request) or "local"
    recovery: list[str] = []
    try:
        if fields["do"] == "remove":
            await parts.factors.remove(tenant, user_id, code, address, cause)
        elif fields["do"] == "renew":
            recovery = await parts.factors.renew_codes(tenant, user_id, code, address, cause)
        else:
            recovery = await parts.factors.confirm(tenant, user_id, code, session_secret(parts, request) or "", address, cause)
    except Refusal as refusal:
        return await _page(parts, request, principal, refusal)
    return await _done(parts, request, recovery)


@post(PASSKEYS, status_code=200)
async def add_passkey(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    require_elevated(request, principal, ADDRESS)
    fields = dict.fromkeys(_PASSKEY_FIELDS, "") | await form_fields(request, _PASSKEY_FIELDS, longest=LONGEST_CREDENTIAL)
    check_form(parts, request, principal, fields["form"])
    answered = Answered(fields["asked"], session_secret(parts, request), fields["credential"], address_of(parts, request) or "local")
    cause = Cause(correlation_of(request), principal.user_id)
    try:
        made = await parts.passkeys.make(tenant_of(request), principal.user_id, party_of(parts, request), answered, fields["name"], cause)
    except Refusal as refusal:
        return await _page(parts, request, principal, refusal)
    return await _done(parts, request, made.recovery)


@post(f"{PASSKEYS}/remove", status_code=200)
async def remove_passkey(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    require_elevated(request, principal, ADDRESS)
    fields = {"form": "", "id": ""} | await form_fields(request, _REMOVE_FIELDS)
    check_form(parts, request, principal, fields["form"])
    try:
        id = UUID(fields["id"])
    except ValueError:
        raise InvalidRequest("This form names no passkey. Go back, reload the page, and try again.") from None
    await parts.passkeys.remove(tenant_of(request), principal.user_id, id, Cause(correlation_of(request), principal.user_id))
    return redirect(ADDRESS)


async def _done(parts: Parts, request: AnyRequest, recovery: list[str]) -> Response[str]:
    """With the recovery codes that were made: they are on this page and nowhere afterwards."""
    if not recovery:
        return redirect(ADDRESS)
    return await branded(parts, request, "recovery_codes.html", codes=recovery, wanted="/auth/account")


async def _page(parts: Parts, request: AnyRequest, principal: Principal, refusal: Refusal | None = None) -> Response[str]:
    tenant, user_id, party = tenant_of(request), principal.user_id, party_of(parts, request)
    account = await parts.accounts.get(tenant, user_id) if user_id else None
    if account is None:
        raise Unauthenticated("This session is over. Sign in again.")
    held, organization = await parts.factors.of(tenant, account.user_id), (await parts.policies.of(tenant)).name
    setup: dict[str, Any] = {"picture": "", "secret": ""}
    if not held.authenticator:
        begun = await parts.factors.begin(tenant, account.user_id, organization, session_secret(parts, request) or "")
        setup = {"picture": picture_of(begun.address), "secret": begun.secret}
    return await branded(
        parts,
        request,
        "own_factor.html",
        scripts="'self'",
        form=session_form_token(request, principal),
        held=held,
        passkeys=await parts.passkeys.of(tenant, account.user_id),
        asked=await parts.passkeys.ask_to_make(tenant, account, organization, party, session_secret(parts, request)),
        host=party.id,
        action=ADDRESS,
        at="",
        **setup,
        **refused_with(refusal),
    )
