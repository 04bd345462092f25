"""The second step of signing in: a code or a passkey, or setting one up where the organization wants one of everybody."""

from __future__ import annotations

import base64
import io
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import Cookie

from auth.errors import InvalidCredentials
from auth.factors.factors import Need
from auth.factors.passkeys import Answered
from auth.http.authorize import leads_to
from auth.http.bodies import form_fields
from auth.http.branding import branded
from auth.http.context import AnyRequest, GivenParts, address_of, correlation_of, device_of, tenant_of
from auth.http.entering import SECOND_FACTOR, browser_of, come_in, device_cookie
from auth.http.granting import SECOND_AMR
from auth.http.guards import bind_form, check_own_form
from auth.http.pages import redirect
from auth.http.parties import party_of
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.sessions import Via
from auth.sso.checks import SignInRefused
from tenants.errors import Refusal
from tenants.transaction import Cause

FORM = "second-factor"
_FIELDS = frozenset({"form", "at", "code", "asked", "credential", "name", "remember"})
LONGEST_CREDENTIAL = 8 * 1024
_EMPTY = dict.fromkeys(_FIELDS, "")


@get("/auth/second-factor")
async def show_second_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whoever has not taken the first step in this browser, or took too long, begins anew."""
    at = request.query_params.get("at", "")
    try:
        kept = await parts.handles.look(tenant_of(request), SECOND_FACTOR, at, browser_of(parts, request))
    except SignInRefused:
        return redirect("/auth/login")
    return await _page(parts, request, at, kept)


@post("/auth/second-factor", status_code=200)
async def pass_second_factor(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """A wrong code shows the page again; the step that was taken before stays good for its ten minutes."""
    tenant, browser = tenant_of(request), browser_of(parts, request)
    fields = _EMPTY | await form_fields(request, _FIELDS, longest=LONGEST_CREDENTIAL)
    check_own_form(parts, request, FORM, fields["form"])
    try:
        kept = await parts.handles.look(tenant, SECOND_FACTOR, fields["at"], browser)
    except SignInRefused:
        return redirect("/auth/login")
    user_id = UUID(kept["user"])
    if kept["connection"] is None and await parts.credentials.changed_since(tenant, user_id, kept["since"]):
        return redirect("/auth/login")  # the password that was the first step is nobody's any more
    if kept["need"] == Need.ENROL.value and (await parts.factors.of(tenant, user_id)).anything:
        return redirect("/auth/login")  # set up in another browser meanwhile: whoever has the password alone adds no second one
    try:
        amr, recovery = await _stepped(parts, request, kept, fields)
    except Refusal as refusal:
        return await _page(parts, request, fields["at"], kept, refusal)
    try:
        await parts.handles.take(tenant, SECOND_FACTOR, fields["at"], browser)
    except SignInRefused:
        raise InvalidCredentials from None
    return await _in(parts, request, kept, amr, recovery, remember=fields["remember"] == "on")


async def _stepped(parts: Parts, request: AnyRequest, kept: dict[str, Any], fields: dict[str, str]) -> tuple[tuple[str, ...], list[str]]:
    """How they have taken the step (RFC 8176), and recovery codes where they have just set something up. Raises as whatever they took."""
    tenant, user_id = tenant_of(request), UUID(kept["user"])
    cause, address = Cause(correlation_of(request), user_id), address_of(parts, request) or "local"
    enrols = kept["need"] == Need.ENROL.value
    if fields["credential"]:
        party = party_of(parts, request)
        answered = Answered(fields["asked"], browser_of(parts, request), fields["credential"], address)
        if enrols:
            made = await parts.passkeys.make(tenant, user_id, party, answered, fields["name"], cause)
            return (*made.amr, "mfa"), made.recovery
        proven = await parts.passkeys.prove(tenant, party, answered, "second_factor", cause, user_id=user_id)
        return (*proven.amr, "mfa"), []
    if enrols:
        return SECOND_AMR, await parts.factors.confirm(tenant, user_id, fields["code"], browser_of(parts, request) or "", address, cause)
    await parts.factors.prove(tenant, user_id, fields["code"], address, cause)
    return SECOND_AMR, []


async def _in(parts: Parts, request: AnyRequest, kept: dict[str, Any], amr: tuple[str, ...], recovery: list[str], *, remember: bool) -> Response[str]:
    """With the recovery codes, where they have just been made: they are on this page and nowhere afterwards."""
    via = Via(UUID(kept["connection"]), kept["provider_session"]) if kept["connection"] else None

    async def shown(cookies: tuple[Cookie, ...]) -> Response[str]:
        return await branded(parts, request, "recovery_codes.html", cookies=cookies, codes=recovery, wanted=kept["wanted"])

    besides = await _remembered(parts, request, UUID(kept["user"])) if remember and kept["need"] == Need.PROVE.value else ()
    return await come_in(parts, request, UUID(kept["user"]), (*kept["amr"], *amr), kept["wanted"], via, shown if recovery else None, besides)


async def _remembered(parts: Parts, request: AnyRequest, user_id: UUID) -> tuple[Cookie, ...]:
    """They have chosen not to be asked again on this device, where the organization allows that."""
    tenant, agent = tenant_of(request), device_of(parts, request).user_agent
    days, cause = (await parts.policies.of(tenant)).remember_days, Cause(correlation_of(request), user_id)
    renewed = await parts.remembered.remember(tenant, user_id, days, agent, cause)
    return (device_cookie(parts, renewed),) if renewed else ()


async def _page(parts: Parts, request: AnyRequest, at: str, kept: dict[str, Any], refusal: Refusal | None = None) -> Response[str]:
    form, cookies = bind_form(parts, request, FORM)
    forms_to = await leads_to(parts, tenant_of(request), kept["wanted"])
    shared: dict[str, Any] = {"cookies": cookies, "form": form, "at": at, "forms_to": forms_to, "scripts": "'self'", **refused_with(refusal)}
    if kept["need"] == Need.ENROL.value:
        return await _enrolment(parts, request, UUID(kept["user"]), shared)
    held = await parts.factors.of(tenant_of(request), UUID(kept["user"]))
    asked = None
    if held.passkeys:
        asked = await parts.passkeys.ask(tenant_of(request), party_of(parts, request), browser_of(parts, request), UUID(kept["user"]))
    days = (await parts.policies.of(tenant_of(request))).remember_days
    codes = held.authenticator or held.recovery_codes > 0 or not held.anything
    return await branded(parts, request, "second_factor.html", asked=asked, codes=codes, authenticator=held.authenticator, days=days, **shared)


async def _enrolment(parts: Parts, request: AnyRequest, user_id: UUID, shared: dict[str, Any]) -> Response[str]:
    tenant = tenant_of(request)
    organization, account = (await parts.policies.of(tenant)).name, await parts.accounts.get(tenant, user_id)
    if account is None:
        raise InvalidCredentials
    begun = await parts.factors.begin(tenant, user_id, organization, browser_of(parts, request) or "")
    asked = await parts.passkeys.ask_to_make(tenant, account, organization, party_of(parts, request), browser_of(parts, request))
    setup: dict[str, Any] = {"action": "/auth/second-factor", "picture": picture_of(begun.address), "secret": begun.secret, "asked": asked}
    return await branded(parts, request, "authenticator.html", **setup, **shared)


def refused_with(refusal: Refusal | None) -> dict[str, Any]:
    """What a page says of what was refused, and its status."""
    return {
        "status": status_of(refusal) if refusal else 200,
        "headers": retry_headers(refusal) if refusal else None,
        "wrong": refusal.message if refusal else "",
        "trace": refusal.extensions().get("trace", "") if refusal else "",
    }


def picture_of(address: str) -> str:
    """The QR code as a data address."""
    import segno  # noqa: PLC0415 - for the few who set one up

    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=2, light="#ffffff", xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()
