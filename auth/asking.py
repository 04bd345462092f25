"""Slowing down whoever has letters sent by typing addresses: the same for an address that is somebody's and for one that is nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth.backoff import ASKED_FOR_NAME, ASKED_FROM_ADDRESS, ASKED_OF_INSTALLATION, ASKED_OF_ORGANIZATION, Backoff
from auth.ledgers import Ledger, LocalLedger, RedisLedger, SafeLedger
from auth.limits import counted_as, name_counted, refuse
from tenants.sentences import as_sentence

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis


class Asking:
    """Every letter that is asked for is charged to whom it would go to, to where the request came from, and to the organization or installation."""

    def __init__(self, redis: Redis | None, own: Ledger | None = None) -> None:
        self._ledger: Ledger = SafeLedger(RedisLedger(redis) if redis else None, own or LocalLedger())

    async def enter(self, organization: UUID | None, what: str, name: str, address: str) -> None:
        """`organization`: whose letters they are; None: the installation's. Raises RateLimited with the seconds to wait."""
        key = f"imprint:{organization.hex if organization else 'installation'}:{what}"
        await self._charge(f"{key}:address:{counted_as(address)}", ASKED_FROM_ADDRESS, "address")
        await self._charge(f"{key}:name:{name_counted(name)}", ASKED_FOR_NAME, "name")
        await self._charge(f"{key}:all", ASKED_OF_ORGANIZATION if organization else ASKED_OF_INSTALLATION, "organization")

    async def _charge(self, key: str, rule: Backoff, by: str) -> None:
        refuse(await self._ledger.charge(key, rule), by, as_sentence("That was asked for too often."))
