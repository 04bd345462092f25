"""Opening an organization by oneself, on the installation's own address: the form, the link that proves the address, the wait until it is there."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from litestar import Response, get, post

from auth.errors import LinkSpent
from auth.http.bodies import form_fields
from auth.http.context import AnyRequest, GivenParts, address_of, place_of
from auth.http.guards import bind_front_form, check_front_form
from auth.http.pages import page, policy, redirect
from auth.http.sentences import told
from auth.http.speaking import language_of
from auth.http.statuses import retry_headers, status_of
from auth.parts import Parts
from auth.sign_up.asked import LONGEST_EMAIL, LONGEST_NAME, Asked
from auth.sign_up.errors import InvitationNeeded, SignUpClosed
from auth.sign_up.reasons import FAILED, said
from auth.sign_up.sign_ups import SignUp
from tenants.errors import Refusal
from tenants.hosts import Place
from tenants.registry import Tenant
from tenants.resolver import UnknownHost
from tenants.slugs import LONGEST as LONGEST_SLUG

ASK_FORM, CONFIRM_FORM, READY_FORM = "sign-up", "sign-up-confirmation", "sign-up-ready"
_ASK_FIELDS = frozenset({"name", "slug", "email", "invitation", "form"})
_CONFIRM_FIELDS = frozenset({"token", "form"})
AGAIN_AFTER = 2


@get("/auth/sign-up")
async def show_sign_up(request: AnyRequest, parts: GivenParts) -> Response[str]:
    _require_open(parts, request)
    fields = {"invitation": request.query_params.get("invitation", "")}
    if parts.sign_ups.mode != "open":
        try:
            fields["email"] = await parts.sign_ups.invited(fields["invitation"])
        except InvitationNeeded as refusal:
            return _closed(request, refusal)
    return _form(parts, request, fields)


@post("/auth/sign-up", status_code=200)
async def ask_for_organization(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whatever is wrong shows the form again; whose address it is, and what else they have here, nobody learns."""
    _require_open(parts, request)
    fields = {"name": "", "slug": "", "email": "", "invitation": "", "form": ""}
    try:
        fields |= await form_fields(request, _ASK_FIELDS)
        check_front_form(parts, request, ASK_FORM, fields["form"])
        asked = Asked.read(fields["name"], fields["slug"], fields["email"])
        await parts.sign_ups.ask(asked, fields["invitation"], address_of(parts, request), language_of(request))
    except InvitationNeeded as refusal:
        return _closed(request, refusal)
    except Refusal as refusal:
        return _form(parts, request, fields, refusal)
    return page(request, "sign_up_asked.html", email=asked.email)


@get("/auth/sign-up/confirm")
async def show_sign_up_confirmation(request: AnyRequest, parts: GivenParts) -> Response[str]:
    _require_open(parts, request)
    return await _confirmation(parts, request, request.query_params.get("token", ""))


