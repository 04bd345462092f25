"""The page behind an invitation's link: choose a password, and you are in."""

from __future__ import annotations

from litestar import Response, get, post

from auth.destinations import DEFAULT
from auth.errors import LinkSpent
from auth.http.bodies import form_fields
from auth.http.context import AnyRequest, GivenParts, correlation_of, device_of, tenant_of
from auth.http.guards import bind_form, check_own_form, session_cookies
from auth.http.pages import page, redirect
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.passwords import LONGEST, SHORTEST
from tenants.errors import Refusal, ValidationFailed

INVITATION_FORM = "invitation"
_FIELDS = frozenset({"token", "password", "form"})


@get("/auth/invitation")
async def show_invitation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _form(parts, request, request.query_params.get("token", ""))


@post("/auth/invitation", status_code=200)
async def accept_invitation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whatever is wrong shows the form again; only a link that is spent ends it."""
    tenant = tenant_of(request)
    fields = {"token": "", "password": "", "form": ""}
    try:
        fields |= await form_fields(request, _FIELDS)
        check_own_form(parts, request, INVITATION_FORM, fields["form"])
        device, correlation_id = device_of(parts, request), correlation_of(request)
        new = await parts.invitations.accept(tenant, fields["token"], fields["password"], device, correlation_id)
    except Refusal as refusal:
        return await _form(parts, request, fields["token"], refusal)
    return redirect(DEFAULT, cookies=session_cookies(parts, new.secret or ""))


async def _form(parts: Parts, request: AnyRequest, token: str, refusal: Refusal | None = None) -> Response[str]:
    tenant = tenant_of(request)
    try:
        account = await parts.invitations.invited(tenant, token)
    except LinkSpent as spent:
        return page("spent.html", status=status_of(spent), tenant=tenant, wrong=spent.message)
    form, cookies = bind_form(parts, request, INVITATION_FORM)
    return page(
        "invitation.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        tenant=tenant,
        account=account,
        token=token,
        form=form,
        shortest=SHORTEST,
        longest=LONGEST,
        wrong=_sentence(refusal) if refusal else "",
    )


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal, ValidationFailed):
        return f"A password {refusal.fields['password']}."
    return refusal.message
