"""What can happen to a comment. Those that people are told of carry the post's title and author."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.comments.values import Waiting
from app.shared.events import event


@dataclass(frozen=True, slots=True)
class Subject:
    """The post that is talked about."""

    post_id: UUID
    title: str
    author_id: UUID


@dataclass(frozen=True, slots=True)
class SealedGuest:
    """Who a guest is, under a key that is no part of the event."""

    name: bytes
    email: bytes


@event()
@dataclass(frozen=True, slots=True)
class CommentAdded:
    """`depth`: how many comments stand above it. `waits`: why it waits for a moderator; None where readers see it at once.

    `guest`: who wrote it where nobody did who was signed in.
    """

    comment_id: UUID
    post: Subject
    author_id: UUID | None
    parent_id: UUID | None
    depth: int
    body: str
    added_at: datetime
    waits: Waiting | None
    guest: SealedGuest | None = None


@event()
@dataclass(frozen=True, slots=True)
class CommentEdited:
    """`waits`: why readers do not see it any more until a moderator approves it; None where nothing changed about that."""

    comment_id: UUID
    post: Subject
    author_id: UUID | None
    body: str
    edited_at: datetime
    waits: Waiting | None


@event()
@dataclass(frozen=True, slots=True)
class CommentApproved:
    """`first`: readers had not seen it until now."""

    comment_id: UUID
    post: Subject
    author_id: UUID | None
    approved_by: UUID | None
    approved_at: datetime
    first: bool


@event()
@dataclass(frozen=True, slots=True)
class CommentRejected:
    comment_id: UUID
    post_id: UUID
    author_id: UUID | None
    rejected_by: UUID | None
    rejected_at: datetime


@event()
@dataclass(frozen=True, slots=True)
class CommentDeleted:
    """`has_replies`: its place in the thread stays, empty."""

    comment_id: UUID
    post_id: UUID
    author_id: UUID | None
    deleted_by: UUID | None
    has_replies: bool


@event()
@dataclass(frozen=True, slots=True)
class CommentGuestErased:
    """Who wrote it as a guest is nobody any more; what they wrote stays."""

    comment_id: UUID
    post_id: UUID
    erased_by: UUID | None


CommentEvent = CommentGuestErased | CommentAdded | CommentEdited | CommentApproved | CommentRejected | CommentDeleted
