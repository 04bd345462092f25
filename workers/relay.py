"""From the outbox to deliveries: who must hear of each committed event.

Rows are claimed by state, a few of each tenant at a time, so that nobody's flood is in anybody's way. An event waits
for the earlier ones of its aggregate that another relay is expanding just now. Versions decide who is claimed first, not
ids: those follow the clocks of many machines, and a turn full of events that wait for later ids would never end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.database import repeatable
from tenants.ids import new_id
from tenants.statements import statement
from workers.reactions.registry import awaited, handlers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.database import Connection, Database, Row

TENANTS_A_TURN = 200
ROWS_OF_EACH = 25

CLAIM = statement(
    """
    WITH RECURSIVE roles (role, turn) AS (
      (SELECT role, 1 FROM control.outbox WHERE expanded_at IS NULL AND role > :after ORDER BY role LIMIT 1)
      UNION ALL
      SELECT (SELECT o.role FROM control.outbox o WHERE o.expanded_at IS NULL AND o.role > r.role ORDER BY o.role LIMIT 1), r.turn + 1
      FROM roles r WHERE r.role IS NOT NULL AND r.turn < :tenants
    ), claimed AS MATERIALIZED (
      SELECT o.id, o.role, o.event_type, o.aggregate_id, o.aggregate_version
      FROM roles r CROSS JOIN LATERAL (
        SELECT * FROM control.outbox p WHERE p.role = r.role AND p.expanded_at IS NULL
        ORDER BY p.aggregate_version, p.id LIMIT :rows FOR UPDATE SKIP LOCKED
      ) o
    )
    SELECT c.id, c.role, c.event_type FROM claimed c
    WHERE NOT EXISTS (
      SELECT FROM control.outbox e
      WHERE e.role = c.role AND e.aggregate_id = c.aggregate_id AND e.aggregate_version < c.aggregate_version
        AND e.expanded_at IS NULL AND e.id NOT IN (SELECT id FROM claimed)
    )
    ORDER BY c.role, c.aggregate_version, c.id
    """
)
EXPAND = statement(
    """
    INSERT INTO control.deliveries (id, organization_id, event_id, event_type, aggregate_id, aggregate_version, correlation_id, trace, handler,
                                    awaited)
    SELECT wanted.id, t.id, o.event_id, o.event_type, o.aggregate_id, o.aggregate_version, o.correlation_id, o.trace, wanted.handler,
           wanted.handler = ANY (CAST(:awaited AS text[]))
    FROM unnest(CAST(:ids AS uuid[]), CAST(:rows AS uuid[]), CAST(:handlers AS text[])) AS wanted (id, outbox_id, handler)
    JOIN control.outbox o ON o.id = wanted.outbox_id
    JOIN control.organizations t ON t.role = o.role
    ON CONFLICT (organization_id, event_id, handler) DO NOTHING
    """
)
SOMEWHERE = statement("SELECT coalesce((SELECT role FROM control.organizations ORDER BY random() LIMIT 1), '')")
EXPANDED = statement("UPDATE control.outbox SET expanded_at = now() WHERE id = ANY (CAST(:rows AS uuid[]))")


class Relay:
    """Several may run at once; each goes round the tenants by itself, from a place of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after: str | None = None

    @repeatable
    async def step(self) -> bool:
        """Expand one round of tenants; whether there was anything."""
        async with self._database.writing(None) as connection:
            if self._after is None:
                self._after = await somewhere(connection)
            claimed = await connection.fetch(CLAIM, after=self._after, tenants=TENANTS_A_TURN, rows=ROWS_OF_EACH)
            if claimed:
                wanted = _wanted(claimed)
                if wanted:
                    ids, rows, handlers = zip(*wanted, strict=True)
                    await connection.execute(EXPAND, ids=list(ids), rows=list(rows), handlers=list(handlers), awaited=awaited())
                await connection.execute(EXPANDED, rows=[row["id"] for row in claimed])
        wrapped = self._go_on(claimed)
        return bool(claimed) or (wrapped and await self.step())

    def _go_on(self, claimed: Sequence[Row]) -> bool:
        """Begin the next round after the last tenant of this one, or at the first tenant again; whether it is that."""
        started_late, self._after = self._after != "", claimed[-1]["role"] if claimed else ""
        return started_late and not claimed


async def somewhere(connection: Connection) -> str:
    """The role of any tenant: where a relay begins, so that several do not wait for the same rows."""
    return str(await connection.fetchval(SOMEWHERE))


def _wanted(claimed: Sequence[Row]) -> list[tuple[object, object, str]]:
    """A delivery's id, the outbox row, the handler: one for each reaction to each event."""
    return [(new_id(), row["id"], handler) for row in claimed for handler in handlers_of(row["event_type"])]
