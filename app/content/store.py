"""Loading and saving posts. The row is the snapshot; a save that missed another's change finds no row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.content.errors import PostNotFound
from app.content.posts import Approval, Post, Status
from app.content.tables import posts
from app.content.values import Manuscript, Seo
from app.shared.recording import expect_saved
from tenants.database import Row
from tenants.errors import ValidationFailed
from tenants.statements import statement
from tenants.transaction import Transaction

LOAD = statement(
    """
    SELECT p.*,
           ARRAY(SELECT t.tag_id FROM __tenant__.post_tags t WHERE t.post_id = p.id ORDER BY t.tag_id) AS tags,
           ARRAY(SELECT e.user_id FROM __tenant__.post_editors e WHERE e.post_id = p.id ORDER BY e.position) AS editors
    FROM __tenant__.posts p WHERE p.id = :id
    """
)
_WRITTEN_ONCE = {"id", "created_at", "created_by", "author_id"}
_COLUMNS = [c.name for c in posts.c if c.name not in {"scheduled_at", "expires_at"}]
INSERT = statement(insert(posts).values({name: bindparam(name) for name in _COLUMNS}).on_conflict_do_nothing(index_elements=["slug"]))
UPDATE = statement(
    posts.update()
    .where(posts.c.id == bindparam("post_id"), posts.c.version == bindparam("loaded_version"))
    .values({name: bindparam(name) for name in _COLUMNS if name not in _WRITTEN_ONCE})
)
CLEAR_TAGS = statement("DELETE FROM __tenant__.post_tags WHERE post_id = :post_id")
ADD_TAGS = statement("INSERT INTO __tenant__.post_tags (post_id, tag_id) SELECT :post_id, unnest(CAST(:ids AS uuid[]))")
CLEAR_EDITORS = statement("DELETE FROM __tenant__.post_editors WHERE post_id = :post_id")
ADD_EDITORS = statement(
    "INSERT INTO __tenant__.post_editors (post_id, user_id, position) "
    "SELECT :post_id, u.id, u.position FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS u (id, position)"
)
UNKNOWN_USERS = statement(
    "SELECT u.id FROM unnest(CAST(:ids AS uuid[])) u (id) WHERE NOT EXISTS (SELECT FROM __tenant__.users WHERE users.id = u.id)"
)
SLUGS_LIKE = statement("SELECT slug FROM __tenant__.posts WHERE slug = :slug OR slug LIKE :pattern")


@dataclass(slots=True)
class Loaded:
    """A post as its row had it, to save against."""

    post: Post
    version: int
    tags: tuple[UUID, ...]
    editors: tuple[UUID, ...]


async def load(tx: Transaction, post_id: UUID) -> Loaded:
    """Raises PostNotFound."""
    row = await tx.connection.fetchrow(LOAD, id=post_id)
    if row is None:
        raise PostNotFound
    post = from_row(row)
    return Loaded(post, post.version, post.manuscript.tags, post.manuscript.editors)


async def save(tx: Transaction, loaded: Loaded) -> None:
    """Raises Conflict where somebody else was faster, UniqueTaken where the slug is another post's."""
    post = loaded.post
    if post.version == loaded.version:
        return
    values = _values(post, tx)
    updated = {name: value for name, value in values.items() if name not in _WRITTEN_ONCE}
    expect_saved(await tx.connection.execute(UPDATE, post_id=post.id, loaded_version=loaded.version, **updated))
    if post.manuscript.tags != loaded.tags:
        await tx.connection.execute(CLEAR_TAGS, post_id=post.id)
        await _add_tags(tx, post)
    if post.manuscript.editors != loaded.editors:
        await tx.connection.execute(CLEAR_EDITORS, post_id=post.id)
        await _add_editors(tx, post)


async def insert_new(tx: Transaction, post: Post) -> bool:
    """False where the slug is another post's: nothing was written then."""
    if not await tx.connection.execute(INSERT, **_values(post, tx)):
        return False
    await _add_tags(tx, post)
    await _add_editors(tx, post)
    return True


async def slugs_like(tx: Transaction, slug: str) -> set[str]:
    """Slugs that are this one, or this one with something behind a hyphen."""
    return {row["slug"] for row in await tx.connection.fetch(SLUGS_LIKE, slug=slug, pattern=f"{slug}-%")}


def from_row(row: Row) -> Post:
    manuscript = Manuscript(
        title=row["title"],
        slug=row["slug"],
        content=row["content"],
        excerpt=row["excerpt"],
        tags=tuple(row["tags"]),
        editors=tuple(row["editors"]),
        seo=Seo(row["seo_title"], row["seo_description"], tuple(row["seo_keywords"])),
        featured_image_url=row["featured_image_url"],
        custom_fields=row["custom_fields"],
    )
    return Post(
        id=row["id"],
        author_id=row["author_id"],
        manuscript=manuscript,
        status=Status(row["status"]),
        approval=Approval(row["approval_status"]),
        approved_by=row["approved_by"],
        approved_at=row["approved_at"],
        rejection_reason=row["rejection_reason"],
        published_at=row["published_at"],
        version=row["version"],
    )


def _values(post: Post, tx: Transaction) -> dict[str, Any]:
    text = post.manuscript
    return {
        "id": post.id,
        "created_at": tx.now,
        "updated_at": tx.now,
        "created_by": tx.cause.user_id,
        "updated_by": tx.cause.user_id,
        "version": post.version,
        "title": text.title,
        "slug": text.slug,
        "content": text.content,
        "excerpt": text.excerpt,
        "author_id": post.author,
        "status": post.status.value,
        "published_at": post.published_at,
        "seo_title": text.seo.title,
        "seo_description": text.seo.description,
        "seo_keywords": list(text.seo.keywords),
        "featured_image_url": text.featured_image_url,
        "custom_fields": text.custom_fields,
        "approval_status": post.approval.value,
        "approved_by": post.approved_by,
        "approved_at": post.approved_at,
        "rejection_reason": post.rejection_reason,
    }


async def _add_tags(tx: Transaction, post: Post) -> None:
    if post.manuscript.tags:
        await tx.connection.execute(ADD_TAGS, post_id=post.id, ids=list(post.manuscript.tags))


async def _add_editors(tx: Transaction, post: Post) -> None:
    if not post.manuscript.editors:
        return
    unknown = await tx.connection.fetch(UNKNOWN_USERS, ids=list(post.manuscript.editors))
    if unknown:
        raise ValidationFailed({"editorIds": f"names nobody of this organization: {', '.join(str(row['id']) for row in unknown)}"})
    await tx.connection.execute(ADD_EDITORS, post_id=post.id, ids=list(post.manuscript.editors))
