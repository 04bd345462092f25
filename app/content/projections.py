"""Tables about posts that are not aggregates: how many of each author's are published."""

from __future__ import annotations

from uuid import UUID

from tenants.statements import statement
from tenants.transaction import Transaction

CHANGES = "('PostPublished', 'PostUnpublished', 'PostArchived')"

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
