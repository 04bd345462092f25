"""Slowing down guests who have providers asked: an address that they typed must not become a look round somebody's network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth.backoff import PROBED_BY_LINK, PROBED_OF_ORGANIZATION
from auth.ledgers import Ledger, LocalLedger, RedisLedger, SafeLedger
from auth.limits import refuse
from tenants.sentences import as_sentence

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis

    from tenants.registry import Tenant


class Probing:
    """Each question is charged to the set-up link by which it is asked, and to the organization: many links give no more."""

    def __init__(self, redis: Redis | None, own: Ledger | None = None) -> None:
        self._ledger: Ledger = SafeLedger(RedisLedger(redis) if redis else None, own or LocalLedger())

    async def enter(self, tenant: Tenant, link_id: UUID) -> None:
        """Raises RateLimited with the seconds to wait."""
        key, why = f"imprint:{tenant.id.hex}:set-up", as_sentence("The provider was asked too often by this link.")
        refuse(await self._ledger.charge(f"{key}:link:{link_id.hex}", PROBED_BY_LINK), "set_up_link", why)
        refuse(await self._ledger.charge(f"{key}:all", PROBED_OF_ORGANIZATION), "set_up_links", why)
