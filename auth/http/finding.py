"""On the installation's own address: from an organization's name or an e-mail address to where people sign in."""

from __future__ import annotations

from litestar import Response, get, post

from auth.http.bodies import form_fields
from auth.http.context import AnyRequest, GivenParts, address_of, check_origin, place_of, session_principal
from auth.http.hints import with_hint
from auth.http.pages import page, policy, redirect
from auth.http.speaking import language_of
from auth.http.statuses import retry_headers, status_of
from auth.native import LONGEST_LOGIN
from auth.parts import Parts
from auth.sso.domains import domain_of
from tenants.errors import Refusal, ValidationFailed
from tenants.hosts import Place
from tenants.registry import Tenant
from tenants.resolver import UnknownHost
from tenants.slugs import tenant_slug

_FIELDS = frozenset({"organization"})


@get("/")
async def enter(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """The front door: of an organization to one's account or its login, of the installation to the question which one."""
    place = place_of(request)
    if place is Place.BASE:
        return find_page(parts, request)
    if place is Place.API:
        raise UnknownHost
    return redirect("/auth/account" if await session_principal(parts, request) else "/auth/login")


@post("/auth/find", status_code=200)
async def find_organization(request: AnyRequest, parts: GivenParts) -> Response[str]:
    """Whether an organization or a person exists is not looked up here: whatever could be one gets one answer, the rest another."""
    if place_of(request) is not Place.BASE:
        raise UnknownHost
    typed = ""
    try:
        typed = (await form_fields(request, _FIELDS)).get("organization", "").strip()
        if "@" in typed:
            return await _by_address(parts, request, typed)
        slug = tenant_slug(typed.lower())
    except ValidationFailed:
        return find_page(parts, request, typed=typed, unknown=True)
    except Refusal as refusal:
        return find_page(parts, request, typed=typed, refusal=refusal)
    return redirect(f"{parts.addresses.of_slug(slug)}/auth/login")


async def _by_address(parts: Parts, request: AnyRequest, email: str) -> Response[str]:
    """To the sign-on of the one organization that has proven the domain; else a letter tells whoever has the address where they sign in.

    Raises ValidationFailed, CrossSite, RateLimited.
    """
    check_origin(parts, request)
    domain = domain_of(email)
    if not domain or len(email) > LONGEST_LOGIN:
        raise ValidationFailed({"organization": "is no e-mail address"})
    owner = await parts.realms.owner_of(domain)
    tenant = await parts.registry.by_id(owner) if owner else None
    if tenant is not None:
        return await _onward(parts, request, tenant, email)
    await parts.front.admit("find", email, address_of(parts, request))
    await parts.front.ask_homes(email, language_of(request))
    return page(request, "homes_asked.html")


async def _onward(parts: Parts, request: AnyRequest, tenant: Tenant, email: str) -> Response[str]:
    """By a page that goes on by itself: browsers hold a form's redirects to where the form may lead, and providers are anywhere."""
    ways = [connection for connection in await parts.connections.enabled(tenant) if connection.kind in parts.modules]
    start = parts.modules[ways[0].kind].start(ways[0]) if len(ways) == 1 and ways[0].unopened is None else "/auth/login"
    there = f"{parts.addresses.of(tenant)}{with_hint(start, email)}"
    return page(request, "onward_to_organization.html", name=(await parts.policies.of(tenant)).name, there=there)


def find_page(parts: Parts, request: AnyRequest, *, typed: str = "", unknown: bool = False, refusal: Refusal | None = None) -> Response[str]:
    host = parts.addresses.public_url.partition("://")[2]
    csp = policy(forms_to=f"'self' {parts.addresses.any_tenant()}")
    return page(
        request,
        "find.html",
        status=status_of(refusal) if refusal else 200,
        headers=retry_headers(refusal) if refusal else None,
        csp=csp,
        host=host,
        typed=typed,
        unknown=unknown,
        opens=parts.sign_ups.mode == "open",
        wrong=refusal.message if refusal else "",
    )
