"""Letting go of what has done its work, a little at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import app.comments.guests
import app.engagement.retention
import app.users.notices
import auth.retention
from app.api.idempotency import forget_old
from app.engagement.projections import Work
from tenants.ids import first_id_at
from tenants.statements import statement
from workers.reactions.registry import timer_handler

if TYPE_CHECKING:
    from tenants.database import Connection, Database
    from tenants.registry import Listed

ROWS = 5000
TENANT_ROWS = 1000

OLD = (
    statement("DELETE FROM control.outbox WHERE id IN (SELECT id FROM control.outbox WHERE expanded_at < now() - interval '7 days' LIMIT :rows)"),
    statement(
        "DELETE FROM control.deliveries WHERE id IN "
        "(SELECT id FROM control.deliveries WHERE state = 'done' AND done_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement("DELETE FROM control.timers WHERE id IN (SELECT id FROM control.timers WHERE fired_at < now() - interval '30 days' LIMIT :rows)"),
    statement(
        "DELETE FROM control.sign_ups WHERE id IN (SELECT id FROM control.sign_ups WHERE expires_at < now() - interval '30 days' "
        "AND state <> 'confirmed' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM control.sign_up_invitations WHERE hash IN "
        "(SELECT hash FROM control.sign_up_invitations WHERE expires_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement("DELETE FROM control.leases WHERE until < now() - interval '1 hour' AND :rows > 0"),
)
# Notes of timers whose deliveries are gone (OLD), a few days' worth each day: their ids tell when they were made.
TICKS = statement(
    """
    DELETE FROM __tenant__.handled WHERE (event_id, handler) IN (
      SELECT event_id, handler FROM __tenant__.handled
      WHERE event_id > :since AND event_id < :until AND handler = ANY (CAST(:handlers AS text[])) LIMIT :rows
    )
    """
)
TICKS_FROM, TICKS_UNTIL = timedelta(days=36), timedelta(days=31)


async def let_go_of_ticks(connection: Connection, rows: int) -> int:
    """Of timers that fire every few seconds while there is something to count: nobody asks any more whether they were handled."""
    now = datetime.now(UTC)
    handlers = [timer_handler(work) for work in Work]
    return await connection.execute(TICKS, since=first_id_at(now - TICKS_FROM), until=first_id_at(now - TICKS_UNTIL), handlers=handlers, rows=rows)


LET_GO = (auth.retention.let_go, forget_old, app.engagement.retention.let_go, app.comments.guests.let_go, app.users.notices.let_go, let_go_of_ticks)


class Retention:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """Delete up to ROWS old rows of each kind; whether there may be more."""
        async with self._database.control() as connection:
            deleted = [await connection.execute(delete, rows=ROWS) for delete in OLD]
        return max(deleted) >= ROWS


@dataclass(frozen=True, slots=True)
class TenantRetention:
    """The visit of a daily round: let go of up to TENANT_ROWS rows of each kind."""

    database: Database

    async def __call__(self, tenant: Listed) -> bool:
        async with self.database.reading(tenant.place) as connection:
            return max([await one(connection, TENANT_ROWS) for one in LET_GO]) >= TENANT_ROWS
