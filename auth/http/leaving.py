"""Where a browser goes on to when somebody has signed out who came through a provider: their session there ends, too."""

from __future__ import annotations

from litestar import Response
from litestar.datastructures import Cookie

from auth.http.branding import branded
from auth.http.context import AnyRequest, tenant_of
from auth.http.handover import handed_over, module_of
from auth.oidc.module import OidcModule
from auth.opaque import digest
from auth.parts import Parts
from auth.sessions import Origin
from auth.sso.connections import Connection

SIGNED_OUT = "/auth/login?signed-out"
LOGOUT = "saml_logout"
ANSWERED_WITHIN = 600


async def on_to_provider(parts: Parts, request: AnyRequest, origin: Origin | None, cookies: tuple[Cookie, ...]) -> Response[str] | None:
    """None where there is no provider, or none that can be asked."""
    connection = await parts.connections.by_id(tenant_of(request), origin.connection_id) if origin else None
    if origin is None or connection is None or not connection.enabled:
        return None
    if connection.kind == "saml":
        return await _saml(parts, request, connection, origin, cookies)
    module = parts.modules.get(connection.kind)
    if isinstance(module, OidcModule):
        back = parts.addresses.of(tenant_of(request)) + SIGNED_OUT
        there = await module.relying_party(tenant_of(request), connection).logout_address(back)
        return await _page(parts, request, connection, there, cookies) if there else None
    return None


async def _saml(parts: Parts, request: AnyRequest, connection: Connection, origin: Origin, cookies: tuple[Cookie, ...]) -> Response[str] | None:
    tenant = tenant_of(request)
    said = await parts.linked.said(tenant, connection.id, origin.user_id)
    session = said.get("provider_session")
    # Only the last sign-in's name is kept whole; of others only the hash, with which nobody can be named to the provider.
    if not isinstance(session, str) or digest(session) != origin.provider_hash:
        return None
    number = await parts.handles.keep(tenant, LOGOUT, {"connection": connection.name}, seconds=ANSWERED_WITHIN)
    sent = module_of(parts).sign_out(tenant, connection, number, session)
    if sent is None:
        return None
    if sent.fields:
        return await handed_over(parts, request, connection, sent, cookies)
    return await _page(parts, request, connection, sent.url, cookies)


async def _page(parts: Parts, request: AnyRequest, connection: Connection, there: str, cookies: tuple[Cookie, ...]) -> Response[str]:
    """A page that goes on by itself: after a form browsers follow no redirect to an address that the form's page has not named."""
    return await branded(parts, request, "leaving.html", cookies=cookies, label=connection.label, url=there)
