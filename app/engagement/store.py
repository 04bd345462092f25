"""What is written when somebody views, likes or shares a post. Counts are not touched here: a worker adds up the changes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.engagement.values import MOST_SHARES_A_DAY, SALT_BYTES
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Transaction

POST = statement(
    """
    SELECT p.status = 'PUBLISHED' AS published,
           p.author_id = CAST(:reader AS uuid)
             OR EXISTS (SELECT FROM __tenant__.post_editors e WHERE e.post_id = p.id AND e.user_id = CAST(:reader AS uuid)) AS writes,
           (SELECT o.policies #>> '{reading,public}' FROM __tenant__.organization o) IS DISTINCT FROM 'false' AS public
    FROM __tenant__.posts p WHERE p.id = :id
    """
)
SALT = statement("SELECT salt FROM __tenant__.viewer_salts WHERE day = :day")
NEW_SALT = statement("INSERT INTO __tenant__.viewer_salts (day, salt) VALUES (:day, :salt) ON CONFLICT DO NOTHING")
VIEW = statement(
    """
    WITH first AS (
      INSERT INTO __tenant__.post_views (post_id, day, viewer) VALUES (:post_id, :day, :viewer) ON CONFLICT DO NOTHING RETURNING post_id, day
    )
    INSERT INTO __tenant__.post_stat_changes (id, post_id, day, views, likes, shares) SELECT :id, post_id, day, 1, 0, 0 FROM first
    """
)
LIKE = statement(
    """
    WITH given AS (
      INSERT INTO __tenant__.post_likes (post_id, user_id, day, created_at) VALUES (:post_id, :user_id, :day, :now)
      ON CONFLICT DO NOTHING RETURNING post_id, day
    )
    INSERT INTO __tenant__.post_stat_changes (id, post_id, day, views, likes, shares) SELECT :id, post_id, day, 0, 1, 0 FROM given
    """
)
UNLIKE = statement(
    """
    WITH taken AS (DELETE FROM __tenant__.post_likes WHERE post_id = :post_id AND user_id = :user_id RETURNING post_id, day)
    INSERT INTO __tenant__.post_stat_changes (id, post_id, day, views, likes, shares) SELECT :id, post_id, day, 0, -1, 0 FROM taken
    """
)
SHARED = statement("SELECT coalesce(max(number), 0) FROM __tenant__.post_shares WHERE day = :day AND sharer = :sharer")
SHARE = statement(
    """
    WITH shared AS (
      INSERT INTO __tenant__.post_shares (day, sharer, number, post_id, created_at) VALUES (:day, :sharer, CAST(:number AS smallint), :post_id, :now)
      ON CONFLICT DO NOTHING RETURNING post_id, day
    )
    INSERT INTO __tenant__.post_stat_changes (id, post_id, day, views, likes, shares) SELECT :id, post_id, day, 0, 0, 1 FROM shared
    """
)


@dataclass(frozen=True, slots=True)
class Post:
    """`writes`: the reader is its author or one of its editors. `public`: the organization lets everybody read."""

    published: bool
    writes: bool
    public: bool


async def post(tx: Transaction, post_id: UUID, reader: UUID | None) -> Post | None:
    row = await tx.connection.fetchrow(POST, id=post_id, reader=reader)
    return Post(row["published"], bool(row["writes"]), row["public"]) if row else None


async def salt(tx: Transaction, day: date) -> bytes:
    """What hides viewers on this day, made by whoever comes first."""
    found = await tx.connection.fetchval(SALT, day=day)
    if found is None:
        await tx.connection.execute(NEW_SALT, day=day, salt=secrets.token_bytes(SALT_BYTES))
        found = await tx.connection.fetchval(SALT, day=day)
    return bytes(found)


async def view(tx: Transaction, post_id: UUID, day: date, viewer: UUID) -> bool:
    """Whether it is this viewer's first on this day."""
    return bool(await tx.connection.execute(VIEW, post_id=post_id, day=day, viewer=viewer, id=new_id()))


async def like(tx: Transaction, post_id: UUID, user_id: UUID, day: date) -> bool:
    return bool(await tx.connection.execute(LIKE, post_id=post_id, user_id=user_id, day=day, now=tx.now, id=new_id()))


async def unlike(tx: Transaction, post_id: UUID, user_id: UUID) -> bool:
    return bool(await tx.connection.execute(UNLIKE, post_id=post_id, user_id=user_id, id=new_id()))


async def share(tx: Transaction, post_id: UUID, day: date, sharer: UUID) -> bool:
    """False where this sharer has shared as much today as one may."""
    number = await tx.connection.fetchval(SHARED, day=day, sharer=sharer)
    while number < MOST_SHARES_A_DAY:
        number += 1
        # A number that somebody else takes at the same moment is waited for, then passed by.
        if await tx.connection.execute(SHARE, day=day, sharer=sharer, number=number, post_id=post_id, now=tx.now, id=new_id()):
            return True
    return False
