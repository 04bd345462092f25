"""Letting go of what has done its work, a little at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import structlog

from auth.retention import let_go
from tenants.statements import statement
from workers.leases import Lease

if TYPE_CHECKING:
    from tenants.database import Database
    from tenants.registry import Listed, Registry

ROWS = 5000
TENANT_ROWS = 1000
LEASE_SECONDS = 600.0

OLD = (
    statement("DELETE FROM control.outbox WHERE id IN (SELECT id FROM control.outbox WHERE expanded_at < now() - interval '7 days' LIMIT :rows)"),
    statement(
        "DELETE FROM control.deliveries WHERE id IN "
        "(SELECT id FROM control.deliveries WHERE state IN ('done', 'archived') AND done_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement("DELETE FROM control.timers WHERE id IN (SELECT id FROM control.timers WHERE fired_at < now() - interval '30 days' LIMIT :rows)"),
    statement("DELETE FROM control.leases WHERE until < now() - interval '1 hour' AND :rows > 0"),
)
REST = statement("UPDATE control.leases SET holder = 'nobody', until = now() + interval '1 day' WHERE name = :name AND holder = :holder")

log = structlog.get_logger(__name__)


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """Delete up to ROWS old rows of each kind; whether there may be more."""
        async with self._database.control() as connection:
            deleted = [await connection.execute(delete, rows=ROWS) for delete in OLD]
        return max(deleted) >= ROWS


class TenantRetention:
    """A round a day through all active tenants, one tenant a step, by one process at a time.

    A lease keeps the round to one process. Once the round is over nobody holds the lease, but it stays taken until the
    next day; a round whose process dies begins anew elsewhere. A tenant that fails has its turn again in the next round.
    """

    def __init__(self, database: Database, registry: Registry, holder: str) -> None:
        self._database = database
        self._registry = registry
        self._lease = Lease("tenant-retention", holder, LEASE_SECONDS)
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
        """Let go of up to TENANT_ROWS rows of each kind; whether there may be more. What goes wrong stays this tenant's trouble."""
        try:
            async with self._database.reading(tenant.place) as connection:
                return await let_go(connection, TENANT_ROWS) >= TENANT_ROWS
        except Exception:
            log.exception("what is over was not let go of; the next round tries again", tenant=tenant.slug)
            return False
