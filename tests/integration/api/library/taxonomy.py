"""Tags, words that lead to them, and a tree of categories."""

from __future__ import annotations

from uuid import UUID

from tenants.database import Connection
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.library.when import LONG_AGO

TAG = statement(
    "INSERT INTO __tenant__.tags (id, created_at, updated_at, version, name, slug) VALUES (:id, :now, :now, 1, :name, :slug)",
)
SYNONYM = statement("INSERT INTO __tenant__.tag_synonyms (slug, tag_id, name) VALUES (:slug, :tag_id, :name)")
CATEGORY = statement(
    """
    INSERT INTO __tenant__.categories (id, created_at, updated_at, version, name, slug, parent_id, rank)
    VALUES (:id, :now, :now, 1, :name, :slug, CAST(:parent AS uuid), :rank)
    """
)


async def name_tags(connection: Connection) -> list[UUID]:
    """Two words lead to each of the first."""
    tags = [new_id() for _ in range(6)]
    for number, tag in enumerate(tags):
        await connection.execute(TAG, id=tag, now=LONG_AGO, name=f"tag {number} ünï" if number % 2 else f"Tag {number}", slug=f"tag-{number}")
    for number in range(4):
        await connection.execute(SYNONYM, slug=f"word-{number}", tag_id=tags[number // 2], name=f"Word {number % 2}")
    return tags


async def grow_categories(connection: Connection) -> list[UUID]:
    """Three at the top, each with a child, each of those with one."""
    categories: list[UUID] = []
    for number in range(9):
        parent = categories[number - 3] if number > 2 else None
        categories.append(new_id())
        name, rank = f"Heading {number % 4} ünï", (number % 2) * 7 - 3
        await connection.execute(CATEGORY, id=categories[-1], now=LONG_AGO, name=name, slug=f"heading-{number}", parent=parent, rank=rank)
    return categories
