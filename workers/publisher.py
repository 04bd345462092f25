"""From deliveries to Dramatiq: what is due is put on the queue, few at a time and one tenant after the other.

Only the first unfinished delivery of an aggregate and handler is published, which keeps each aggregate's order. What is
on its way is bounded, in all and for each tenant, so a queue is never longer than workers empty in a moment. What somebody
sits and waits for (a link for a new password) is taken before the rest and finds some room of its own. Of those whose
worker died, one is tried at a time: the one that kills workers must not take the others along again and again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import redis
import structlog

from tenants.errors import RetryLater
from tenants.statements import Statement, statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.database import Connection, Database, Row
    from workers.broker import Broker
    from workers.settings import WorkerSettings

SILENT = "Redis does not answer; deliveries wait in Postgres."

log = structlog.get_logger(__name__)


def _take(which: str) -> Statement:
    """Deliveries of one kind: `which` is a condition on a row of them."""
    return statement(
        f"""
    WITH RECURSIVE in_flight AS (
      SELECT organization_id, count(*) AS number FROM control.deliveries
      WHERE state IN ('waiting', 'running') AND published_at IS NOT NULL GROUP BY organization_id
    ), suspect AS (
      SELECT EXISTS (SELECT FROM control.deliveries WHERE state IN ('waiting', 'running') AND published_at IS NOT NULL AND crashed) AS busy
    ), tenants (id) AS (
      (SELECT organization_id FROM control.deliveries WHERE {which} AND state = 'waiting' AND published_at IS NULL ORDER BY organization_id LIMIT 1)
      UNION ALL
      SELECT (SELECT d.organization_id FROM control.deliveries d
              WHERE {which} AND d.state = 'waiting' AND d.published_at IS NULL AND d.organization_id > t.id ORDER BY d.organization_id LIMIT 1)
      FROM tenants t WHERE t.id IS NOT NULL
    ), due AS (
      SELECT d.id, coalesce(f.number, 0) + row_number() OVER (PARTITION BY t.id ORDER BY d.next_attempt_at, d.id) AS turn,
             d.crashed AND row_number() OVER (PARTITION BY d.crashed ORDER BY d.next_attempt_at, d.id) > 1 AS must_wait
      FROM tenants t
      JOIN control.organizations o ON o.id = t.id AND o.status = 'active'
      LEFT JOIN in_flight f ON f.organization_id = t.id
      CROSS JOIN LATERAL (
        SELECT c.id, c.next_attempt_at, c.crashed FROM control.deliveries c
        WHERE {which} AND c.organization_id = t.id AND c.state = 'waiting' AND c.published_at IS NULL AND c.next_attempt_at <= now()
          AND NOT (c.crashed AND (SELECT busy FROM suspect))
          AND NOT EXISTS (
            SELECT FROM control.deliveries e
            WHERE e.organization_id = t.id AND e.aggregate_id = c.aggregate_id AND e.handler = c.handler
              AND e.aggregate_version < c.aggregate_version AND e.state IN ('waiting', 'running')
          )
        ORDER BY c.next_attempt_at, c.id
        LIMIT greatest(0, CAST(:share AS bigint) - coalesce(f.number, 0)) FOR UPDATE SKIP LOCKED
      ) d
    ), chosen AS (
      SELECT id, turn FROM due WHERE NOT must_wait ORDER BY turn
      LIMIT greatest(0, CAST(:window AS bigint) - (SELECT CAST(coalesce(sum(number), 0) AS bigint) FROM in_flight))
    )
    UPDATE control.deliveries d SET published_at = now() FROM chosen WHERE d.id = chosen.id
    RETURNING d.id, d.organization_id, d.event_id, d.handler, chosen.turn
    """  # noqa: S608 - the conditions are our own constants
    )


TAKE_AWAITED = _take("awaited")
TAKE_OTHERS = _take("NOT awaited")
TAKE_BACK = statement(
    "UPDATE control.deliveries SET published_at = NULL WHERE id = ANY (CAST(:ids AS uuid[])) AND state = 'waiting'",
)


class Publisher:
    """Marks first, then publishes: one killed in between leaves messages that the sweeper finds missing."""

    def __init__(self, database: Database, broker: Broker, settings: WorkerSettings) -> None:
        self._database = database
        self._broker = broker
        self._settings = settings

    async def step(self) -> bool:
        """Publish what is due and fits; whether there was anything. Raises RetryLater where Redis does not answer.

        While nobody empties the queue, the sweeper takes its messages for lost: a full queue gets no second copy of them.
        """
        if await asyncio.to_thread(self._waiting) >= self._settings.window:
            return False
        async with self._database.control() as connection:
            taken = await self._taken(connection)
        unpublished = await asyncio.to_thread(self._publish, taken)
        if unpublished:
            async with self._database.control() as connection:
                await connection.execute(TAKE_BACK, ids=[row["id"] for row in unpublished])
            raise RetryLater(SILENT)
        return bool(taken)

    async def _taken(self, connection: Connection) -> list[Row]:
        """In the order in which they go."""
        limits = self._settings
        awaited = await connection.fetch(TAKE_AWAITED, share=limits.awaited_share, window=limits.awaited_window)
        others = await connection.fetch(TAKE_OTHERS, share=limits.share, window=limits.window)
        return [row for taken in (awaited, others) for row in sorted(taken, key=lambda row: int(row["turn"]))]

    def _waiting(self) -> int:
        try:
            return self._broker.waiting()
        except redis.RedisError as error:
            raise RetryLater(SILENT) from error

    def _publish(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Returns those that Redis did not take."""
        for position, row in enumerate(rows):
            try:
                self._broker.publish(row["id"], row["organization_id"], row["event_id"], row["handler"])
            except redis.RedisError as error:
                log.warning("publishing postponed", reason=str(error), deliveries=len(rows) - position)
                return rows[position:]
        return []
