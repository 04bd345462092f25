"""What a request is known to be: at which organization's address, on whose behalf, from where.

Whoever resolves the Host calls `place_at` before any handler runs; everything else here reads what it left.
"""

from __future__ import annotations

import hmac
from typing import Any
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope

from auth.clients import client_address, network_of
from auth.cookies import read_cookie
from auth.errors import CrossSite, OutsideNetworks, unauthenticated
from auth.forms import SAFE_METHODS, form_token, from_own_site, matches
from auth.opaque import LONGEST as LONGEST_OPAQUE
from auth.opaque import digest
from auth.parts import Parts
from auth.principal import ANONYMOUS, Principal
from auth.server.api_tokens import PREFIX, organization_of
from auth.sessions import FIRST_PARTY, Device
from tenants.hosts import Place
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.resolver import Resolved, UnknownHost

AnyRequest = Request[Any, Any, Any]
GivenParts = NamedDependency[SkipValidation[Parts]]

CSRF_HEADER = "x-csrf-token"
SESSION_FORMS = "session"
_BEARER = "bearer "


def place_at(scope: Scope, resolved: Resolved) -> None:
    """Note which part of the installation, and whose, the request's host is."""
    # Never the server's own dictionary: were it shared between requests, so would be the tenant.
    scope["state"] = {**scope.get("state", {}), "place": resolved.place, "tenant": resolved.tenant}


def place_of(request: AnyRequest) -> Place:
    """Raises UnknownHost where nobody resolved the host."""
    place: Place | None = request.scope["state"].get("place")
    if place is None:
        raise UnknownHost
    return place


def tenant_of(request: AnyRequest) -> Tenant:
    """The organization at whose address this request came, or whose token it carries. Raises UnknownHost where there is none."""
    tenant: Tenant | None = request.scope["state"].get("tenant")
    if tenant is None:
        raise UnknownHost
    return tenant


def correlation_of(request: AnyRequest) -> UUID:
    """The id that ties together everything that follows from this request."""
    state = request.scope["state"]
    found = state.get("correlation_id")
    if not isinstance(found, UUID):
        found = state["correlation_id"] = new_id()
    return found


def header_of(request: AnyRequest, name: bytes) -> str | None:
    """The first header of this lower-case name, without reading all the others."""
    for given, value in request.scope["headers"]:
        if given == name:
            return value.decode("latin-1")
    return None


async def principal_of(parts: Parts, request: AnyRequest) -> Principal:
    """On whose behalf the request is made: by bearer token (RFC 6750, 2.1), else by cookie, else nobody's.

    Raises Unauthenticated for a token or session that is not good here, CrossSite for a request that changes something,
    is authenticated by cookie and does not carry the session's form token in `X-CSRF-Token`,
    OutsideNetworks where the organization does not let its people act from there. On the API's host the
    token's organization becomes the request's tenant. Asked twice, it answers from the first time.
    """
    state = request.scope["state"]
    known: Principal | None = state.get("principal")
    if known is not None:
        return known
    authorization = header_of(request, b"authorization")
    if authorization is not None:
        principal = await _by_token(parts, request, authorization)
    else:
        principal = await _by_cookie(parts, request)
        if principal is not ANONYMOUS and request.method not in SAFE_METHODS:
            check_form(parts, request, principal, request.headers.get(CSRF_HEADER))
    if principal is not ANONYMOUS:
        await check_network(parts, request)
    state["principal"] = principal
    return principal


async def session_principal(parts: Parts, request: AnyRequest) -> Principal | None:
    """Whoever the browser's session belongs to, for pages: None where it is over or there is none."""
    secret = session_secret(parts, request)
    if secret is None:
        return None
    return await parts.rights.of(tenant_of(request), digest(secret))


def session_secret(parts: Parts, request: AnyRequest) -> str | None:
    value = read_cookie(header_of(request, b"cookie") or "", parts.cookies.session)
    return value if value and len(value) <= LONGEST_OPAQUE else None


def device_secret(parts: Parts, request: AnyRequest) -> str | None:
    """What a device brings on which somebody is not asked for their second factor."""
    return read_cookie(header_of(request, b"cookie") or "", parts.cookies.device)


