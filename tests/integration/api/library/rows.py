"""All that is in an organization, for the reference."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.database import Database
from tenants.statements import statement
from tests.integration.api.reference.world import World
from tests.integration.conftest import House

TABLES = (
    "posts",
    "post_editors",
    "post_approvals",
    "post_slugs",
    "post_tags",
    "post_categories",
    "tags",
    "tag_synonyms",
    "categories",
    "users",
    "roles",
    "organization",
    "notifications",
    "domain_events",
    "comments",
    "sign_ins",
    "authenticators",
    "passkeys",
    "audit_entries",
    "post_likes",
    "post_totals",
    "trending_posts",
    "subscriptions",
    "identities",
    "connections",
)
EVERYTHING = {table: statement(f"SELECT * FROM __tenant__.{table}") for table in TABLES}
FOUND = statement(
    """
    SELECT s.post_id AS id, ts_rank(s.document, q.query) AS rank,
      __tenant__.marked(ts_headline('english', p.title, q.query, :whole)) AS "titleHighlighted",
      __tenant__.marked(ts_headline('english', s.body, q.query, :parts)) AS snippet
    FROM (SELECT __tenant__.search_query(:query) AS query) q, __tenant__.post_search s JOIN __tenant__.posts p ON p.id = s.post_id
    WHERE s.document @@ q.query
    """.replace(":whole", "'StartSel=\ue000, StopSel=\ue001, HighlightAll=true'").replace(
        ":parts", """'StartSel=\ue000, StopSel=\ue001, MaxFragments=2, MaxWords=24, MinWords=8, FragmentDelimiter=" … "'"""
    )
)


async def rows_of(pool: Database, house: House, *, searched: Iterable[str]) -> World:
    async with pool.reading(house.tenant.place) as connection:
        tables = {table: [dict(row.items()) for row in await connection.fetch(query)] for table, query in EVERYTHING.items()}
        found = {query: [dict(row.items()) for row in await connection.fetch(FOUND, query=query)] for query in searched}
    return World(house.tenant, tables, found)
