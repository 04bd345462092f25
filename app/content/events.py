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
    """`changes` holds the manuscript's changed fields as JSON, nothing else."""

    changes: dict[str, Any]


@event()
@dataclass(frozen=True, slots=True)
class PostSubmitted:
    post_id: UUID
    title: str
    author_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class PostApproved:
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
class PostArchived:
    """`was_published`: readers could see it until now."""

    post_id: UUID
    author_id: UUID
    was_published: bool


PostEvent = PostCreated | PostEdited | PostSubmitted | PostApproved | PostRejected | PostPublished | PostUnpublished | PostArchived
