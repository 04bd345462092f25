"""Work that every organization has once a day, done by one process at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from tenants.statements import statement
from workers.leases import Lease

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Listed, Registry

LEASE_SECONDS = 600.0
REST = statement("UPDATE control.leases SET holder = 'nobody', until = now() + interval '1 day' WHERE name = :name AND holder = :holder")

Visit = Callable[["Listed"], Awaitable[bool]]
"""Do some of the day's work for one organization; whether there may be more."""

log = structlog.get_logger(__name__)


class DailyRound:
    """A round a day through all active tenants, one visit a step.

    A lease keeps the round to one process. Once the round is over nobody holds the lease, but it stays taken until the
    next day; a round whose process dies begins anew elsewhere. A tenant whose visit fails has its turn again in the next round.
    """

    def __init__(self, name: str, database: Database, registry: Registry, holder: str, visit: Visit) -> None:
        self._database = database
        self._registry = registry
        self._visit = visit
        self._lease = Lease(name, holder, LEASE_SECONDS)
        self._round: deque[Listed] | None = None

    async def step(self) -> bool:
        """See to the next tenant of the day's round, beginning one if it is time; whether the round goes on."""
        async with self._database.control() as connection:
            if not await self._lease.take(connection):
                self._round = None
                return False
        if self._round is None:
            self._round = deque(tenant for tenant in await self._registry.all() if tenant.status == "active")
        if self._round and not await self._more_in(self._round[0]):
            self._round.popleft()
        if self._round:
            return True
        self._round = None
        async with self._database.control() as connection:
            await connection.execute(REST, name=self._lease.name, holder=self._lease.holder)
        return False

    async def _more_in(self, tenant: Listed) -> bool:
        """What goes wrong stays this tenant's trouble."""
        try:
            return await self._visit(tenant)
        except Exception:
            log.exception("a daily visit failed; the next round tries again", round=self._lease.name, tenant=tenant.slug)
            return False
