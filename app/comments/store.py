"""Loading and saving comments, and what decides about a new one: the post, the organization's policy, what the person wrote before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam

from app.comments.comments import Comment
from app.comments.errors import CommentNotFound
from app.comments.events import Subject
from app.comments.sealing import Signature
from app.comments.tables import comments
from app.comments.values import AT_ONCE, MOST_AT_ONCE, Moderation, Status, Waiting
from app.shared.recording import expect_saved
from tenants.database import Row
from tenants.statements import statement
from tenants.transaction import Transaction

_WRITTEN_ONCE = {"id", "created_at", "created_by", "post_id", "parent_id", "depth"}
_COLUMNS = [column.name for column in comments.c]
# A reply takes a share of its parent's row, a change takes all of it: nobody replies to what is being deleted.
LOAD = statement("SELECT * FROM __tenant__.comments WHERE id = :id FOR NO KEY UPDATE")
LOAD_MANY = statement("SELECT * FROM __tenant__.comments WHERE id = ANY(CAST(:ids AS uuid[]))")
LOAD_PARENT = statement("SELECT * FROM __tenant__.comments WHERE id = :id FOR SHARE")
INSERT = statement(comments.insert().values({name: bindparam(name) for name in _COLUMNS}))
UPDATE = statement(
    comments.update()
    .where(comments.c.id == bindparam("comment_id"), comments.c.version == bindparam("loaded_version"))
    .values({name: bindparam(name) for name in _COLUMNS if name not in _WRITTEN_ONCE})
)
HAS_REPLIES = statement("SELECT EXISTS (SELECT FROM __tenant__.comments WHERE parent_id = :id AND (status <> 'DELETED' OR tombstone))")
POST = statement(
    """
    SELECT p.id, p.title, p.author_id, p.status = 'PUBLISHED' AS published,
           EXISTS (SELECT FROM __tenant__.post_editors e WHERE e.post_id = p.id AND e.user_id = CAST(:reader AS uuid)) AS edited
    FROM __tenant__.posts p WHERE p.id = :id FOR SHARE OF p
    """
)
MODERATION = statement("SELECT policies #>> '{comments,moderation}' FROM __tenant__.organization")
# One comment of a person after the other: comments sent at the same moment count each other.
ALONE = statement("SELECT id FROM __tenant__.users WHERE id = :author FOR NO KEY UPDATE")
# When the oldest of the last few was added, where that many were added since then.
OLDEST_OF_LAST = statement(
    "SELECT created_at FROM __tenant__.comments WHERE created_by = :author AND created_at > :since ORDER BY created_at DESC OFFSET :others LIMIT 1"
)
KNOWN = statement(
    "SELECT EXISTS (SELECT FROM __tenant__.comments WHERE author_id = :author AND status = 'APPROVED')",
)
RECENT = statement(
    "SELECT body FROM __tenant__.comments WHERE author_id = :author AND id <> :besides AND created_at > :since ORDER BY created_at DESC LIMIT 5"
)


@dataclass(slots=True)
class Loaded:
    """A comment as its row had it, to save against."""

    comment: Comment
    version: int
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """`edited`: the reader is among its editors."""

    subject: Subject
    published: bool
    edited: bool


async def load(tx: Transaction, comment_id: UUID) -> Loaded:
    """Nobody else changes it until this transaction ends. Raises CommentNotFound."""
    return await _load(tx, LOAD, comment_id)


async def load_parent(tx: Transaction, comment_id: UUID) -> Comment:
    """It stays as it is until this transaction ends. Raises CommentNotFound."""
    return (await _load(tx, LOAD_PARENT, comment_id)).comment


async def _load(tx: Transaction, query: Any, comment_id: UUID) -> Loaded:
    row = await tx.connection.fetchrow(query, id=comment_id)
    if row is None:
        raise CommentNotFound
    comment = from_row(row)
    return Loaded(comment, comment.version, _signature(row) if comment.by_guest else None)


async def insert_new(tx: Transaction, comment: Comment, signature: Signature | None = None) -> None:
    await tx.connection.execute(INSERT, **_values(comment, signature, tx))


async def save(tx: Transaction, loaded: Loaded) -> None:
    """Raises Conflict where somebody else was faster."""
    comment = loaded.comment
    if comment.version == loaded.version:
        return
    updated = {name: value for name, value in _values(comment, loaded.signature, tx).items() if name not in _WRITTEN_ONCE}
    expect_saved(await tx.connection.execute(UPDATE, comment_id=comment.id, loaded_version=loaded.version, **updated), comment)


async def has_replies(tx: Transaction, comment_id: UUID) -> bool:
    return bool(await tx.connection.fetchval(HAS_REPLIES, id=comment_id))


async def post(tx: Transaction, post_id: UUID, reader: UUID | None) -> Post | None:
    """The post as it stays until this transaction ends."""
    row = await tx.connection.fetchrow(POST, id=post_id, reader=reader)
    return Post(Subject(row["id"], row["title"], row["author_id"]), row["published"], row["edited"]) if row else None


async def moderation(tx: Transaction) -> Moderation:
    """The organization's policy; people who are new here wait where it has none."""
    said = await tx.connection.fetchval(MODERATION)
    return Moderation(said) if said in set(Moderation) else Moderation.FIRST_TIME


