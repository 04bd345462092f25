"""Loading and saving tags."""

from __future__ import annotations

from collections.abc import Sequence

from app.taxonomy.tags import Tag
from tenants.database import Row
from tenants.statements import statement
from tenants.transaction import Transaction

BY_SLUG = statement("SELECT id, name, slug, version FROM __tenant__.tags WHERE slug = ANY(CAST(:slugs AS text[]))")
INSERT = statement(
    "INSERT INTO __tenant__.tags (id, name, slug, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :name, :slug, :version, :now, :now, :by, :by) ON CONFLICT (slug) DO NOTHING"
)


async def by_slug(tx: Transaction, slugs: Sequence[str]) -> dict[str, Tag]:
    return {row["slug"]: _from_row(row) for row in await tx.connection.fetch(BY_SLUG, slugs=list(slugs))}


async def insert_new(tx: Transaction, tag: Tag) -> bool:
    """False where somebody made a tag of this slug first."""
    return bool(await tx.connection.execute(INSERT, id=tag.id, name=tag.name, slug=tag.slug, version=tag.version, now=tx.now, by=tx.cause.user_id))


def _from_row(row: Row) -> Tag:
    return Tag(id=row["id"], name=row["name"], slug=row["slug"], version=row["version"])
