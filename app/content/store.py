"""Loading and saving posts. The row is the snapshot; a save that missed another's change finds no row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, bindparam, cast, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.content.errors import PostNotFound
from app.content.posts import Post
from app.content.reviews import GivenApproval
from app.content.states import Approval, Status
from app.content.tables import post_slugs, posts
from app.content.texts import beginning, reading_minutes
from app.content.values import Manuscript, Seo
from tenants.database import Row
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Transaction

PUBLISH, EXPIRE = "content.publish_post", "content.expire_post"
_WHOLE = """
    SELECT p.*,
           ARRAY(SELECT t.tag_id FROM __tenant__.post_tags t WHERE t.post_id = p.id ORDER BY t.tag_id) AS tags,
           ARRAY(SELECT c.category_id FROM __tenant__.post_categories c WHERE c.post_id = p.id ORDER BY c.category_id) AS categories,
           ARRAY(SELECT e.user_id FROM __tenant__.post_editors e WHERE e.post_id = p.id ORDER BY e.position) AS editors,
           ARRAY(SELECT a.user_id FROM __tenant__.post_approvals a WHERE a.post_id = p.id ORDER BY a.position) AS approvers,
           ARRAY(SELECT a.given_at FROM __tenant__.post_approvals a WHERE a.post_id = p.id ORDER BY a.position) AS given_at
    FROM __tenant__.posts p
"""
LOAD = statement(f"{_WHOLE} WHERE p.id = :id")
LOAD_MANY = statement(f"{_WHOLE} WHERE p.id = ANY(CAST(:ids AS uuid[]))")
_WRITTEN_ONCE = {"id", "created_at", "created_by", "author_id"}
_COLUMNS = [c.name for c in posts.c]
# A long text costs most of what a row does, on its way and in Postgres: it stays where it is while it is the same.
_OF_CONTENT = {"content", "beginning", "reading_minutes"}
_GIVEN = select(*(cast(bindparam(column.name), column.type).label(column.name) for column in posts.c))
# Slugs that nobody chose do not take over what leads to another post.
_FREE = or_(cast(bindparam("chosen"), Boolean), ~exists().where(post_slugs.c.slug == bindparam("slug")))
INSERT = statement(insert(posts).from_select(_COLUMNS, _GIVEN.where(_FREE)).on_conflict_do_nothing(index_elements=["slug"]))
_AROUND_CONTENT = [name for name in _COLUMNS if name not in _WRITTEN_ONCE | _OF_CONTENT]
_SAVE = posts.update().where(posts.c.id == bindparam("post_id"), posts.c.version == bindparam("loaded_version"))
UPDATE_AROUND_CONTENT = statement(_SAVE.values({name: bindparam(name) for name in _AROUND_CONTENT}))
UPDATE = statement(_SAVE.values({name: bindparam(name) for name in (*_AROUND_CONTENT, *sorted(_OF_CONTENT))}))
LEAVE_SLUG = statement(
    "INSERT INTO __tenant__.post_slugs (slug, post_id, left_at) VALUES (:slug, :post_id, :now) "
    "ON CONFLICT (slug) DO UPDATE SET post_id = excluded.post_id, left_at = excluded.left_at"
)
CLEAR_TAGS = statement("DELETE FROM __tenant__.post_tags WHERE post_id = :post_id")
# Holding what is linked to: whoever deletes it waits, and who comes after that finds it gone.
ADD_TAGS = statement(
    "INSERT INTO __tenant__.post_tags (post_id, tag_id) "
    "SELECT :post_id, t.id FROM __tenant__.tags t WHERE t.id = ANY(CAST(:ids AS uuid[])) FOR KEY SHARE"
)
CLEAR_CATEGORIES = statement("DELETE FROM __tenant__.post_categories WHERE post_id = :post_id")
ADD_CATEGORIES = statement(
    "INSERT INTO __tenant__.post_categories (post_id, category_id) "
    "SELECT :post_id, c.id FROM __tenant__.categories c WHERE c.id = ANY(CAST(:ids AS uuid[])) FOR KEY SHARE"
)
CLEAR_EDITORS = statement("DELETE FROM __tenant__.post_editors WHERE post_id = :post_id")
ADD_EDITORS = statement(
    "INSERT INTO __tenant__.post_editors (post_id, user_id, position) "
    "SELECT :post_id, u.id, u.position FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS u (id, position)"
)
CLEAR_APPROVALS = statement("DELETE FROM __tenant__.post_approvals WHERE post_id = :post_id")
ADD_APPROVALS = statement(
    "INSERT INTO __tenant__.post_approvals (id, post_id, user_id, given_at, position) "
    "SELECT a.id, :post_id, a.user_id, a.given_at, a.position "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[]), CAST(:moments AS timestamptz[])) "
    "WITH ORDINALITY AS a (id, user_id, given_at, position)"
)


class Overtaken(Exception):
    """The row has another version by now; nothing was written."""


@dataclass(slots=True)
class Loaded:
    """A post as its row had it, to save against."""

    post: Post
    before: Post

    @property
    def version(self) -> int:
        return self.before.version


async def load(tx: Transaction, post_id: UUID) -> Loaded:
    """Raises PostNotFound."""
    row = await tx.connection.fetchrow(LOAD, id=post_id)
    if row is None:
        raise PostNotFound
    post = from_row(row)
    return Loaded(post, replace(post, recorded=[]))


async def save(tx: Transaction, loaded: Loaded) -> None:
    """Raises Overtaken where somebody else was faster, UniqueTaken where the slug is another post's."""
    post = loaded.post
    if post.version == loaded.version:
        return
    there, wanted = loaded.before.manuscript, post.manuscript
    values = _values(post, tx)
    updated = {name: values[name] for name in _AROUND_CONTENT}
    if wanted.content != there.content:
        update, updated = UPDATE, updated | _of(wanted.content)
    else:
        update = UPDATE_AROUND_CONTENT
    if not await tx.connection.execute(update, post_id=post.id, loaded_version=loaded.version, **updated):
        raise Overtaken
    if wanted.slug != there.slug:
        await tx.connection.execute(LEAVE_SLUG, slug=there.slug, post_id=post.id, now=tx.now)
    if wanted.tags != there.tags:
        await tx.connection.execute(CLEAR_TAGS, post_id=post.id)
        await _add_tags(tx, post)
    if wanted.categories != there.categories:
        await tx.connection.execute(CLEAR_CATEGORIES, post_id=post.id)
        await _add_categories(tx, post)
    if wanted.editors != there.editors:
        await tx.connection.execute(CLEAR_EDITORS, post_id=post.id)
        await _add_editors(tx, post)
    if post.approvals != loaded.before.approvals:
        await tx.connection.execute(CLEAR_APPROVALS, post_id=post.id)
        await _add_approvals(tx, post)
    await _set_timers(tx, loaded)