def session_form_token(request: AnyRequest, principal: Principal) -> str:
    """What forms and scripts of a signed-in person's pages send along with whatever changes something."""
    return form_token(tenant_of(request).key.key, SESSION_FORMS, str(principal.session_id))


def check_form(parts: Parts, request: AnyRequest, principal: Principal, given: str | None) -> None:
    """Raises CrossSite unless our own page, made for this session, sent this."""
    check_origin(parts, request)
    bound_to = str(principal.session_id or "")
    if not any(matches(key, SESSION_FORMS, bound_to, given) for key in tenant_of(request).key.all):
        raise CrossSite


def check_origin(parts: Parts, request: AnyRequest) -> None:
    """Raises CrossSite where the browser says that another site's page sent this."""
    scheme = "https" if parts.addresses.secure else "http"
    own = f"{scheme}://{request.headers.get('host', '').lower()}"
    if not from_own_site(own, request.headers.get("origin"), request.headers.get("sec-fetch-site")):
        raise CrossSite


def address_of(parts: Parts, request: AnyRequest) -> str | None:
    """The client's IP address, as far as trusted proxies tell; None behind a Unix socket."""
    client = request.scope.get("client")
    # Several lines are one list (RFC 9110, 5.3): a proxy may add its own below what the client made up.
    forwarded = ", ".join(request.headers.getall("x-forwarded-for", []))
    return client_address(client[0] if client else None, forwarded, parts.settings.trusted_proxies)


async def check_network(parts: Parts, request: AnyRequest) -> None:
    """Raises OutsideNetworks where the organization lets its people act from other networks only."""
    decided = await parts.policies.of(tenant_of(request))
    if decided.networks and not decided.reaches(address := address_of(parts, request)):
        raise OutsideNetworks(address)


def device_of(parts: Parts, request: AnyRequest, client_id: str = FIRST_PARTY) -> Device:
    agent = request.headers.get("user-agent", "")
    return Device(client_id, agent.replace("\0", ""), address_of(parts, request))


def visitor_of(parts: Parts, request: AnyRequest) -> bytes:
    """What tells readers apart who are not signed in: made of network and browser under the organization's key, and leading back to neither."""
    network, agent = network_of(address_of(parts, request)), request.headers.get("user-agent", "")
    return hmac.digest(tenant_of(request).key.key, f"visitor\0{network}\0{agent}".encode("utf-8", "replace"), "sha256")


async def _by_token(parts: Parts, request: AnyRequest, authorization: str) -> Principal:
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise unauthenticated()
    given = authorization[len(_BEARER) :].strip()
    if given.startswith(PREFIX):
        return await _by_api_token(parts, request, given)
    token = await parts.tokens.verify(given)
    tenant: Tenant | None = request.scope["state"].get("tenant")
    if tenant is None:
        tenant = await _tenant_of_token(parts, request, token.organization)
    if not parts.tokens.belongs_to(token, tenant):
        raise unauthenticated()
    principal = await parts.rights.of(tenant, token.session)
    if principal is None or principal.user_id != token.subject:
        raise unauthenticated()
    request.scope["state"]["tenant"] = tenant
    return principal


async def _by_api_token(parts: Parts, request: AnyRequest, token: str) -> Principal:
    organization = organization_of(token)
    if organization is None:
        raise unauthenticated()
    tenant: Tenant | None = request.scope["state"].get("tenant")
    if tenant is None:
        tenant = await _tenant_of_token(parts, request, organization)
    principal = await parts.api_tokens.principal(tenant, token) if tenant.id == organization else None
    if principal is None:
        raise unauthenticated()
    request.scope["state"]["tenant"] = tenant
    return principal


async def _tenant_of_token(parts: Parts, request: AnyRequest, organization: UUID) -> Tenant:
    if place_of(request) is not Place.API:
        raise UnknownHost
    try:
        return parts.resolver.open(await parts.registry.by_id(organization))
    except UnknownHost:
        raise unauthenticated() from None


async def _by_cookie(parts: Parts, request: AnyRequest) -> Principal:
    secret = session_secret(parts, request)
    tenant: Tenant | None = request.scope["state"].get("tenant")
    if secret is None or tenant is None:
        return ANONYMOUS
    principal = await parts.rights.of(tenant, digest(secret))
    if principal is None:
        raise unauthenticated()
    return principal
