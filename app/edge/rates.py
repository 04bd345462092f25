"""How often something may be done in a second, over all processes of all servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from app.edge.quota_tokens import Bucket, Grant, Purse

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_REMEMBERED = 20_000
REST_AFTER_FAILURE = 5.0
ANSWERS_WITHIN = 0.5

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


class SharedRates:
    """Each process takes small batches of tokens from a bucket in Redis and spends them by itself.

    While Redis is away each process has a bucket of its own: never open, never closed.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._take = redis.register_script(_TAKE)
        self._clock = clock
        self._purses: dict[UUID, _Shared] = {}
        self._resting_until = 0.0

    async def wait(self, id: UUID, key: str, rate: int) -> float:
        """0 where one token was spent, else the seconds to wait. `id`: whose tokens; `key`: of their bucket in Redis; `rate`: a second."""
        shared = self._purses.get(id)
        if shared is None or shared.purse.rate != rate:
            shared = self._remember(id, _Shared(rate))
        purse = shared.purse
        while not purse.spend(self._clock()):
            blocked = purse.wait(self._clock())
            if blocked > 0:
                return blocked
            if shared.asking is None:
                shared.asking = asyncio.create_task(self._fill(key, shared))
            await asyncio.shield(shared.asking)  # a client that goes away leaves to the others what was asked for
        return 0.0

    async def _fill(self, key: str, shared: _Shared) -> None:
        try:
            shared.purse.receive(await self._ask(key, shared), self._clock())
        finally:
            shared.asking = None

    async def _ask(self, key: str, shared: _Shared) -> Grant:
        wanted, back = shared.purse.ask()
        if self._clock() >= self._resting_until:
            try:
                async with asyncio.timeout(ANSWERS_WITHIN):  # the client's own retries would keep people waiting for seconds
                    granted, wait = await cast("Any", self._take(keys=[key], args=[shared.purse.rate, wanted, back]))
                return Grant(granted, wait / 1_000_000)
            except (RedisError, OSError, TimeoutError) as error:
                self._resting_until = self._clock() + REST_AFTER_FAILURE
                log.warning("redis does not answer; requests are counted by this process alone", reason=str(error) or type(error).__name__)
        return shared.own_bucket(self._clock()).take(wanted, back, self._clock())

    def _remember(self, id: UUID, shared: _Shared) -> _Shared:
        self._purses[id] = shared
        if len(self._purses) > MOST_REMEMBERED:
            del self._purses[next(iter(self._purses))]
        return shared


class _Shared:
    """One purse, for all requests of this process: whoever finds it empty asks, the others wait for the answer."""

    __slots__ = ("_own", "asking", "purse")

    def __init__(self, rate: int) -> None:
        self.purse = Purse(rate)
        self.asking: asyncio.Task[None] | None = None
        self._own: Bucket | None = None

    def own_bucket(self, now: float) -> Bucket:
        if self._own is None:
            self._own = Bucket.full(self.purse.rate, now)
        return self._own
