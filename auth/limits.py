"""Slowing down whoever guesses passwords: per name that is tried and per address, by organization."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from auth.backoff import PER_ADDRESS, PER_NAME
from auth.ledgers import Ledger, LocalLedger, RedisLedger, SafeLedger
from auth.measures import LIMITED
from auth.opaque import digest
from tenants.errors import RateLimited, RetryLater
from tenants.registry import Tenant
from tenants.sentences import as_sentence, sentence

if TYPE_CHECKING:
    from redis.asyncio import Redis


class Limits:
    """Five wrong passwords, then waits that double.

    Every attempt on a name is charged before it is looked at, so that many at once gain nothing; an address pays only
    for attempts that failed, since an office shares one.
    """

    def __init__(self, redis: Redis | None, own: Ledger | None = None) -> None:
        self._ledger: Ledger = SafeLedger(RedisLedger(redis) if redis else None, own or LocalLedger())

    async def enter(self, tenant: Tenant, name: str, address: str) -> None:
        """Raises RateLimited with the seconds to wait."""
        for_address, for_name = await self._ledger.charge_behind(_address_key(tenant, address), _name_key(tenant, name), PER_NAME)
        refuse(for_address, "address")
        refuse(for_name, "name")

    @asynccontextmanager
    async def attempt(self, tenant: Tenant, name: str, address: str, wrong: type[Exception]) -> AsyncIterator[None]:
        """One try at proving something: `wrong` is what the block raises where it was not proven. Raises RateLimited before it begins."""
        await self.enter(tenant, name, address)
        try:
            yield
        except wrong:
            await self.failed(tenant, address)
            raise
        except RetryLater:
            await self.not_looked_at(tenant, name)
            raise
        await self.succeeded(tenant, name)

    async def failed(self, tenant: Tenant, address: str) -> None:
        await self._ledger.charge(_address_key(tenant, address), PER_ADDRESS)

    async def guessed(self, tenant: Tenant, address: str) -> None:
        """A token that nobody has was tried from there. Raises RateLimited where too many were."""
        refuse(await self._ledger.charge(_address_key(tenant, address), PER_ADDRESS), "address")

    async def not_looked_at(self, tenant: Tenant, name: str) -> None:
        """The attempt came to nothing for reasons of ours; it does not count."""
        await self._ledger.refund(_name_key(tenant, name))

    async def succeeded(self, tenant: Tenant, name: str) -> None:
        await self._ledger.clear(_name_key(tenant, name))


def name_counted(login: str) -> str:
    """What an attempt is charged to: the name that was typed, whether or not it is anybody's.

    Were it the person found by that name, two names that share one count would tell that they are one person's. Somebody
    with two names grants a guesser twice the tries, which is harmless. Names are read as `Accounts.find` reads them.
    """
    return digest(login.strip().lower()).hex()[:32]


async def names_unlocked(redis: Redis, tenant: Tenant, names: Iterable[str]) -> None:
    """Forget what was charged to these names, whichever process counted it with Redis. Raises RedisError."""
    ledger = RedisLedger(redis)
    for name in names:
        await ledger.clear(_name_key(tenant, name_counted(name)))


def refuse(wait: float, by: str, why: str = as_sentence("Too many attempts did not work.")) -> None:
    """Where somebody has to wait: `wait` in seconds. Raises RateLimited."""
    if wait > 0:
        LIMITED.labels(by).inc()
        seconds = max(1, math.ceil(wait))
        one, some = as_sentence("{why} Wait 1 second, then try again."), as_sentence("{why} Wait {seconds} seconds, then try again.")
        raise RateLimited(sentence(one if seconds == 1 else some, why=as_sentence(why), seconds=seconds), retry_after=seconds)


def _name_key(tenant: Tenant, name: str) -> str:
    return f"imprint:{tenant.id.hex}:sign-in:name:{name}"


def _address_key(tenant: Tenant, address: str) -> str:
    return f"imprint:{tenant.id.hex}:sign-in:address:{counted_as(address)}"


def counted_as(address: str) -> str:
    """What a client's address is charged as. One IPv6 subscriber has a whole /64 (RFC 6177)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return digest(address).hex()[:32]
    if isinstance(parsed, IPv6Address):
        return f"{int(parsed) >> 64:016x}"
    return str(parsed)
