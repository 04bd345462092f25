"""Tables about posts that are not aggregates: how many of each author's are published, and what search reads of them."""

from __future__ import annotations

from uuid import UUID

from tenants.chains import BATCH, BEFORE_ALL
from tenants.statements import statement
from tenants.transaction import Transaction

CHANGES = "('PostPublished', 'PostUnpublished', 'PostExpired', 'PostArchived', 'PostDeleted')"

COUNT = statement(
    """
    INSERT INTO __tenant__.publication_counts AS counted (author_id, published) VALUES (:author_id, greatest(0, CAST(:change AS integer)))
    ON CONFLICT (author_id) DO UPDATE SET published = greatest(0, counted.published + CAST(:change AS integer))
    """
)
ADOPT = statement(
    f"""
    INSERT INTO __tenant__.handled (event_id, handler)
    SELECT id, :handler FROM __tenant__.domain_events WHERE event_type IN {CHANGES} ORDER BY id
    ON CONFLICT DO NOTHING
    """  # noqa: S608 - our own constant
)
LOCK = statement("LOCK TABLE __tenant__.publication_counts IN SHARE ROW EXCLUSIVE MODE")
CLEAR = statement("DELETE FROM __tenant__.publication_counts")
RECOUNT = statement(
    f"""
    INSERT INTO __tenant__.publication_counts (author_id, published)
    SELECT CAST(event_data ->> 'author_id' AS uuid), count(*)
    FROM (
      SELECT DISTINCT ON (e.aggregate_id) e.event_type, e.event_data
      FROM __tenant__.domain_events e JOIN __tenant__.handled h ON h.event_id = e.id AND h.handler = :handler
      WHERE e.event_type IN {CHANGES} ORDER BY e.aggregate_id, e.aggregate_version DESC
    ) latest
    WHERE event_type = 'PostPublished' GROUP BY 1
    """  # noqa: S608 - our own constant
)

# A slug was left where the next event of its post names another. Of a post and a slug, the last time.
LEFT_SLUGS = """
    SELECT DISTINCT ON (post_id, slug) post_id, slug, left_at, number FROM (
      SELECT e.aggregate_id AS post_id, e.occurred_at AS left_at, e.sequence_number AS number,
             lag(name.slug) OVER (PARTITION BY e.aggregate_id ORDER BY e.aggregate_version) AS slug
      FROM __tenant__.domain_events e,
      LATERAL (SELECT coalesce(e.event_data #>> '{{manuscript,slug}}', e.event_data #>> '{{changes,slug}}') AS slug) name
      WHERE {which} e.aggregate_type = 'Post' AND e.event_type IN ('PostCreated', 'PostEdited') AND name.slug IS NOT NULL
    ) named WHERE slug IS NOT NULL ORDER BY post_id, slug, number DESC
"""
HOLD_TAGS = statement("LOCK TABLE __tenant__.tags IN SHARE MODE")
HOLD_POSTS = statement("SELECT id FROM __tenant__.posts WHERE id > :after ORDER BY id LIMIT :batch FOR NO KEY UPDATE")
INDEX = statement("SELECT __tenant__.index_posts(CAST(:ids AS uuid[]))")
HOLD_SLUGS = statement("LOCK TABLE __tenant__.post_slugs IN SHARE ROW EXCLUSIVE MODE")
FORGET_SLUGS = statement("DELETE FROM __tenant__.post_slugs")
FIND_SLUGS = statement(
    f"""
    INSERT INTO __tenant__.post_slugs (slug, post_id, left_at)
    SELECT DISTINCT ON (l.slug) l.slug, l.post_id, l.left_at FROM ({LEFT_SLUGS.format(which="")}) l
    JOIN __tenant__.posts p ON p.id = l.post_id ORDER BY l.slug, l.number DESC
    """  # noqa: S608 - our own constant
)
OTHER_LANGUAGE = statement("SELECT EXISTS (SELECT FROM __tenant__.post_search s WHERE s.configuration <> __tenant__.search_configuration()::text)")
UNLIMITED = "SET LOCAL statement_timeout = 0"


async def index_all_posts(tx: Transaction) -> None:
    """Make what search reads of every post again, from the posts themselves; whoever changes one meanwhile waits, or is waited for."""
    await tx.connection.simple(UNLIMITED)
    await tx.connection.execute(HOLD_TAGS)
    after = BEFORE_ALL
    while held := [row["id"] for row in await tx.connection.fetch(HOLD_POSTS, after=after, batch=BATCH)]:
        await tx.connection.execute(INDEX, ids=held)
        after = held[-1]


async def find_former_slugs(tx: Transaction) -> None:
    """Make anew from the events which slugs lead to posts that left them. Whoever leaves one meanwhile waits, or is waited for."""
    await tx.connection.execute(HOLD_SLUGS)
    await tx.connection.execute(FORGET_SLUGS)
    await tx.connection.execute(FIND_SLUGS)


async def follow_language(tx: Transaction) -> None:
    """The same, where posts were indexed in another language than the organization's now."""
    if await tx.connection.fetchval(OTHER_LANGUAGE):
        await index_all_posts(tx)


async def count_publication(tx: Transaction, author_id: UUID, change: int) -> None:
    """One post of this author was published (1) or taken back (-1)."""
    await tx.connection.execute(COUNT, author_id=author_id, change=change)


async def recount_publications(tx: Transaction, handler: str) -> None:
    """Count anew from the events, exactly, while the reaction called `handler` goes on counting.

    First every event so far is noted as handled, so that none of them is counted again later; then the counts are
    locked and made from what is noted. A reaction that has not written yet waits for the lock and adds its own.
    """
    await tx.connection.execute(ADOPT, handler=handler)
    await tx.connection.execute(LOCK)
    await tx.connection.execute(CLEAR)
    await tx.connection.execute(RECOUNT, handler=handler)
