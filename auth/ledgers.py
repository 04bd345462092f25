"""Where attempts are counted: in Redis for all processes at once, or in this process while Redis is away."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import structlog
from redis.exceptions import RedisError

from auth.backoff import Backoff, Count

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_COUNTED = 50_000
REST_AFTER_FAILURE = 5.0
ANSWERS_WITHIN = 0.5

Answer = TypeVar("Answer")

log = structlog.get_logger(__name__)

_CHARGE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local blocked = tonumber(redis.call('HGET', KEYS[1], 'blocked') or '0')
if now < blocked then return blocked - now end
if ARGV[1] == '0' then return 0 end
local attempts = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
local over = attempts - tonumber(ARGV[2])
if over >= 0 then
  local wait = math.min(tonumber(ARGV[3]), tonumber(ARGV[5]) * 2 ^ math.min(over, 30))
  redis.call('HSET', KEYS[1], 'blocked', string.format('%.0f', now + wait * 1000))
end
if attempts == 1 or ARGV[6] == '0' then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return 0
"""

_REFUND = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'attempts', -1)
  redis.call('HDEL', KEYS[1], 'blocked')
end
return 0
"""


class Ledger(Protocol):
    """Counts attempts by key. Waits are seconds; 0 means go on."""

    async def charge(self, key: str, rule: Backoff) -> float:
        """Count one attempt, in one step with the question whether it may be made."""

    async def wait(self, key: str, rule: Backoff) -> float: ...

    async def refund(self, key: str) -> None:
        """Take back one attempt that was charged but never looked at."""

    async def clear(self, key: str) -> None: ...


class LocalLedger:
    """This process's own counts, the least recently used forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, Count] = OrderedDict()

    async def charge(self, key: str, rule: Backoff) -> float:
        count = self._counts.setdefault(key, Count())
        self._counts.move_to_end(key)
        if len(self._counts) > MOST_COUNTED:
            self._counts.popitem(last=False)
        return count.charge(rule, self._clock())

    async def wait(self, key: str, rule: Backoff) -> float:  # noqa: ARG002 - a Redis ledger needs the rule
        count = self._counts.get(key)
        return count.wait(self._clock()) if count else 0.0

    async def refund(self, key: str) -> None:
        count = self._counts.get(key)
        if count:
            count.attempts, count.blocked_until = max(0, count.attempts - 1), 0.0

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)


class RedisLedger:
    """Counts that all processes share; each charge is one script, so two attempts never slip through together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_CHARGE)
        self._give_back = redis.register_script(_REFUND)

    async def charge(self, key: str, rule: Backoff) -> float:
        return await self._ask(key, rule, count=True)

    async def wait(self, key: str, rule: Backoff) -> float:
        return await self._ask(key, rule, count=False)

    async def refund(self, key: str) -> None:
        await cast("Any", self._give_back(keys=[key]))

    async def clear(self, key: str) -> None:
        await self._redis.delete(key)

    async def _ask(self, key: str, rule: Backoff, *, count: bool) -> float:
        milliseconds = await cast(
            "Any", self._script(keys=[key], args=[int(count), rule.free, rule.longest, rule.window, rule.first, int(rule.steady)])
        )
        return float(milliseconds) / 1000


class SafeLedger:
    """The shared counts while Redis answers, this process's own while it does not: never none at all."""

    def __init__(self, shared: Ledger | None, own: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._own = own
        self._clock = clock
        self._resting_until = 0.0

    async def charge(self, key: str, rule: Backoff) -> float:
        return await self._either(lambda ledger: ledger.charge(key, rule))

    async def wait(self, key: str, rule: Backoff) -> float:
        return await self._either(lambda ledger: ledger.wait(key, rule))

    async def refund(self, key: str) -> None:
        await self._either(lambda ledger: ledger.refund(key))

    async def clear(self, key: str) -> None:
        await self._own.clear(key)
        await self._either(lambda ledger: ledger.clear(key))

    async def _either(self, ask: Callable[[Ledger], Awaitable[Answer]]) -> Answer:
        if self._shared is not None and self._clock() >= self._resting_until:
            try:
                async with asyncio.timeout(ANSWERS_WITHIN):  # the client's own retries would keep people waiting for seconds
                    return await ask(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._resting_until = self._clock() + REST_AFTER_FAILURE
                reason = str(error) or type(error).__name__
                log.warning("redis does not answer; sign-in attempts are counted by this process alone", reason=reason)
        return await ask(self._own)
