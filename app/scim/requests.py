"""Who asks, how much, and what: everything that is looked at before a resource is."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from app.edge.quota_tokens import Bucket
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
MOST_REMEMBERED = 10_000
_BEARER = "bearer "


class Pace:
    """How many requests a connection may make in a second, at each process."""

    def __init__(self, rate: int = REQUESTS_A_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[UUID, Bucket] = OrderedDict()

    def keep(self, connection_id: UUID) -> None:
        """Raises RateLimited."""
        now = self._clock()
        bucket = self._buckets.setdefault(connection_id, Bucket.full(self._rate, now))
        self._buckets.move_to_end(connection_id)
        if len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
        grant = bucket.take(1, 0, now)
        if not grant.tokens:
            raise RateLimited(
                f"This connection may make {self._rate} requests a second. Wait a second, then go on.", retry_after=max(1, math.ceil(grant.wait))
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
    pace.keep(connection.id)
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
