"""Letting go of what has done its work, a little at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database

ROWS = 5000

OLD = (
    statement("DELETE FROM control.outbox WHERE id IN (SELECT id FROM control.outbox WHERE expanded_at < now() - interval '7 days' LIMIT :rows)"),
    statement(
        "DELETE FROM control.deliveries WHERE id IN "
        "(SELECT id FROM control.deliveries WHERE state IN ('done', 'archived') AND done_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement("DELETE FROM control.timers WHERE id IN (SELECT id FROM control.timers WHERE fired_at < now() - interval '30 days' LIMIT :rows)"),
    statement("DELETE FROM control.leases WHERE until < now() - interval '1 hour' AND :rows > 0"),
)


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """Delete up to ROWS old rows of each kind; whether there may be more."""
        async with self._database.control() as connection:
            deleted = [await connection.execute(delete, rows=ROWS) for delete in OLD]
        return max(deleted) >= ROWS
