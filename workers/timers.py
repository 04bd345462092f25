"""Timers that are due become deliveries, and so are tried, counted, retried and shown as every event's are.

One runner at a time, by lease; should two run, the row locks keep each timer's firing single. Timers of suspended
organizations wait until they are resumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.database import repeatable
from tenants.ids import new_id
from tenants.statements import statement
from workers.leases import Lease
from workers.reactions.registry import awaited, timer_handler

if TYPE_CHECKING:
    from tenants.database import Database

LEASE_SECONDS = 10.0
BATCH = 500

CLAIM = statement(
    """
    SELECT t.id, t.kind FROM control.timers t JOIN control.organizations o ON o.role = t.role AND o.status = 'active'
    WHERE t.fired_at IS NULL AND t.due_at <= now() ORDER BY t.due_at LIMIT :batch FOR UPDATE OF t SKIP LOCKED
    """
)
FIRE = statement(
    """
    INSERT INTO control.deliveries (id, organization_id, event_id, event_type, aggregate_id, aggregate_version, correlation_id, handler, awaited)
    SELECT wanted.id, o.id, t.id, 'timer', t.subject_id, 0, wanted.correlation_id, wanted.handler,
           wanted.handler = ANY (CAST(:awaited AS text[]))
    FROM unnest(CAST(:ids AS uuid[]), CAST(:timers AS uuid[]), CAST(:correlations AS uuid[]), CAST(:handlers AS text[]))
         AS wanted (id, timer_id, correlation_id, handler)
    JOIN control.timers t ON t.id = wanted.timer_id
    JOIN control.organizations o ON o.role = t.role
    ON CONFLICT (organization_id, event_id, handler) DO NOTHING
    """
)
FIRED = statement("UPDATE control.timers SET fired_at = now() WHERE id = ANY (CAST(:timers AS uuid[]))")


class TimerRunner:
    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._lease = Lease("timers", holder, LEASE_SECONDS)

    @repeatable
    async def step(self) -> bool:
        """Renew the lease and fire what is due; whether there was anything. Does nothing while another holds the lease."""
        async with self._database.control() as connection:
            if not await self._lease.take(connection):
                return False
        async with self._database.writing(None) as connection:
            due = await connection.fetch(CLAIM, batch=BATCH)
            if due:
                timers = [row["id"] for row in due]
                ids, correlations = [new_id() for _ in due], [new_id() for _ in due]
                handlers = [timer_handler(row["kind"]) for row in due]
                await connection.execute(FIRE, ids=ids, timers=timers, correlations=correlations, handlers=handlers, awaited=awaited())
                await connection.execute(FIRED, timers=timers)
        return bool(due)

    async def stop(self) -> None:
        """Let the next one begin at once."""
        async with self._database.control() as connection:
            await self._lease.give_up(connection)
