"""The pages for whoever forgot their password: one that asks whose it is, one behind the link that is mailed."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Response, get, post

from auth.destinations import DEFAULT
from auth.errors import LinkSpent
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, tenant_of
from auth.http.entering import enter
from auth.http.guards import bind_form, check_own_form
from auth.http.sentences import told
from auth.http.statuses import retry_headers, status_of
from auth.native import AMR
from auth.parts import Parts
from auth.passwords import LONGEST
from tenants.errors import Refusal

FORGOT_FORM, RESET_FORM = "forgot", "reset"
_FORGOT_FIELDS = frozenset({"login", "form"})
_RESET_FIELDS = frozenset({"token", "password", "form"})


@get("/auth/forgot")
async def show_forgot(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _forgot(parts, request)


@post("/auth/forgot", status_code=200)
async def ask_for_reset(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """One answer for every address."""
    fields = {"login": "", "form": ""}
    try:
        fields |= await form_fields(request, _FORGOT_FIELDS)
        check_own_form(parts, request, FORGOT_FORM, fields["form"])
        await parts.resets.ask(tenant_of(request), fields["login"], address_of(parts, request), correlation_of(request))
    except Refusal as refusal:
        return await _forgot(parts, request, login=fields["login"], refusal=refusal)
    return await branded(parts, request, "reset_asked.html")


@get("/auth/reset")
async def show_reset(request: AnyRequest, parts: GivenParts) -> Response[str]:
    return await _reset(parts, request, {"token": request.query_params.get("token", "")})


@post("/auth/reset", status_code=200)
async def reset_password(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whatever is wrong shows the form again; only a link that is spent ends it. A second factor is asked for as at every sign-in."""
    fields = {"token": "", "password": "", "form": ""}
    try:
        fields |= await form_fields(request, _RESET_FIELDS)
        check_own_form(parts, request, RESET_FORM, fields["form"])
        address = address_of(parts, request)
        account = await parts.resets.reset(tenant_of(request), fields["token"], fields["password"], address, correlation_of(request))
    except Refusal as refusal:
        return await _reset(parts, request, fields, refusal)
    return await enter(parts, request, account, AMR, DEFAULT)


async def _forgot(parts: Parts, request: AnyRequest, *, login: str = "", refusal: Refusal | None = None) -> Response[str]:
    form, cookies = bind_form(parts, request, FORGOT_FORM)
    return await branded(
        parts,
        request,
        "forgot.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        form=form,
        login=login,
        wrong=told(refusal) if refusal else "",
    )


async def _reset(parts: Parts, request: AnyRequest, fields: Mapping[str, str], refusal: Refusal | None = None) -> Response[str]:
    tenant, token = tenant_of(request), fields["token"]
    try:
        account = await parts.resets.person(tenant, token)
    except LinkSpent as spent:
        return await branded(parts, request, "reset_spent.html", status=status_of(spent), wrong=spent.message)
    form, cookies = bind_form(parts, request, RESET_FORM)
    return await branded(
        parts,
        request,
        "reset.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        account=account,
        token=token,
        form=form,
        shortest=(await parts.policies.of(tenant)).shortest_password,
        longest=LONGEST,
        wrong=told(refusal) if refusal else "",
    )
