"""Loading and saving tags and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from app.shared.recording import expect_saved
from app.taxonomy.categories import Category
from app.taxonomy.tags import Tag
from app.taxonomy.tree import Tree
from app.taxonomy.values import Label, TagName
from tenants.database import Row
from tenants.statements import statement
from tenants.transaction import Transaction

LOCKS = {
    "tags": statement("LOCK TABLE __tenant__.tags IN SHARE ROW EXCLUSIVE MODE"),
    "categories": statement("LOCK TABLE __tenant__.categories IN SHARE ROW EXCLUSIVE MODE"),
}
_TAG = """
    t.*,
    ARRAY(SELECT s.slug FROM __tenant__.tag_synonyms s WHERE s.tag_id = t.id ORDER BY s.slug COLLATE "C") AS synonym_slugs,
    ARRAY(SELECT s.name FROM __tenant__.tag_synonyms s WHERE s.tag_id = t.id ORDER BY s.slug COLLATE "C") AS synonym_names
"""
LOAD_TAG = statement(f"SELECT {_TAG} FROM __tenant__.tags t WHERE t.id = :id")  # noqa: S608 - our own constants
TAGS = statement(f"SELECT {_TAG} FROM __tenant__.tags t WHERE t.id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 - our own constants
BY_WORD = statement(
    f"""
    SELECT t.slug AS word, {_TAG} FROM __tenant__.tags t WHERE t.slug = ANY(CAST(:slugs AS text[]))
    UNION ALL
    SELECT w.slug AS word, {_TAG} FROM __tenant__.tag_synonyms w JOIN __tenant__.tags t ON t.id = w.tag_id WHERE w.slug = ANY(CAST(:slugs AS text[]))
    """  # noqa: S608 - our own constants
)
INSERT_TAG = statement(
    """
    INSERT INTO __tenant__.tags (id, name, slug, version, created_at, updated_at, created_by, updated_by)
    SELECT :id, :name, CAST(:slug AS text), :version, :now, :now, :by, :by
    WHERE NOT EXISTS (SELECT FROM __tenant__.tag_synonyms s WHERE s.slug = CAST(:slug AS text))
    ON CONFLICT (slug) DO NOTHING
    """
)
UPDATE_TAG = statement(
    "UPDATE __tenant__.tags SET name = :name, slug = :slug, version = :version, updated_at = :now, updated_by = :by "
    "WHERE id = :id AND version = :loaded_version"
)
DELETE_TAG = statement("DELETE FROM __tenant__.tags WHERE id = :id AND version = :loaded_version")
CLEAR_SYNONYMS = statement("DELETE FROM __tenant__.tag_synonyms WHERE tag_id = :id")
ADD_SYNONYMS = statement(
    "INSERT INTO __tenant__.tag_synonyms (slug, tag_id, name) "
    "SELECT w.slug, :id, w.name FROM unnest(CAST(:slugs AS text[]), CAST(:names AS text[])) w (slug, name)"
)

CATEGORIES = statement("SELECT * FROM __tenant__.categories")
MANY_CATEGORIES = statement("SELECT * FROM __tenant__.categories WHERE id = ANY(CAST(:ids AS uuid[]))")
INSERT_CATEGORY = statement(
    "INSERT INTO __tenant__.categories (id, name, slug, description, parent_id, rank, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :name, :slug, :description, :parent_id, :rank, :version, :now, :now, :by, :by)"
)
UPDATE_CATEGORY = statement(
    "UPDATE __tenant__.categories SET name = :name, slug = :slug, description = :description, parent_id = :parent_id, rank = :rank, "
    "version = :version, updated_at = :now, updated_by = :by WHERE id = :id AND version = :loaded_version"
)
DELETE_CATEGORY = statement("DELETE FROM __tenant__.categories WHERE id = :id AND version = :loaded_version")


async def load_tag(tx: Transaction, tag_id: UUID) -> Tag | None:
    row = await tx.connection.fetchrow(LOAD_TAG, id=tag_id)
    return tag_from_row(row) if row else None


async def tags_by_word(tx: Transaction, slugs: Sequence[str]) -> dict[str, Tag]:
    """For each of the slugs that is a tag's or a synonym's, its tag. A tag that several lead to is one object."""
    rows = await tx.connection.fetch(BY_WORD, slugs=list(slugs))
    tags = {row["id"]: tag_from_row(row) for row in rows}
    return {row["word"]: tags[row["id"]] for row in rows}


async def insert_tag(tx: Transaction, tag: Tag) -> bool:
    """False where its slug led to a tag first."""
    return bool(
        await tx.connection.execute(INSERT_TAG, id=tag.id, name=tag.name, slug=tag.slug, version=tag.version, now=tx.now, by=tx.cause.user_id)
    )


async def nobody_else_orders(tx: Transaction, what: Literal["tags", "categories"]) -> None:
    """Until this transaction ends; those who make a tag wait, and see then which words are taken."""
    await tx.connection.execute(LOCKS[what])


async def save_tag(tx: Transaction, tag: Tag, loaded_version: int) -> None:
    """Raises Conflict where somebody else was faster."""
    if tag.version == loaded_version:
        return
    rows = await tx.connection.execute(
        UPDATE_TAG, id=tag.id, loaded_version=loaded_version, name=tag.name, slug=tag.slug, version=tag.version, now=tx.now, by=tx.cause.user_id
    )
    expect_saved(rows, tag)
    await tx.connection.execute(CLEAR_SYNONYMS, id=tag.id)
    words = tag.synonyms
    await tx.connection.execute(ADD_SYNONYMS, id=tag.id, slugs=[word.slug for word in words], names=[word.name for word in words])


async def delete_tag(tx: Transaction, tag: Tag) -> None:
    """With its synonyms. Raises Conflict."""
    expect_saved(await tx.connection.execute(DELETE_TAG, id=tag.id, loaded_version=tag.version - len(tag.recorded)), tag)


async def tree_alone(tx: Transaction) -> Tree:
    """All categories. Nobody else changes any of them until this transaction ends."""
    await nobody_else_orders(tx, "categories")
    return Tree.of([category_from_row(row) for row in await tx.connection.fetch(CATEGORIES)])


async def insert_category(tx: Transaction, category: Category) -> None:
    await tx.connection.execute(INSERT_CATEGORY, id=category.id, **_state(category, tx))


async def save_categories(tx: Transaction, tree: Tree) -> None:
    """What is gone goes last, the deepest first, when nobody stands under it any more. Raises Conflict."""
    for category in sorted(tree.touched(), key=lambda category: (category.gone, -tree.depth(category.id) if category.gone else 0)):
        loaded_version = category.version - len(category.recorded)
        if category.gone:
            expect_saved(await tx.connection.execute(DELETE_CATEGORY, id=category.id, loaded_version=loaded_version), category)
        else:
            expect_saved(
                await tx.connection.execute(UPDATE_CATEGORY, id=category.id, loaded_version=loaded_version, **_state(category, tx)), category
            )


def _state(category: Category, tx: Transaction) -> dict[str, object]:
    label = category.label
    return {
        "name": label.name,
        "slug": label.slug,
        "description": label.description,
        "parent_id": category.parent_id,
        "rank": category.rank,
        "version": category.version,
        "now": tx.now,
        "by": tx.cause.user_id,
    }


def category_from_row(row: Row) -> Category:
    label = Label(row["name"], row["slug"], row["description"])
    return Category(row["id"], label, row["parent_id"], row["rank"], version=row["version"])


def tag_from_row(row: Row) -> Tag:
    words = tuple(TagName(name, slug) for name, slug in zip(row["synonym_names"], row["synonym_slugs"], strict=True))
    return Tag(row["id"], row["name"], row["slug"], row["version"], words)