@post("/auth/sign-up/confirm", status_code=200)
async def confirm_sign_up(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """One button, since nothing may change by following a link."""
    _require_open(parts, request)
    fields = {"token": "", "form": ""}
    try:
        fields |= await form_fields(request, _CONFIRM_FIELDS)
        check_front_form(parts, request, CONFIRM_FORM, fields["form"])
        await parts.sign_ups.confirm(fields["token"])
    except InvitationNeeded as refusal:
        return _closed(request, refusal)
    except Refusal as refusal:
        return await _confirmation(parts, request, fields["token"], refusal)
    return redirect(f"/auth/sign-up/ready?{urlencode({'token': fields['token']})}")


@get("/auth/sign-up/ready")
async def wait_for_organization(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Asks again by itself until the organization is there; then it has the button that leads, once, to where its owner chooses a password."""
    _require_open(parts, request)
    return await _waited(parts, request, request.query_params.get("token", ""))


@post("/auth/sign-up/ready", status_code=200)
async def open_organization(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Programs that look at mails open links and what they lead to; none of them sends a form."""
    _require_open(parts, request)
    fields = {"token": "", "form": ""}
    try:
        fields |= await form_fields(request, _CONFIRM_FIELDS)
        check_front_form(parts, request, READY_FORM, fields["form"])
        found = await parts.sign_ups.of(fields["token"])
        there = await _opened(parts, found, fields["token"]) if found.state == "made" else None
    except LinkSpent as spent:
        return _spent(request, spent)
    except Refusal as refusal:
        return await _waited(parts, request, fields["token"], refusal)
    return redirect(there) if there is not None else await _waited(parts, request, fields["token"])


async def _waited(parts: Parts, request: AnyRequest, token: str, refusal: Refusal | None = None) -> Response[str]:
    try:
        found = await parts.sign_ups.of(token)
    except LinkSpent as spent:
        return _spent(request, spent)
    if found.state == "refused":
        return page(request, "sign_up_refused.html", status=409, wrong=said(found.reason or FAILED, found.slug), name=found.name)
    if found.state == "opened":
        return redirect(f"{parts.addresses.of_slug(found.slug)}/auth/login")
    if found.state == "made" and await _there(parts, found) is not None:
        return _ready(parts, request, found, token, refusal)
    again = f"/auth/sign-up/{'confirm' if found.state == 'asked' else 'ready'}?{urlencode({'token': token})}"
    return page(request, "sign_up_making.html", name=found.name, again=again, seconds=AGAIN_AFTER)


def _ready(parts: Parts, request: AnyRequest, found: SignUp, token: str, refusal: Refusal | None) -> Response[str]:
    form, cookies = bind_front_form(parts, request, READY_FORM)
    return page(
        request,
        "sign_up_ready.html",
        status=status_of(refusal) if refusal else 200,
        cookies=cookies,
        csp=policy(forms_to=f"'self' {parts.addresses.any_tenant()}"),
        form=form,
        token=token,
        name=found.name,
        wrong=refusal.message if refusal else "",
    )


async def _opened(parts: Parts, found: SignUp, token: str) -> str | None:
    """Where the owner chooses a password; None where somebody was faster, or this process has not heard of the organization yet."""
    tenant = await _there(parts, found)
    if tenant is None or found.owner_id is None or not await parts.sign_ups.open(token):
        return None
    return await parts.links.invite(tenant, found.owner_id)


async def _there(parts: Parts, found: SignUp) -> Tenant | None:
    """The organization, once this process has heard of it."""
    if found.organization_id is None:
        return None
    await parts.registry.refresh()
    tenant = await parts.registry.by_id(found.organization_id)
    return tenant if tenant is not None and tenant.status == "active" else None


async def _confirmation(parts: Parts, request: AnyRequest, token: str, refusal: Refusal | None = None) -> Response[str]:
    try:
        found = await parts.sign_ups.of(token)
    except LinkSpent as spent:
        return _spent(request, spent)
    if found.state != "asked":
        return redirect(f"/auth/sign-up/ready?{urlencode({'token': token})}")
    form, cookies = bind_front_form(parts, request, CONFIRM_FORM)
    return page(
        request,
        "sign_up_confirmation.html",
        status=status_of(refusal) if refusal else 200,
        cookies=cookies,
        form=form,
        token=token,
        name=found.name,
        address=parts.addresses.of_slug(found.slug).partition("://")[2],
        wrong=refusal.message if refusal else "",
    )


def _form(parts: Parts, request: AnyRequest, fields: Mapping[str, str], refusal: Refusal | None = None) -> Response[str]:
    form, cookies = bind_front_form(parts, request, ASK_FORM)
    return page(
        request,
        "sign_up.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        cookies=cookies,
        form=form,
        host=parts.addresses.public_url.partition("://")[2],
        typed={name: fields.get(name, "") for name in ("name", "slug", "email", "invitation")},
        invited=parts.sign_ups.mode != "open",
        longest={"name": LONGEST_NAME, "slug": LONGEST_SLUG, "email": LONGEST_EMAIL},
        wrong=told(refusal) if refusal else "",
    )


def _closed(request: AnyRequest, refusal: Refusal) -> Response[str]:
    return page(request, "sign_up_closed.html", status=status_of(refusal), wrong=refusal.message)


def _spent(request: AnyRequest, spent: LinkSpent) -> Response[str]:
    return page(request, "sign_up_spent.html", status=status_of(spent), wrong=spent.message)


def _require_open(parts: Parts, request: AnyRequest) -> None:
    """Raises UnknownHost elsewhere than on the installation's own address, SignUpClosed where nobody may."""
    if place_of(request) is not Place.BASE:
        raise UnknownHost
    if parts.sign_ups.mode == "off":
        raise SignUpClosed
