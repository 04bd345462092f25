"""What can happen to a post."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.content.values import Manuscript
from app.shared.events import event


@event()
@dataclass(frozen=True, slots=True)
class PostCreated:
    post_id: UUID
    author_id: UUID
    manuscript: Manuscript


@event()
@dataclass(frozen=True, slots=True)
class PostEdited:
    """`changes` holds the manuscript's changed fields as JSON, nothing else; `edited_by` is nobody where the system did it."""

    changes: dict[str, Any]
    edited_by: UUID | None = None


@event()
@dataclass(frozen=True, slots=True)
class PostRefiled:
    """Tags or categories were put in order, and the post went along; what it says is as it was, and so is its approval.

    `changes` holds `tags` or `categories` as they are now.
    """

    post_id: UUID
    changes: dict[str, Any]


@event()
@dataclass(frozen=True, slots=True)
class PostSubmitted:
    post_id: UUID
    title: str
    author_id: UUID
    submitted_by: UUID | None = None


@event()
@dataclass(frozen=True, slots=True)
class PostWithdrawn:
    """Taken back from review; approvals given so far are void."""

    post_id: UUID
    author_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class PostApprovalGiven:
    """Somebody approved, and `missing` more have to."""

    post_id: UUID
    title: str
    author_id: UUID
    approved_by: UUID
    approved_at: datetime
    missing: int


@event()
@dataclass(frozen=True, slots=True)
class PostApproved:
    """The last approval that was needed."""

    post_id: UUID
    title: str
    author_id: UUID
    approved_by: UUID
    approved_at: datetime


@event()
@dataclass(frozen=True, slots=True)
class PostRejected:
    post_id: UUID
    title: str
    author_id: UUID
    rejected_by: UUID
    reason: str


@event()
@dataclass(frozen=True, slots=True)
class PostScheduled:
    """Also when it was scheduled before, for another moment. `expires_at`: as it is from now on."""

    post_id: UUID
    title: str
    author_id: UUID
    publish_at: datetime
    expires_at: datetime | None = None


@event()
@dataclass(frozen=True, slots=True)
class PostUnscheduled:
    post_id: UUID
    author_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class PostExpirySet:
    """`expires_at`: None where it no longer expires."""

    post_id: UUID
    author_id: UUID
    expires_at: datetime | None


@event()
@dataclass(frozen=True, slots=True)
class PostPublished:
    post_id: UUID
    title: str
    author_id: UUID
    published_at: datetime


@event()
@dataclass(frozen=True, slots=True)
class PostUnpublished:
    post_id: UUID
    author_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class PostExpired:
    """Its time was over. `was_published` is false where it was due for publication only after that."""

    post_id: UUID
    title: str
    author_id: UUID
    expired_at: datetime
    was_published: bool


@event()
@dataclass(frozen=True, slots=True)
class PostArchived:
    """`was_published`: readers could see it until now."""

    post_id: UUID
    author_id: UUID
    was_published: bool


@event()
@dataclass(frozen=True, slots=True)
class PostDeleted:
    """`was_published`: readers could see it until now."""

    post_id: UUID
    author_id: UUID
    was_published: bool


@event()
@dataclass(frozen=True, slots=True)
class PostRestored:
    """From the archive, or after it was deleted; for nobody to read until it is published again."""

    post_id: UUID
    author_id: UUID


PostEvent = (
    PostCreated
    | PostEdited
    | PostRefiled
    | PostSubmitted
    | PostWithdrawn
    | PostApprovalGiven
    | PostApproved
    | PostRejected
    | PostScheduled
    | PostUnscheduled
    | PostExpirySet
    | PostPublished
    | PostUnpublished
    | PostExpired
    | PostArchived
    | PostDeleted
    | PostRestored
)
