"""Counts of views, likes and shares: changes are written down as they come, and added up a few seconds later by a worker.

A popular post's counts are one row; were it updated by every reader's request, readers would wait for each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.engagement.values import LIKE_WEIGHT, SHARE_WEIGHT, next_day
from app.shared.erasing import erases
from tenants.statements import statement
from tenants.transaction import Transaction

BATCH = 5000
COUNT_AFTER = timedelta(seconds=2)
RANK_AFTER = timedelta(seconds=30)
FIRING = timedelta(seconds=2)
"""A timer that is due so soon may be at work already, and not see what is written now."""
LOST = timedelta(minutes=10)
"""A timer that should have fired so long ago never will: it went with an import, or its delivery is in quarantine."""


class Work(StrEnum):
    """Routine work, and the kinds of its timers."""

    COUNT = "engagement.count"
    RANK = "engagement.rank"
    RANK_DAILY = "engagement.rank_daily"


DUE = statement("SELECT due_at FROM __tenant__.pending_work WHERE name = :name")
CLAIM = statement(
    """
    INSERT INTO __tenant__.pending_work AS pending (name, due_at) VALUES (:name, :due_at)
    ON CONFLICT (name) DO UPDATE SET due_at = :due_at WHERE pending.due_at IS NULL OR pending.due_at < :lost
    """
)
GO_ON = statement("UPDATE __tenant__.pending_work SET due_at = :due_at WHERE name = :name AND due_at = :was")
REST = statement("UPDATE __tenant__.pending_work SET due_at = NULL WHERE name = :name AND due_at <= :was")
ANY_CHANGES = statement("SELECT EXISTS (SELECT FROM __tenant__.post_stat_changes)")
LOCK = statement("LOCK TABLE __tenant__.post_stat_changes IN SHARE MODE")
COUNT = statement(
    f"""
    WITH taken AS (
      DELETE FROM __tenant__.post_stat_changes
      WHERE id IN (SELECT id FROM __tenant__.post_stat_changes ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED)
      RETURNING post_id, day, views, likes, shares
    ), by_day AS (
      SELECT post_id, day, sum(views) AS views, sum(likes) AS likes, sum(shares) AS shares FROM taken GROUP BY post_id, day
    ), days AS (
      INSERT INTO __tenant__.post_stats AS had (post_id, day, view_count, like_count, share_count)
      SELECT post_id, day, views, likes, shares FROM by_day ORDER BY post_id, day
      ON CONFLICT (post_id, day) DO UPDATE SET
        view_count = had.view_count + EXCLUDED.view_count,
        like_count = had.like_count + EXCLUDED.like_count,
        share_count = had.share_count + EXCLUDED.share_count
    ), totals AS (
      INSERT INTO __tenant__.post_totals AS had (post_id, view_count, like_count, share_count, score)
      SELECT post_id, sum(views), sum(likes), sum(shares), sum(views + {LIKE_WEIGHT} * likes + {SHARE_WEIGHT} * shares)
      FROM by_day GROUP BY post_id ORDER BY post_id
      ON CONFLICT (post_id) DO UPDATE SET
        view_count = had.view_count + EXCLUDED.view_count,
        like_count = had.like_count + EXCLUDED.like_count,
        share_count = had.share_count + EXCLUDED.share_count,
        score = had.score + EXCLUDED.score
    )
    SELECT count(*) FROM taken
    """  # noqa: S608 - our own constants
)
REFRESH = statement("SELECT __tenant__.refresh_trending_posts()")
ANYTHING_TRENDS = statement("SELECT EXISTS (SELECT FROM __tenant__.trending_posts)")


# A like is taken back once by erasure, so its change may be named after it. Views and shares are nobody's after their day.
LIKES_OF = statement(
    """
    WITH taken AS (DELETE FROM __tenant__.post_likes WHERE user_id = :user_id RETURNING post_id, user_id, day)
    INSERT INTO __tenant__.post_stat_changes (id, post_id, day, views, likes, shares)
    SELECT CAST(md5(post_id::text || user_id::text) AS uuid), post_id, day, 0, -1, 0 FROM taken
    """
)
erases("likes", LIKES_OF)


async def count_soon(tx: Transaction) -> None:
    """Ask for a timer, unless one is pending. To be called after the changes are written: see `count`."""
    due: datetime | None = await tx.connection.fetchval(DUE, name=Work.COUNT)
    if due is None or due < tx.now - LOST:
        await _ask(tx, Work.COUNT, tx.now + COUNT_AFTER, lost=tx.now - LOST)


async def count(tx: Transaction, fired: datetime) -> int:
    """Add up what has come, and go on until nothing comes; how many changes that were. `fired`: when this timer was due.

    It rests only behind a lock that every writer of changes has passed: who wrote before is counted, who writes
    afterwards finds that no timer is pending.
    """
    if not await tx.connection.fetchval(ANY_CHANGES):
        await tx.connection.execute(LOCK)
        if not await tx.connection.fetchval(ANY_CHANGES):
            await tx.connection.execute(REST, name=Work.COUNT, was=fired)
            return 0
    counted: int = await tx.connection.fetchval(COUNT, batch=BATCH)
    due = tx.now if counted == BATCH else tx.now + COUNT_AFTER
    if await tx.connection.execute(GO_ON, name=Work.COUNT, due_at=due, was=fired):
        await tx.schedule(Work.COUNT, tx.tenant.id, due)
    wait = RANK_AFTER if await tx.connection.fetchval(ANYTHING_TRENDS) else timedelta(0)
    await _ask(tx, Work.RANK, tx.now + wait, lost=tx.now + FIRING)
    return counted


async def rank(tx: Transaction, fired: datetime, *, daily: bool = False) -> None:
    """Refresh what is trending, and do so again tomorrow, when everything that trends is a day older."""
    await tx.connection.execute(REFRESH)
    await tx.connection.execute(REST, name=Work.RANK_DAILY if daily else Work.RANK, was=fired)
    if await tx.connection.fetchval(ANYTHING_TRENDS):
        await _ask(tx, Work.RANK_DAILY, next_day(tx.now) + timedelta(minutes=1), lost=tx.now)


async def begin_again(tx: Transaction) -> None:
    """After a copy, whose timers were left behind."""
    for work in (Work.COUNT, Work.RANK):
        await _ask(tx, work, tx.now, lost=tx.now + timedelta(days=1))


async def _ask(tx: Transaction, work: Work, due: datetime, *, lost: datetime) -> None:
    """Of those who ask at the same moment, one gets the timer. `lost`: a timer due earlier than that counts as none."""
    if await tx.connection.execute(CLAIM, name=work, due_at=due, lost=lost):
        await tx.schedule(work, tx.tenant.id, due)
