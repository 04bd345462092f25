"""The connection through which somebody comes in, as a request names it."""

from __future__ import annotations

from auth.gate import Arrival
from auth.http.context import AnyRequest, address_of, correlation_of, tenant_of
from auth.parts import Parts
from auth.sso.checks import ConnectionUnavailable
from auth.sso.connections import Connection, Kind
from auth.sso.modules import UNOPENED
from tenants.errors import NotFound


async def connection_named(parts: Parts, request: AnyRequest, name: str, kind: Kind) -> Connection:
    """Raises NotFound, and ConnectionUnavailable, written down, where its secrets do not open."""
    tenant = tenant_of(request)
    try:
        connection = await parts.connections.named(tenant, name, kind)
    except NotFound:
        raise NotFound("There is no such way to sign in here. Begin again at the sign-in page, and take one that it offers.") from None
    if connection.unopened is not None:
        refusal = ConnectionUnavailable(UNOPENED)
        await parts.gate.refuse(tenant, connection, refusal, Arrival(correlation_of(request), address_of(parts, request)))
        raise refusal
    return connection
