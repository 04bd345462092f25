"""Signing in and out with a browser, on the organization's own address."""

from __future__ import annotations

from litestar import Response, get, post

from auth.destinations import own_path
from auth.http.authorize import leads_to
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import (
    AnyRequest,
    GivenParts,
    address_of,
    check_form,
    correlation_of,
    place_of,
    principal_of,
    session_form_token,
    session_principal,
    tenant_of,
)
from auth.http.entering import enter
from auth.http.finding import find_page
from auth.http.guards import bind_form, check_own_form
from auth.http.hints import hint_of
from auth.http.leaving import SIGNED_OUT, on_to_provider
from auth.http.pages import redirect
from auth.http.statuses import retry_headers, status_of
from auth.http.ways import ways_in
from auth.native import AMR, Attempt
from auth.parts import Parts
from auth.principal import Principal
from tenants.errors import Refusal
from tenants.hosts import Place
from tenants.sentences import as_sentence

SIGN_IN_FORM = "sign-in"
_LOGIN_FIELDS = frozenset({"login", "password", "form", "next"})
_LOGOUT_FIELDS = frozenset({"form"})


@get("/auth/login")
async def show_login(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """The form; whoever is signed in already goes on to where they wanted."""
    if place_of(request) is Place.BASE:
        return find_page(parts, request)
    wanted = own_path(request.query_params.get("next"))
    if await session_principal(parts, request):
        return redirect(wanted)
    notice = as_sentence("You are signed out.") if "signed-out" in request.query_params else ""
    return await login_page(parts, request, wanted=wanted, login=hint_of(request), notice=notice)


@post("/auth/login", status_code=200)
async def sign_in(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """A wrong password shows the form again, with what was typed but for the password."""
    tenant = tenant_of(request)
    fields = {"login": "", "password": "", "next": "", "form": ""}
    try:
        fields |= await form_fields(request, _LOGIN_FIELDS)
        check_own_form(parts, request, SIGN_IN_FORM, fields["form"])
        address = address_of(parts, request) or "local"
        attempt = Attempt(fields["login"], fields["password"], address, correlation_of(request))
        account = await parts.native.prove(tenant, attempt)
    except Refusal as refusal:
        return await login_page(parts, request, login=fields["login"], wanted=own_path(fields["next"]), refusal=refusal)
    return await enter(parts, request, account, AMR, fields["next"])


@get("/auth/logout")
async def ask_to_sign_out(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """A page with one button, since nothing may change by following a link."""
    principal = await session_principal(parts, request)
    if principal is None:
        return redirect("/auth/login")
    return await branded(parts, request, "logout.html", form=session_form_token(request, principal))


@post("/auth/logout", status_code=200)
async def sign_out(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Ends the session of the cookie, or of the bearer token (then 204 and no page)."""
    if "authorization" in request.headers:
        await _revoke(parts, request, await principal_of(parts, request))
        return Response("", status_code=204, headers={"Cache-Control": "no-store"})
    principal, origin = await session_principal(parts, request), None
    if principal is not None:
        fields = await form_fields(request, _LOGOUT_FIELDS)
        check_form(parts, request, principal, fields.get("form"))
        origin = await parts.sessions.origin(tenant_of(request), principal.session_id) if principal.session_id else None
        await _revoke(parts, request, principal)
    names = parts.cookies
    cookies = (names.forget(names.session), names.forget(names.form))
    return await on_to_provider(parts, request, origin, cookies) or redirect(SIGNED_OUT, cookies=cookies)


@get("/auth/account")
async def show_account(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Who is signed in here."""
    tenant = tenant_of(request)
    principal = await session_principal(parts, request)
    account = await parts.accounts.get(tenant, principal.user_id) if principal and principal.user_id else None
    if principal is None or account is None:
        return redirect("/auth/login?next=/auth/account")
    return await branded(
        parts, request, "account.html", account=account, configures=principal.may("sso.configure"), form=session_form_token(request, principal)
    )


async def login_page(
    parts: Parts, request: AnyRequest, *, wanted: str, login: str = "", notice: str = "", refusal: Refusal | None = None
) -> Response[str]:
    form, cookies = bind_form(parts, request, SIGN_IN_FORM)
    return await branded(
        parts,
        request,
        "login.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        forms_to=await leads_to(parts, tenant_of(request), wanted),
        ways=await ways_in(parts, request, wanted, hint_of(request)),
        form=form,
        login=login,
        wanted=wanted,
        notice=notice,
        wrong=refusal.message if refusal else "",
        enforced=(await parts.policies.of(tenant_of(request))).enforced and not refusal and "emergency" not in request.query_params,
        find=parts.addresses.public_url + "/auth/login",
    )


async def _revoke(parts: Parts, request: AnyRequest, principal: Principal) -> None:
    if principal.session_id is not None:
        tenant = tenant_of(request)
        await parts.sessions.revoke(tenant, principal.session_id)
        parts.rights.forget(tenant, principal.session_id)
