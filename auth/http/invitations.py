"""The page behind an invitation's link: choose a password, or come through the provider where everybody has to, and you are in."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, get, post

from auth.accounts import Account
from auth.destinations import DEFAULT
from auth.errors import LinkSpent
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, correlation_of, tenant_of
from auth.http.entering import enter
from auth.http.guards import bind_form, check_own_form
from auth.http.sentences import told
from auth.http.statuses import retry_headers, status_of
from auth.http.ways import ways_in
from auth.native import AMR
from auth.parts import Parts
from auth.passwords import LONGEST
from auth.sso.domains import domain_of
from tenants.errors import Refusal

INVITATION_FORM = "invitation"
_FIELDS = frozenset({"token", "name", "password", "form"})


@get("/auth/invitation")
async def show_invitation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _form(parts, request, {"token": request.query_params.get("token", "")})


@post("/auth/invitation", status_code=200)
async def accept_invitation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whatever is wrong shows the form again; only a link that is spent ends it."""
    tenant = tenant_of(request)
    fields = {"token": "", "name": "", "password": "", "form": ""}
    try:
        fields |= await form_fields(request, _FIELDS)
        check_own_form(parts, request, INVITATION_FORM, fields["form"])
        account = await parts.invitations.accept(tenant, fields["token"], fields["password"], correlation_of(request), name=fields["name"] or None)
    except Refusal as refusal:
        return await _form(parts, request, fields, refusal)
    return await enter(parts, request, account, AMR, DEFAULT)


async def _form(parts: Parts, request: AnyRequest, fields: Mapping[str, str], refusal: Refusal | None = None) -> Response[str]:
    tenant, token = tenant_of(request), fields["token"]
    try:
        account = await parts.invitations.invited(tenant, token)
    except LinkSpent as spent:
        return await branded(parts, request, "spent.html", status=status_of(spent), wrong=spent.message)
    decided = await parts.policies.of(tenant)
    if not decided.admits(account.user_id):
        return await _by_provider(parts, request, account, status_of(refusal) if refusal else 200)
    form, cookies = bind_form(parts, request, INVITATION_FORM)
    return await branded(
        parts,
        request,
        "invitation.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        account=account,
        token=token,
        name=fields.get("name") or account.name,
        form=form,
        shortest=decided.shortest_password,
        longest=LONGEST,
        wrong=told(refusal) if refusal else "",
    )


async def _by_provider(parts: Parts, request: AnyRequest, account: Account, status: int) -> Response[str]:
    """Whom the provider vouches for under the invited address comes in as the person invited: see `Accounts.arrive`."""
    tenant = tenant_of(request)
    address = await parts.accounts.address(tenant, account.user_id) or ""
    return await branded(
        parts,
        request,
        "invitation_by_provider.html",
        status=status,
        account=account,
        address=address,
        provable=domain_of(address) in await parts.email_domains.verified(tenant),
        ways=await ways_in(parts, request, DEFAULT, address),
    )
