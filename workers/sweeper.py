"""Finding what got lost: runs that never ended, messages that never arrived.

All of it on the database's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from tenants.statements import statement
from workers import metrics
from workers.backoff import NEXT_ATTEMPT

if TYPE_CHECKING:
    from tenants.database import Database
    from workers.settings import WorkerSettings

log = structlog.get_logger(__name__)

OVERDUE = statement(
    f"""
    UPDATE control.deliveries SET
      state = CASE WHEN attempts >= :attempts THEN 'quarantined' ELSE 'waiting' END,
      next_attempt_at = {NEXT_ATTEMPT}, published_at = NULL, deadline = NULL, crashed = true,
      error = 'The worker that ran this died or hung; see its log.'
    WHERE id IN (SELECT id FROM control.deliveries WHERE state = 'running' AND deadline < now() ORDER BY deadline LIMIT 1000 FOR UPDATE SKIP LOCKED)
    RETURNING id, handler, state, attempts
    """  # noqa: S608 - the formula is our own constant
)
ORPHANED = statement(
    """
    UPDATE control.deliveries SET published_at = NULL
    WHERE id IN (
      SELECT id FROM control.deliveries
      WHERE state = 'waiting' AND published_at < now() - make_interval(secs => :orphan) ORDER BY published_at LIMIT 1000 FOR UPDATE SKIP LOCKED
    )
    """
)


class Sweeper:
    def __init__(self, database: Database, settings: WorkerSettings) -> None:
        self._database = database
        self._settings = settings

    async def step(self) -> bool:
        """One look at everything; whether anything was lost."""
        limits = self._settings
        async with self._database.control() as connection:
            overdue = await connection.fetch(OVERDUE, attempts=limits.attempts, first=float(limits.first_retry), longest=float(limits.longest_retry))
            orphaned = await connection.execute(ORPHANED, orphan=float(limits.orphan_seconds))
        for row in overdue:
            log.error("delivery overdue", delivery=str(row["id"]), handler=row["handler"], attempts=row["attempts"], now=row["state"])
            metrics.DELIVERIES.labels(row["handler"], "overdue").inc()
        if orphaned:
            log.warning("deliveries swept", published_again=orphaned)
        return bool(overdue or orphaned)
