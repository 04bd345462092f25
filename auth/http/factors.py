"""A signed-in person's own second factor: set up, renewed, removed."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, address_of, check_form, correlation_of, session_form_token, session_principal, tenant_of
from auth.http.pages import redirect
from auth.http.second_factor import picture_of
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.principal import Principal
from tenants.errors import Refusal
from tenants.transaction import Cause

ADDRESS = "/auth/account/second-factor"
_FIELDS = frozenset({"form", "code", "do", "at"})


@get(ADDRESS)
async def show_own_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    return await _page(parts, request, principal)


@post(ADDRESS, status_code=200)
async def change_own_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Each change takes a code: who only found a browser open can neither add nor remove anything."""
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={ADDRESS}")
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
            recovery = await parts.factors.confirm(tenant, user_id, code, address, cause)
    except Refusal as refusal:
        return await _page(parts, request, principal, refusal)
    if not recovery:
        return redirect(ADDRESS)
    return await branded(parts, request, "recovery_codes.html", codes=recovery, wanted="/auth/account")


async def _page(parts: Parts, request: AnyRequest, principal: Principal, refusal: Refusal | None = None) -> Response[str]:
    assert principal.user_id is not None  # noqa: S101 - sessions are people's
    tenant = tenant_of(request)
    shared: dict[str, Any] = {
        "status": status_of(refusal) if refusal else 200,
        "headers": retry_headers(refusal) if refusal else None,
        "form": session_form_token(request, principal),
        "wrong": refusal.message if refusal else "",
    }
    held = await parts.factors.of(tenant, principal.user_id)
    if held.authenticator:
        return await branded(parts, request, "own_factor.html", left=held.recovery_codes, **shared)
    begun = await parts.factors.begin(tenant, principal.user_id, (await parts.policies.of(tenant)).name)
    return await branded(
        parts, request, "authenticator.html", action=ADDRESS, at="", picture=picture_of(begun.address), secret=begun.secret, required=False, **shared
    )