async def insert_new(tx: Transaction, post: Post, *, chosen: bool) -> bool:
    """False where the slug is another post's, or was and nobody has `chosen` this one: nothing was written then."""
    if not await tx.connection.execute(INSERT, chosen=chosen, **_values(post, tx), **_of(post.manuscript.content)):
        return False
    await _add_tags(tx, post)
    await _add_categories(tx, post)
    await _add_editors(tx, post)
    return True


def from_row(row: Row) -> Post:
    manuscript = Manuscript(
        title=row["title"],
        slug=row["slug"],
        content=row["content"],
        excerpt=row["excerpt"],
        tags=tuple(row["tags"]),
        categories=tuple(row["categories"]),
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
        approvals=tuple(map(GivenApproval, row["approvers"], row["given_at"])),
        barred=tuple(row["barred"]),
        scheduled_at=row["scheduled_at"],
        published_at=row["published_at"],
        expires_at=row["expires_at"],
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
        "excerpt": text.excerpt,
        "author_id": post.author,
        "status": post.status.value,
        "scheduled_at": post.scheduled_at,
        "published_at": post.published_at,
        "expires_at": post.expires_at,
        "seo_title": text.seo.title,
        "seo_description": text.seo.description,
        "seo_keywords": list(text.seo.keywords),
        "featured_image_url": text.featured_image_url,
        "custom_fields": text.custom_fields,
        "approval_status": post.approval.value,
        "approved_by": post.approved_by,
        "approved_at": post.approved_at,
        "rejection_reason": post.rejection_reason,
        "barred": list(post.barred),
    }


def _of(content: str) -> dict[str, Any]:
    return {"content": content, "beginning": beginning(content), "reading_minutes": reading_minutes(content)}


async def _set_timers(tx: Transaction, loaded: Loaded) -> None:
    """One for each moment that is new. Those set before stay: what fires compares its moment with the post's."""
    post, before = loaded.post, loaded.before
    if post.scheduled_at and post.scheduled_at != before.scheduled_at:
        await tx.schedule(PUBLISH, post.id, post.scheduled_at)
    if post.expires_at and post.expires_at != before.expires_at:
        await tx.schedule(EXPIRE, post.id, post.expires_at)


async def _add_approvals(tx: Transaction, post: Post) -> None:
    given = post.approvals
    if given:
        people, moments = [approval.by for approval in given], [approval.at for approval in given]
        await tx.connection.execute(ADD_APPROVALS, post_id=post.id, ids=[new_id() for _ in given], people=people, moments=moments)


async def _add_tags(tx: Transaction, post: Post) -> None:
    tags = post.manuscript.tags
    if tags and await tx.connection.execute(ADD_TAGS, post_id=post.id, ids=list(tags)) != len(tags):
        raise Conflict("A tag was merged or deleted at the same moment; try again.")


async def _add_categories(tx: Transaction, post: Post) -> None:
    wanted = post.manuscript.categories
    if wanted and await tx.connection.execute(ADD_CATEGORIES, post_id=post.id, ids=list(wanted)) != len(wanted):
        raise Conflict("A category was deleted at the same moment; try again.")


async def _add_editors(tx: Transaction, post: Post) -> None:
    if post.manuscript.editors:
        await tx.connection.execute(ADD_EDITORS, post_id=post.id, ids=list(post.manuscript.editors))
