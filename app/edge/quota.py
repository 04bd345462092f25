"""How many requests an organization may make in a second, over all processes of all servers."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import Counter
from redis.exceptions import RedisError

from app.edge.quota_tokens import Bucket, Grant, Purse
from tenants.errors import RateLimited
from tenants.registry import Tenant

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_REMEMBERED = 20_000
REST_AFTER_FAILURE = 5.0
ANSWERS_WITHIN = 0.5
FILES = "/graphql/files/"
REFUSED = Counter("imprint_requests_over_quota_total", "Requests refused because their organization made too many in a second")

Refuse = Callable[[Scope, Receive, Send, RateLimited], Awaitable[None]]

log = structlog.get_logger(__name__)

# As Bucket.take; what nobody has asked for since it was full is forgotten.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, wanted, back = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = rate
if held[1] then level = math.min(rate, held[1] + math.max(0, now - held[2]) * rate / 1000000 + back) end
local granted = math.min(wanted, math.floor(level))
level = level - granted
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], 2000)
if granted > 0 then return {granted, 0} end
return {0, math.ceil((1 - level) / rate * 1000000)}
"""


class RequestQuota:
    """Each process takes small batches of an organization's tokens from a bucket in Redis and spends them by itself.

    While Redis is away each process has a bucket of its own: never open, never closed.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._take = redis.register_script(_TAKE)
        self._clock = clock
        self._purses: dict[UUID, _Shared] = {}
        self._resting_until = 0.0

    async def admit(self, tenant: Tenant) -> None:
        """Count one request. Raises RateLimited with the seconds to wait."""
        rate = tenant.quotas.requests_per_second
        if rate is None:
            return
        shared = self._purses.get(tenant.id)
        if shared is None or shared.purse.rate != rate:
            shared = self._remember(tenant.id, _Shared(rate))
        purse = shared.purse
        while not purse.spend(self._clock()):
            self._refuse_if_blocked(purse)
            if shared.asking is None:
                shared.asking = asyncio.create_task(self._fill(tenant.id, shared))
            await asyncio.shield(shared.asking)  # a client that goes away leaves to the others what was asked for

    def _refuse_if_blocked(self, purse: Purse) -> None:
        wait = purse.wait(self._clock())
        if wait > 0:
            REFUSED.inc()
            raise RateLimited(
                f"This organization may make {purse.rate:,} requests a second and makes more. Wait a second, then try again; "
                "ask whoever runs this installation for a larger tier.",
                retry_after=max(1, math.ceil(wait)),
            )

    async def _fill(self, organization: UUID, shared: _Shared) -> None:
        try:
            shared.purse.receive(await self._ask(organization, shared), self._clock())
        finally:
            shared.asking = None

    async def _ask(self, organization: UUID, shared: _Shared) -> Grant:
        wanted, back = shared.purse.ask()
        if self._clock() >= self._resting_until:
            try:
                async with asyncio.timeout(ANSWERS_WITHIN):  # the client's own retries would keep people waiting for seconds
                    granted, wait = await cast(
                        "Any", self._take(keys=[f"imprint:{organization.hex}:requests"], args=[shared.purse.rate, wanted, back])
                    )
                return Grant(granted, wait / 1_000_000)
            except (RedisError, OSError, TimeoutError) as error:
                self._resting_until = self._clock() + REST_AFTER_FAILURE
                log.warning("redis does not answer; requests are counted by this process alone", reason=str(error) or type(error).__name__)
        return shared.own_bucket(self._clock()).take(wanted, back, self._clock())

    def _remember(self, organization: UUID, shared: _Shared) -> _Shared:
        self._purses[organization] = shared
        if len(self._purses) > MOST_REMEMBERED:
            del self._purses[next(iter(self._purses))]
        return shared


class _Shared:
    """One organization's purse, for all requests of this process: whoever finds it empty asks, the others wait for the answer."""

    __slots__ = ("_own", "asking", "purse")

    def __init__(self, rate: int) -> None:
        self.purse = Purse(rate)
        self.asking: asyncio.Task[None] | None = None
        self._own: Bucket | None = None

    def own_bucket(self, now: float) -> Bucket:
        if self._own is None:
            self._own = Bucket.full(self.purse.rate, now)
        return self._own


def rationed(app: ASGIApp, quota: RequestQuota, refuse: Refuse) -> ASGIApp:
    """The application, for no more requests a second than their organization may make; behind whoever resolves the host."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        tenant: Tenant | None = scope.get("state", {}).get("tenant")
        if tenant is not None and tenant.quotas.requests_per_second is not None and not scope["path"].startswith(FILES):
            try:
                await quota.admit(tenant)
            except RateLimited as refusal:
                await refuse(scope, receive, send, refusal)
                return
        await app(scope, receive, send)

    return serve
