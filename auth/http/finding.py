"""On the installation's own address: from an organization's name to its login page."""

from __future__ import annotations

from litestar import Response, get, post

from auth.http.bodies import form_fields
from auth.http.context import AnyRequest, GivenParts, place_of, session_principal
from auth.http.pages import page, policy, redirect
from auth.http.statuses import status_of
from auth.parts import Parts
from tenants.errors import Refusal, ValidationFailed
from tenants.hosts import Place
from tenants.resolver import UnknownHost
from tenants.slugs import tenant_slug

_FIELDS = frozenset({"organization"})


@get("/")
async def enter(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """The front door: of an organization to one's account or its login, of the installation to the question which one."""
    place = place_of(request)
    if place is Place.BASE:
        return find_page(parts)
    if place is Place.API:
        raise UnknownHost
    return redirect("/auth/account" if await session_principal(parts, request) else "/auth/login")


@post("/auth/find", status_code=200)
async def find_organization(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whether the organization exists is not looked up here: whatever could be one is sent on, the rest gets one answer."""
    if place_of(request) is not Place.BASE:
        raise UnknownHost
    typed = ""
    try:
        typed = (await form_fields(request, _FIELDS)).get("organization", "").strip()
        slug = tenant_slug(typed.lower())
    except ValidationFailed:
        return find_page(parts, typed=typed, unknown=True)
    except Refusal as refusal:
        return find_page(parts, status=status_of(refusal), unknown=True)
    return redirect(f"{parts.addresses.of_slug(slug)}/auth/login")


def find_page(parts: Parts, *, typed: str = "", unknown: bool = False, status: int = 200) -> Response[str]:
    host = parts.addresses.public_url.partition("://")[2]
    csp = policy(forms_to=f"'self' {parts.addresses.any_tenant()}")
    return page("find.html", status=status, csp=csp, host=host, typed=typed, unknown=unknown)
