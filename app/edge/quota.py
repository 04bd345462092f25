"""How many requests an organization may make in a second."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Counter

from app.edge.rates import SharedRates
from tenants.errors import RateLimited
from tenants.registry import Tenant

if TYPE_CHECKING:
    from redis.asyncio import Redis

FILES = "/graphql/files/"
REFUSED = Counter("imprint_requests_over_quota_total", "Requests refused because their organization made too many in a second")

Refuse = Callable[[Scope, Receive, Send, RateLimited], Awaitable[None]]


class RequestQuota:
    """Of each organization with a quota, over all processes."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = SharedRates(redis, clock)

    async def admit(self, tenant: Tenant) -> None:
        """Count one request. Raises RateLimited with the seconds to wait."""
        rate = tenant.quotas.requests_per_second
        if rate is None:
            return
        wait = await self._rates.wait(tenant.id, f"imprint:{tenant.id.hex}:requests", rate)
        if wait > 0:
            REFUSED.inc()
            raise RateLimited(
                f"This organization may make {rate:,} requests a second and makes more. Wait a second, then try again; "
                "ask whoever runs this installation for a larger tier.",
                retry_after=max(1, math.ceil(wait)),
            )


def rationed(app: ASGIApp, quota: RequestQuota, refuse: Refuse) -> ASGIApp:
    """The application, for no more requests a second than their organization may make; behind whoever resolves the host."""

    def serve(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        tenant: Tenant | None = scope.get("state", {}).get("tenant")
        if tenant is None or tenant.quotas.requests_per_second is None or scope["path"].startswith(FILES):
            return app(scope, receive, send)
        return serve_one_of(tenant, scope, receive, send)

    async def serve_one_of(tenant: Tenant, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await quota.admit(tenant)
        except RateLimited as refusal:
            await refuse(scope, receive, send, refusal)
        else:
            await app(scope, receive, send)

    return serve
