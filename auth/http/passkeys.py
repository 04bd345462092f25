"""Signing in with a passkey and nothing else: the device knows its person, and the key says whose it is."""

from __future__ import annotations

from litestar import Response, get, post

from auth.destinations import own_path
from auth.factors.passkeys import Answered
from auth.http.authorize import leads_to
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, tenant_of
from auth.http.entering import bound_browser, browser_of, enter
from auth.http.guards import check_own_form, form_for
from auth.http.pages import redirect
from auth.http.parties import party_of
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from tenants.errors import Refusal
from tenants.transaction import Cause

ADDRESS = "/auth/passkey"
FORM = "passkey"
LONGEST_CREDENTIAL = 8 * 1024
_FIELDS = frozenset({"form", "asked", "credential", "next"})


@get(ADDRESS)
async def show_passkey(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _page(parts, request, own_path(request.query_params.get("next")))


@post(ADDRESS, status_code=200)
async def sign_in_with_passkey(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Every way to fail looks the same; the check that failed is in the organization's audit log."""
    tenant = tenant_of(request)
    fields = dict.fromkeys(_FIELDS, "") | await form_fields(request, _FIELDS, longest=LONGEST_CREDENTIAL)
    answered = Answered(fields["asked"], browser_of(parts, request), fields["credential"], address_of(parts, request) or "local")
    try:
        check_own_form(parts, request, FORM, fields["form"])
        proven = await parts.passkeys.prove(tenant, party_of(parts, request), answered, "sign_in", Cause(correlation_of(request)))
    except Refusal as refusal:
        return await _page(parts, request, own_path(fields["next"]), refusal)
    account = await parts.accounts.get(tenant, proven.user_id)
    if account is None:
        return redirect("/auth/login")
    return await enter(parts, request, account, (*proven.amr, "mfa"), fields["next"])


async def _page(parts: Parts, request: AnyRequest, wanted: str, refusal: Refusal | None = None) -> Response[str]:
    browser, cookies = bound_browser(parts, request)
    return await branded(
        parts,
        request,
        "passkey.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        forms_to=await leads_to(parts, tenant_of(request), wanted),
        scripts="'self'",
        form=form_for(request, FORM, browser),
        asked=await parts.passkeys.ask(tenant_of(request), party_of(parts, request), browser),
        wanted=wanted,
        wrong=refusal.message if refusal else "",
        trace=refusal.extensions().get("trace", "") if refusal else "",
    )
