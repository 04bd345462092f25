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

# The last key is charged, unless one of them has to wait.
_CHARGE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waits, waiting = {}, false
for place, key in ipairs(KEYS) do
  waits[place] = math.max(0, tonumber(redis.call('HGET', key, 'blocked') or '0') - now)
  waiting = waiting or waits[place] > 0
end
if waiting then return waits end
local charged = KEYS[#KEYS]
local attempts = redis.call('HINCRBY', charged, 'attempts', 1)
local over = attempts - tonumber(ARGV[1])
if over >= 0 then
  local wait = math.min(tonumber(ARGV[2]), tonumber(ARGV[4]) * 2 ^ math.min(over, 30))
  redis.call('HSET', charged, 'blocked', string.format('%.0f', now + wait * 1000))
end
if attempts == 1 or ARGV[5] == '0' then redis.call('EXPIRE', charged, ARGV[3]) end
return waits
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

    async def charge_behind(self, gate: str, key: str, rule: Backoff) -> tuple[float, float]:
        """The same of one who came through `gate`, where somebody may have to wait, too: then nothing is counted. The waits of both."""

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

    async def charge_behind(self, gate: str, key: str, rule: Backoff) -> tuple[float, float]:
        before = self._wait(gate)
        return (before, self._wait(key)) if before else (0.0, await self.charge(key, rule))

    async def refund(self, key: str) -> None:
        count = self._counts.get(key)
        if count:
            count.attempts, count.blocked_until = max(0, count.attempts - 1), 0.0

    async def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    def _wait(self, key: str) -> float:
        count = self._counts.get(key)
        return count.wait(self._clock()) if count else 0.0


class RedisLedger:
    """Counts that all processes share; each charge is one script, so two attempts never slip through together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_CHARGE)
        self._give_back = redis.register_script(_REFUND)

    async def charge(self, key: str, rule: Backoff) -> float:
        return (await self._charge([key], rule))[0]

    async def charge_behind(self, gate: str, key: str, rule: Backoff) -> tuple[float, float]:
        before, own = await self._charge([gate, key], rule)
        return before, own

    async def refund(self, key: str) -> None:
        await cast("Any", self._give_back(keys=[key]))

    async def clear(self, key: str) -> None:
        await self._redis.delete(key)

    async def _charge(self, keys: list[str], rule: Backoff) -> list[float]:
        arguments = [rule.free, rule.longest, rule.window, rule.first, int(rule.steady)]
        milliseconds = await cast("Any", self._script(keys=keys, args=arguments))
        return [each / 1000 for each in milliseconds]


class SafeLedger:
    """The shared counts while Redis answers, this process's own while it does not: never none at all."""

    def __init__(self, shared: Ledger | None, own: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = shared
        self._own = own
        self._clock = clock
        self._resting_until = 0.0

    async def charge(self, key: str, rule: Backoff) -> float:
        return await self._either(lambda ledger: ledger.charge(key, rule))

    async def charge_behind(self, gate: str, key: str, rule: Backoff) -> tuple[float, float]:
        return await self._either(lambda ledger: ledger.charge_behind(gate, key, rule))

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
