"""Counts of views, likes and shares, and who follows what."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from uuid import UUID

from tenants.database import Connection
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.library.when import LONG_AGO

TOTALS = statement(
    "INSERT INTO __tenant__.post_totals (post_id, view_count, like_count, share_count, score) "
    "VALUES (:post_id, :views, :likes, :shares, CAST(:views AS bigint) + 5 * CAST(:likes AS bigint) + 10 * CAST(:shares AS bigint))"
)
STATS = statement(
    "INSERT INTO __tenant__.post_stats (post_id, day, view_count, like_count, share_count) "
    "VALUES (:post_id, (now() AT TIME ZONE 'UTC')::date - 1, :views, :likes, :shares)"
)
LIKED = statement(
    "INSERT INTO __tenant__.post_likes (post_id, user_id, day, created_at) VALUES (:post_id, :user_id, CAST(:now AS timestamptz)::date, :now)"
)
FOLLOWED = statement(
    """
    INSERT INTO __tenant__.subscriptions (id, user_id, target, author_id, category_id, tag_id, created_at)
    VALUES (:id, :user_id, :target, CAST(:author AS uuid), CAST(:category AS uuid), CAST(:tag AS uuid), :at)
    """
)
RANK = statement("SELECT __tenant__.refresh_trending_posts()")


async def engage(connection: Connection, posts: list[UUID], users: list[UUID]) -> None:
    """Counts of posts in every state, some alike, ranked as a worker would have it."""
    chance = random.Random(9)
    for post in chance.sample(posts, 24):
        counts = {name: chance.randrange(4) for name in ("views", "likes", "shares")}
        await connection.execute(TOTALS, post_id=post, **counts)
        await connection.execute(STATS, post_id=post, **counts)
    for post, user in itertools.product(chance.sample(posts, 8), users[:3]):
        await connection.execute(LIKED, post_id=post, user_id=user, now=LONG_AGO)
    await connection.execute(RANK)


async def follow(connection: Connection, users: list[UUID], categories: list[UUID], tags: list[UUID]) -> None:
    """Some at the same moment."""
    chance, kinds = random.Random(10), {"AUTHOR": users, "CATEGORY": categories, "TAG": tags}
    for user in users[:5]:
        wanted: list[tuple[str, UUID | None]] = [(kind, one) for kind, all_ in kinds.items() for one in chance.sample(all_, 2) if one != user]
        for kind, one in [*wanted, ("ORGANIZATION", None)]:
            named = {name: one if kind == name.upper() else None for name in ("author", "category", "tag")}
            at = LONG_AGO + timedelta(minutes=chance.randrange(3))
            await connection.execute(FOLLOWED, id=new_id(), user_id=user, target=kind, at=at, **named)