async def too_many_since(tx: Transaction, author: UUID) -> datetime | None:
    """Where this person has added as many comments as they may, when the oldest of those was added."""
    await tx.connection.execute(ALONE, author=author)
    found: datetime | None = await tx.connection.fetchval(OLDEST_OF_LAST, author=author, since=tx.now - AT_ONCE, others=MOST_AT_ONCE - 1)
    return found


async def known(tx: Transaction, author: UUID) -> bool:
    """Whether a comment of this person stands already."""
    return bool(await tx.connection.fetchval(KNOWN, author=author))


async def recent(tx: Transaction, author: UUID, *, besides: UUID, since: datetime) -> list[str]:
    """What this person wrote last, newest first."""
    return [row["body"] for row in await tx.connection.fetch(RECENT, author=author, besides=besides, since=since)]


def from_row(row: Row) -> Comment:
    return Comment(
        id=row["id"],
        post_id=row["post_id"],
        author_id=row["author_id"],
        parent_id=row["parent_id"],
        depth=row["depth"],
        body=row["body"],
        status=Status(row["status"]),
        waits_because=Waiting(row["waits_because"]) if row["waits_because"] else None,
        added_at=row["created_at"],
        edited_at=row["edited_at"],
        shown_at=row["shown_at"],
        moderated_by=row["moderated_by"],
        moderated_at=row["moderated_at"],
        tombstone=row["tombstone"],
        by_guest=row["guest_key"] is not None,
        version=row["version"],
    )


def _signature(row: Row) -> Signature:
    return Signature(row["guest_key"], row["guest_name"], row["guest_email"], row["guest_email_index"])


def _values(comment: Comment, signature: Signature | None, tx: Transaction) -> dict[str, Any]:
    """Of a guest who is one no longer, nothing stays."""
    guest = signature if comment.by_guest else None
    return {
        "guest_key": guest and guest.key,
        "guest_name": guest and guest.name,
        "guest_email": guest and guest.email,
        "guest_email_index": guest and guest.email_index,
        "id": comment.id,
        "created_at": comment.added_at,
        "updated_at": tx.now,
        "created_by": tx.cause.user_id,
        "updated_by": tx.cause.user_id,
        "version": comment.version,
        "post_id": comment.post,
        "author_id": comment.author_id,
        "parent_id": comment.parent_id,
        "depth": comment.depth,
        "body": comment.body,
        "status": comment.status.value,
        "waits_because": comment.waits_because.value if comment.waits_because else None,
        "edited_at": comment.edited_at,
        "shown_at": comment.shown_at,
        "moderated_by": comment.moderated_by,
        "moderated_at": comment.moderated_at,
        "tombstone": comment.tombstone,
    }
