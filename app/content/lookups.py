"""What commands ask of an organization besides a post's own row: what exists, what is allowed, how much there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.content.errors import FilingNotFound
from app.content.reviews import MOST_APPROVALS, ReviewRules
from tenants.statements import statement
from tenants.transaction import Cause, Transaction

Filing = Literal["tags", "categories"]
HOLD = {
    "tags": statement("SELECT id FROM __tenant__.tags WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"),
    "categories": statement("SELECT id FROM __tenant__.categories WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE"),
}
FILED = {
    "tags": statement("SELECT DISTINCT post_id FROM __tenant__.post_tags WHERE tag_id = ANY(CAST(:ids AS uuid[])) ORDER BY post_id"),
    "categories": statement("SELECT DISTINCT post_id FROM __tenant__.post_categories WHERE category_id = ANY(CAST(:ids AS uuid[])) ORDER BY post_id"),
}
# No row of a post is smaller than 128 bytes: in a small table there is room without counting.
COUNT = statement(
    """
    SELECT latest.number AS latest, CASE
      WHEN latest.number >= CAST(:until AS bigint)
        AND pg_catalog.pg_relation_size('__tenant__.posts'::regclass) >= CAST(:fewest AS bigint) * 128
      THEN (SELECT count(*) FROM (SELECT FROM __tenant__.posts WHERE status <> 'DELETED' LIMIT CAST(:most AS bigint)) counted)
    END AS counted
    FROM (SELECT coalesce(max(sequence_number), 0) AS number FROM __tenant__.domain_events) latest
    """
)
UNKNOWN = statement(
    """
    SELECT 'editorIds' AS field, w.id FROM unnest(CAST(:people AS uuid[])) w (id)
    WHERE NOT EXISTS (SELECT FROM __tenant__.users u WHERE u.id = w.id AND u.status IN ('invited', 'active', 'suspended'))
    UNION ALL
    SELECT 'categoryIds', w.id FROM unnest(CAST(:categories AS uuid[])) w (id)
    WHERE NOT EXISTS (SELECT FROM __tenant__.categories c WHERE c.id = w.id)
    """
)
NOBODY = {"editorIds": "names nobody of this organization", "categoryIds": "names no category of this organization"}
CUSTOM_FIELDS = statement("SELECT settings -> 'customFields' FROM __tenant__.organization")
REVIEW_RULES = statement("SELECT policies -> 'posts' FROM __tenant__.organization")
LOCK = statement("LOCK TABLE __tenant__.posts IN SHARE ROW EXCLUSIVE MODE")
SLUGS_LIKE = statement(
    "SELECT slug FROM __tenant__.posts WHERE slug = :slug OR slug LIKE :pattern "
    "UNION SELECT slug FROM __tenant__.post_slugs WHERE slug = :slug OR slug LIKE :pattern"
)


# Which posts a copy finds scheduled, whose timers stayed behind; what was scheduled since has one.
LEFT_SCHEDULED = statement("SELECT id FROM __tenant__.posts WHERE status = 'SCHEDULED' AND updated_at < :since ORDER BY id")
SCHEDULED = statement(
    "SELECT id, title, scheduled_at, count(*) OVER () AS in_all FROM __tenant__.posts WHERE status = 'SCHEDULED' "
    "ORDER BY scheduled_at, id LIMIT :most"
)
LEFT_TO_EXPIRE = statement(
    "SELECT id, expires_at FROM __tenant__.posts "
    "WHERE expires_at IS NOT NULL AND status NOT IN ('EXPIRED', 'ARCHIVED', 'DELETED') AND updated_at < :since ORDER BY id"
)
DECIDED = statement(
    """
    SELECT id, correlation_id FROM __tenant__.domain_events
    WHERE aggregate_id = :post_id AND event_type IN ('PostScheduled', 'PostExpirySet')
      AND :due IN (CAST(event_data ->> 'publish_at' AS timestamptz), CAST(event_data ->> 'expires_at' AS timestamptz))
    ORDER BY aggregate_version DESC LIMIT 1
    """
)


async def decided(tx: Transaction, post_id: UUID, due: datetime) -> Cause | None:
    """The event that said what is due now, and the request that it belongs to."""
    row = await tx.connection.fetchrow(DECIDED, post_id=post_id, due=due)
    return Cause(row["correlation_id"], causation_id=row["id"]) if row else None


async def filed(tx: Transaction, under: Filing, ids: Sequence[UUID], into: UUID | None) -> list[UUID]:
    """The posts under any of these tags or categories. Until this transaction ends nobody files another one there.

    Raises FilingNotFound where there is none that they could go `into`.
    """
    held = {row["id"] for row in await tx.connection.fetch(HOLD[under], ids=[*ids, *({into} - {None})])}
    if into is not None and into not in held:
        raise FilingNotFound
    return [row["post_id"] for row in await tx.connection.fetch(FILED[under], ids=list(ids))]


async def counted(tx: Transaction, *, most: int, fewest: int = 0, until: int = 0) -> tuple[int | None, int]:
    """How many posts there are besides deleted ones, `most` at most, and the number of the latest event.

    None where there are clearly less than the fewest that matter, or where that event comes before `until`.
    """
    row = await tx.connection.fetchrow(COUNT, most=most, fewest=fewest, until=until)
    return (row["counted"], row["latest"]) if row else (None, 0)


async def unknown(tx: Transaction, people: Sequence[UUID], categories: Sequence[UUID]) -> dict[str, str]:
    """What is wrong with ids of editors and categories, by field of the API."""
    if not people and not categories:
        return {}
    found: dict[str, list[str]] = {}
    for row in await tx.connection.fetch(UNKNOWN, people=list(people), categories=list(categories)):
        found.setdefault(row["field"], []).append(str(row["id"]))
    return {field: f"{NOBODY[field]}: {', '.join(ids)}" for field, ids in found.items()}


async def schema_of_custom_fields(tx: Transaction) -> Any:
    """The JSON Schema that the organization has for them, None where it has none."""
    return await tx.connection.fetchval(CUSTOM_FIELDS)


async def review_rules(tx: Transaction) -> ReviewRules:
    """As the organization has them now."""
    rules = await tx.connection.fetchval(REVIEW_RULES) or {}
    approvals = rules.get("approvals", 1)
    wanted = min(max(approvals, 1), MOST_APPROVALS) if isinstance(approvals, int) else 1
    return ReviewRules(wanted, self_approval=rules.get("selfApproval") is True)


async def nobody_else_writes(tx: Transaction) -> None:
    """Until this transaction ends."""
    await tx.connection.execute(LOCK)


async def slugs_like(tx: Transaction, slug: str) -> set[str]:
    """Slugs that are or were this one, or this one with something behind a hyphen."""
    return {row["slug"] for row in await tx.connection.fetch(SLUGS_LIKE, slug=slug, pattern=f"{slug}-%")}
