"""Who asks, how much, and what: everything that is looked at before a resource is."""

from __future__ import annotations

import math
from uuid import UUID

from app.edge.rates import SharedRates
from app.scim.answers import MEDIA_TYPE
from app.scim.callers import Caller
from auth.http.bodies import json_document
from auth.http.context import AnyRequest, address_of, correlation_of, header_of, tenant_of
from auth.parts import Parts
from auth.sso.connections import Connection
from tenants.errors import RateLimited, Unauthenticated
from tenants.registry import Tenant

LARGEST = 1024 * 1024
MEDIA_TYPES = frozenset({MEDIA_TYPE, "application/json"})
REQUESTS_A_SECOND = 100
_BEARER = "bearer "


class Pace:
    """How many requests a connection may make in a second, over all processes."""

    def __init__(self, rates: SharedRates, rate: int = REQUESTS_A_SECOND) -> None:
        self._rates = rates
        self._rate = rate

    async def keep(self, tenant: Tenant, connection_id: UUID) -> None:
        """Raises RateLimited."""
        wait = await self._rates.wait(connection_id, f"imprint:{tenant.id.hex}:scim:{connection_id.hex}", self._rate)
        if wait > 0:
            raise RateLimited(
                f"This connection may make {self._rate} requests a second. Wait a second, then go on.", retry_after=max(1, math.ceil(wait))
            )


async def caller_of(parts: Parts, request: AnyRequest, pace: Pace) -> Caller:
    """By the bearer token of a connection of the organization at whose address this came. Raises Unauthenticated, RateLimited, UnknownHost."""
    tenant = tenant_of(request)
    given = header_of(request, b"authorization") or ""
    token = given[len(_BEARER) :].strip() if given[: len(_BEARER)].lower() == _BEARER else ""
    found = await parts.scim_tokens.connection_of(tenant, token) if token else None
    connection = await _connection(parts, tenant, found) if found else None
    if connection is None:
        if token:
            await parts.limits.guessed(tenant, address_of(parts, request) or "local")
        raise Unauthenticated(
            "This address takes a connection's token for provisioning, as bearer token. Make one in the console, or see whether it ended."
        )
    await pace.keep(tenant, connection.id)
    base = f"{parts.addresses.of(tenant)}/scim/v2"
    return Caller(tenant, connection, correlation_of(request), base, address_of(parts, request))


async def _connection(parts: Parts, tenant: Tenant, id: UUID) -> Connection | None:
    known = await parts.connections.by_id(tenant, id)
    if known is None:
        parts.connections.forget(tenant)  # another process may have added it a moment ago
        known = await parts.connections.by_id(tenant, id)
    return known


async def body_of(request: AnyRequest) -> object:
    """Raises InvalidRequest, TooLarge, UnsupportedMedia."""
    return await json_document(request, MEDIA_TYPES, largest=LARGEST)
