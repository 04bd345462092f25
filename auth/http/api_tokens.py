"""A signed-in person's own tokens for their programs."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, get, post

from auth.errors import InvalidRequest
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, check_form, correlation_of, session_form_token, session_principal, tenant_of
from auth.http.elevation import require_elevated
from auth.http.pages import redirect
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.principal import Principal
from auth.server.api_tokens import LONGEST_NAME, MOST_DAYS
from tenants.errors import Refusal, ValidationFailed
from tenants.sentences import as_sentence, joined, sentence
from tenants.transaction import Cause

ADDRESS = "/auth/account/tokens"
DAYS = "90"
_ABOUT = {
    "name": as_sentence("The name {objection}."),
    "days": as_sentence("The number of days {objection}."),
    "permissions": as_sentence("The list of permissions {objection}."),
}
_MAKE_FIELDS = frozenset({"form", "name", "days", "permissions"})
_REVOKE_FIELDS = frozenset({"form", "id"})


@get(ADDRESS)
async def show_tokens(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    return await _page(parts, request, principal)


@post(ADDRESS, status_code=200)
async def make_token(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """The token is on the page that answers, and nowhere afterwards."""
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    require_elevated(request, principal, ADDRESS)
    fields = {"name": "", "days": DAYS, "permissions": ""} | await form_fields(request, _MAKE_FIELDS)
    check_form(parts, request, principal, fields.get("form"))
    try:
        token = await parts.api_tokens.make(
            tenant_of(request),
            principal,
            fields["name"],
            fields["permissions"].replace(",", " ").split(),
            int(fields["days"]) if fields["days"].isascii() and fields["days"].isdigit() and len(fields["days"]) <= len(DAYS) + 1 else 0,
            Cause(correlation_of(request), principal.user_id),
        )
    except Refusal as refusal:
        return await _page(parts, request, principal, typed=fields, refusal=refusal)
    return await _page(parts, request, principal, made=token)


@post(f"{ADDRESS}/revoke", status_code=200)
async def revoke_token(request: AnyRequest, parts: GivenParts) -> Response[str]:
    principal = await session_principal(parts, request)
    if principal is None or principal.user_id is None:
        return redirect(f"/auth/login?next={ADDRESS}")
    fields = await form_fields(request, _REVOKE_FIELDS)
    check_form(parts, request, principal, fields.get("form"))
    try:
        id = UUID(fields.get("id", ""))
    except ValueError:
        raise InvalidRequest("This form names no token. Go back, reload the page, and try again.") from None
    await parts.api_tokens.revoke(tenant_of(request), principal.user_id, id, Cause(correlation_of(request), principal.user_id))
    return redirect(ADDRESS)


async def _page(
    parts: Parts,
    request: AnyRequest,
    principal: Principal,
    *,
    made: str = "",
    typed: dict[str, str] | None = None,
    refusal: Refusal | None = None,
) -> Response[str]:
    assert principal.user_id is not None  # noqa: S101 - sessions are people's
    return await branded(
        parts,
        request,
        "api_tokens.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        tokens=await parts.api_tokens.of(tenant_of(request), principal.user_id),
        form=session_form_token(request, principal),
        permissions=sorted(principal.permissions),
        made=made,
        elevated=principal.elevated,
        typed=typed or {"name": "", "days": DAYS, "permissions": ""},
        longest_name=LONGEST_NAME,
        most_days=MOST_DAYS,
        wrong=_sentence(refusal) if refusal else "",
    )


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal, ValidationFailed):
        return joined(*(sentence(_ABOUT[name], objection=as_sentence(why)) for name, why in refusal.fields.items()))
    return refusal.message
