"""What the counts of views, likes and shares should be: the raw rows, less what still waits to be counted."""

# ruff: noqa: S608 - every name in these texts is our own

from __future__ import annotations

from app.engagement.values import DAYS_KEPT, LIKE_WEIGHT, SHARE_WEIGHT
from app.shared.recounts import RECOUNTS, Recount
from tenants.statements import statement
from tenants.transaction import Transaction

_TODAY = "(now() AT TIME ZONE 'UTC')::date"
_KEPT = f"day >= {_TODAY} - {DAYS_KEPT}"
_COUNTS = ("view_count", "like_count", "share_count")

IDS = statement("SELECT id FROM __tenant__.posts WHERE id > :after ORDER BY id LIMIT :batch")
# Days whose raw rows are gone are believed; likes are never let go of.
DIFFERENCES = statement(
    f"""
    WITH wanted AS (SELECT unnest(CAST(:ids AS uuid[])) AS post_id),
    counted AS (SELECT s.* FROM wanted JOIN __tenant__.post_stats s USING (post_id)),
    raw AS (
      SELECT post_id, day, sum(views) AS view_count, sum(likes) AS like_count, sum(shares) AS share_count FROM (
        SELECT post_id, day, 1 AS views, 0 AS likes, 0 AS shares FROM wanted JOIN __tenant__.post_views USING (post_id) WHERE {_KEPT}
        UNION ALL SELECT post_id, day, 0, 1, 0 FROM wanted JOIN __tenant__.post_likes USING (post_id)
        UNION ALL SELECT post_id, day, 0, 0, 1 FROM wanted JOIN __tenant__.post_shares USING (post_id) WHERE {_KEPT}
        UNION ALL SELECT post_id, day, -views, -likes, -shares FROM wanted JOIN __tenant__.post_stat_changes USING (post_id)
      ) one GROUP BY post_id, day
    ),
    days AS (
      SELECT post_id, {_KEPT} AS kept, day, field, coalesce(has, 0) AS has, coalesce(should, 0) AS should
      FROM counted FULL JOIN raw USING (post_id, day),
      LATERAL (VALUES {", ".join(f"('{name}', counted.{name}, raw.{name})" for name in _COUNTS)}) pair (field, has, should)
    ),
    summed AS (
      SELECT post_id, {", ".join(f"sum({name}) AS {name}" for name in _COUNTS)},
             sum(view_count + {LIKE_WEIGHT} * like_count + {SHARE_WEIGHT} * share_count) AS score
      FROM counted GROUP BY post_id
    ),
    totals AS (
      SELECT post_id, field, coalesce(has, 0) AS has, coalesce(should, 0) AS should
      FROM wanted LEFT JOIN __tenant__.post_totals t USING (post_id) LEFT JOIN summed USING (post_id),
      LATERAL (VALUES {", ".join(f"('{name}', t.{name}, summed.{name})" for name in (*_COUNTS, "score"))}) pair (field, has, should)
    )
    SELECT post_id AS id, 'stats.' || day || '.' || field AS field, has::bigint AS row, should::bigint AS recount FROM days
    WHERE has <> should AND (kept OR field = 'like_count')
    UNION ALL
    SELECT post_id, 'totals.' || field, has::bigint, should::bigint FROM totals WHERE has <> should
    ORDER BY 1, 2
    """
)

HOLD = statement("LOCK TABLE __tenant__.post_stats IN SHARE ROW EXCLUSIVE MODE")
# A day less than verify looks at: what is kept of the earliest may be on its way out.
_SURE = f"day > {_TODAY} - {DAYS_KEPT}"
COUNT_DAYS = statement(
    f"""
    INSERT INTO __tenant__.post_stats AS had (post_id, day, view_count, like_count, share_count)
    SELECT post_id, day, sum(views), sum(likes), sum(shares) FROM (
      SELECT post_id, day, 0 AS views, 0 AS likes, 0 AS shares FROM __tenant__.post_stats
      UNION ALL SELECT post_id, day, 1, 0, 0 FROM __tenant__.post_views WHERE {_SURE}
      UNION ALL SELECT post_id, day, 0, 1, 0 FROM __tenant__.post_likes
      UNION ALL SELECT post_id, day, 0, 0, 1 FROM __tenant__.post_shares WHERE {_SURE}
      UNION ALL SELECT post_id, day, -views, -likes, -shares FROM __tenant__.post_stat_changes
    ) one WHERE post_id IN (SELECT id FROM __tenant__.posts) GROUP BY post_id, day
    ON CONFLICT (post_id, day) DO UPDATE SET
      like_count = EXCLUDED.like_count,
      view_count = CASE WHEN EXCLUDED.{_SURE} THEN EXCLUDED.view_count ELSE had.view_count END,
      share_count = CASE WHEN EXCLUDED.{_SURE} THEN EXCLUDED.share_count ELSE had.share_count END
    """
)
FORGET_TOTALS = statement("DELETE FROM __tenant__.post_totals")
COUNT_TOTALS = statement(
    f"""
    INSERT INTO __tenant__.post_totals (post_id, view_count, like_count, share_count, score)
    SELECT post_id, {", ".join(f"sum({name})" for name in _COUNTS)}, sum(view_count + {LIKE_WEIGHT} * like_count + {SHARE_WEIGHT} * share_count)
    FROM __tenant__.post_stats GROUP BY post_id
    """
)
REFRESH = statement("SELECT __tenant__.refresh_trending_posts()")


async def count_anew(tx: Transaction) -> None:
    """Counts and totals from the raw rows, while readers go on; what waits to be counted waits on.

    Views and shares of days whose raw rows are gone, or are about to go, cannot be counted again and stay as they are.
    """
    await tx.connection.execute(HOLD)
    await tx.connection.execute(COUNT_DAYS)
    await tx.connection.execute(FORGET_TOTALS)
    await tx.connection.execute(COUNT_TOTALS)
    await tx.connection.execute(REFRESH)


RECOUNTS.append(Recount("Post", IDS, DIFFERENCES))
