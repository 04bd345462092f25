"""Who is to hear of a post that was published: the followers of whatever it meets, each once, a batch at a time. And who no longer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tenants.statements import statement
from tenants.transaction import Transaction

BATCH = 1000
TELL_MORE = "following.tell_more"
"""The kind of the timer behind which the next batch is told."""

NOBODY = UUID(int=0)
NEWS = statement(
    """
    SELECT true FROM __tenant__.posts WHERE id = :post_id AND status = 'PUBLISHED' AND NOT EXISTS (
      SELECT FROM __tenant__.domain_events WHERE aggregate_id = :post_id AND event_type = 'PostPublished' AND occurred_at < :since
    )
    """
)
# Each branch reads as far as one batch goes along its index, whatever number of people follow. Under a category stands what is under its children.
FOLLOWERS = statement(
    """
    WITH RECURSIVE shelves (id) AS (
      SELECT category_id FROM __tenant__.post_categories WHERE post_id = :post_id
      UNION
      SELECT c.parent_id FROM shelves s JOIN __tenant__.categories c ON c.id = s.id WHERE c.parent_id IS NOT NULL
    ), followers (user_id) AS (
      (SELECT user_id FROM __tenant__.subscriptions WHERE target = 'ORGANIZATION' AND user_id > :after ORDER BY user_id LIMIT :batch)
      UNION
      (SELECT user_id FROM __tenant__.subscriptions WHERE author_id = :author_id AND user_id > :after ORDER BY user_id LIMIT :batch)
      UNION
      SELECT f.user_id FROM shelves CROSS JOIN LATERAL (
        SELECT user_id FROM __tenant__.subscriptions WHERE category_id = shelves.id AND user_id > :after ORDER BY user_id LIMIT :batch
      ) f
      UNION
      SELECT f.user_id FROM __tenant__.post_tags t CROSS JOIN LATERAL (
        SELECT user_id FROM __tenant__.subscriptions WHERE tag_id = t.tag_id AND user_id > :after ORDER BY user_id LIMIT :batch
      ) f WHERE t.post_id = :post_id
    )
    SELECT user_id FROM followers ORDER BY user_id LIMIT :batch
    """
)
LET_GO = statement(
    """
    DELETE FROM __tenant__.subscriptions s USING __tenant__.users u
    WHERE s.user_id = :user_id AND u.id = s.user_id AND u.status IN ('removed', 'erased')
    """
)
DECIDED_BY = statement("SELECT user_id FROM __tenant__.domain_events WHERE id = :id")


async def followers(tx: Transaction, post_id: UUID, author_id: UUID, after: UUID, *, since: datetime) -> list[UUID]:
    """The next batch of those who follow what the post meets now, by id.

    None where readers cannot see it any more, and where it first came out before `since`: who was told then, need not be known any more.
    """
    if not await tx.connection.fetchval(NEWS, post_id=post_id, since=since):
        return []
    return [row["user_id"] for row in await tx.connection.fetch(FOLLOWERS, post_id=post_id, author_id=author_id, after=after, batch=BATCH)]


async def decided_by(tx: Transaction, event_id: UUID | None) -> UUID | None:
    """Who did what led to something that the clock did."""
    decider: UUID | None = await tx.connection.fetchval(DECIDED_BY, id=event_id) if event_id else None
    return decider


async def let_go(tx: Transaction, user_id: UUID) -> None:
    """Somebody who has left follows nothing; whoever has come back meanwhile keeps what they follow."""
    await tx.connection.execute(LET_GO, user_id=user_id)
