"""The page behind the link that confirms an address: one button, since nothing may change by following a link."""

from __future__ import annotations

from litestar import Response, get, post

from auth.errors import LinkSpent
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.guards import bind_form, check_own_form
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from tenants.errors import Refusal
from tenants.sentences import as_sentence

CONFIRMATION_FORM = "confirmation"
_FIELDS = frozenset({"token", "form"})


@get("/auth/address")
async def show_confirmation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _form(parts, request, request.query_params.get("token", ""))


@post("/auth/address", status_code=200)
async def confirm_address(request: AnyRequest, parts: GivenParts) -> Response[str]:
    fields = {"token": "", "form": ""}
    try:
        fields |= await form_fields(request, _FIELDS)
        check_own_form(parts, request, CONFIRMATION_FORM, fields["form"])
        await parts.accounts.confirm_address(tenant_of(request), fields["token"], correlation_of(request))
    except Refusal as refusal:
        return await _form(parts, request, fields["token"], refusal)
    return await branded(parts, request, "confirmed.html")


async def _form(parts: Parts, request: AnyRequest, token: str, refusal: Refusal | None = None) -> Response[str]:
    tenant = tenant_of(request)
    try:
        await parts.links.person(tenant, token, "address")
    except LinkSpent as spent:
        wrong = as_sentence("This link has been used or is too old. Give your address again to get a new one.")
        return await branded(parts, request, "spent.html", status=status_of(spent), wrong=wrong)
    form, cookies = bind_form(parts, request, CONFIRMATION_FORM)
    return await branded(
        parts,
        request,
        "confirmation.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        token=token,
        form=form,
        wrong=refusal.message if refusal else "",
    )
