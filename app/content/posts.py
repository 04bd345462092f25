"""The post and its approval workflow: draft → in review → approved or rejected → published → archived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.content.errors import Archived, NotApproved, NotInReview, NotPublished, NotSubmittable, SelfApproval
from app.content.events import (
    PostApproved,
    PostArchived,
    PostCreated,
    PostEdited,
    PostEvent,
    PostPublished,
    PostRejected,
    PostSubmitted,
    PostUnpublished,
)
from app.content.values import Manuscript
from app.shared.encoding import as_json, values_from


class Status(StrEnum):
    NEW = "NEW"
    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class Approval(StrEnum):
    NONE = "NONE"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


_EMPTY = Manuscript(title="", slug="", content="")


@dataclass(slots=True)
class Post:
    """State is a fold of events: verbs decide and record, only `apply` changes anything. A verb with nothing to do records nothing."""

    type: ClassVar[str] = "Post"

    id: UUID
    author_id: UUID | None = None
    manuscript: Manuscript = _EMPTY
    status: Status = Status.NEW
    approval: Approval = Approval.NONE
    approved_by: UUID | None = None
    approved_at: datetime | None = None
    rejection_reason: str | None = None
    published_at: datetime | None = None
    version: int = 0
    recorded: list[PostEvent] = field(default_factory=list, compare=False)

    @classmethod
    def create(cls, id: UUID, author_id: UUID, manuscript: Manuscript) -> Self:
        post = cls(id)
        post._record(PostCreated(id, author_id, manuscript))
        return post

    @classmethod
    def replay(cls, id: UUID, events: Iterable[PostEvent]) -> Self:
        post = cls(id)
        for event in events:
            post.apply(event)
        return post

    @property
    def author(self) -> UUID:
        if self.author_id is None:
            raise ValueError("a post has an author from its first event on")
        return self.author_id

    def edit(self, revised: Manuscript) -> None:
        """What was approved is what gets published: editing an approved post takes its approval back."""
        self._refuse_archived()
        changes = self.manuscript.differences(revised)
        if changes:
            self._record(PostEdited(as_json(changes)))

    def submit(self) -> None:
        if self.status is Status.IN_REVIEW:
            return
        if self.status not in {Status.DRAFT, Status.REJECTED}:
            raise NotSubmittable(f"This post is {self._state()}; only drafts and rejected posts can be submitted for review.")
        self._record(PostSubmitted(self.id, self.manuscript.title, self.author))

    def approve(self, by: UUID, at: datetime) -> None:
        if self.status is Status.APPROVED:
            return
        if self.status is not Status.IN_REVIEW:
            raise NotInReview(f"This post is {self._state()}; submit it for review first.")
        if by == self.author_id:
            raise SelfApproval("Ask somebody else to approve: authors cannot approve their own posts.")
        self._record(PostApproved(self.id, self.manuscript.title, self.author, by, at))

    def reject(self, by: UUID, reason: str) -> None:
        if self.status is not Status.IN_REVIEW:
            raise NotInReview(f"This post is {self._state()}; only posts in review can be rejected.")
        self._record(PostRejected(self.id, self.manuscript.title, self.author, by, reason))

    def publish(self, at: datetime) -> None:
        if self.status is Status.PUBLISHED:
            return
        if self.status is not Status.APPROVED:
            raise NotApproved(f"This post is {self._state()}; it has to be approved before it is published.")
        self._record(PostPublished(self.id, self.manuscript.title, self.author, at))

    def unpublish(self) -> None:
        """Take it from readers; its approval stands, so that it can be published again."""
        if self.status is not Status.PUBLISHED:
            raise NotPublished(f"This post is {self._state()}; only published posts can be taken back.")
        self._record(PostUnpublished(self.id, self.author))

    def archive(self) -> None:
        if self.status is not Status.ARCHIVED:
            self._record(PostArchived(self.id, self.author, was_published=self.status is Status.PUBLISHED))

    def apply(self, event: PostEvent) -> None:
        match event:
            case PostCreated(_, author_id, manuscript):
                self.author_id, self.manuscript, self.status = author_id, manuscript, Status.DRAFT
            case PostEdited(changes):
                self._revise(changes)
            case PostSubmitted():
                self.status, self.approval, self.rejection_reason = Status.IN_REVIEW, Approval.PENDING, None
            case PostApproved(approved_by=by, approved_at=at):
                self.status, self.approval, self.approved_by, self.approved_at = Status.APPROVED, Approval.APPROVED, by, at
            case PostRejected(reason=reason):
                self.status, self.approval, self.rejection_reason = Status.REJECTED, Approval.REJECTED, reason
            case PostPublished(published_at=at):
                self.status, self.published_at = Status.PUBLISHED, at
            case PostUnpublished():
                self.status, self.published_at = Status.APPROVED, None
            case PostArchived():
                self.status = Status.ARCHIVED
            case _:
                assert_never(event)
        self.version += 1

    def _revise(self, changes: dict[str, object]) -> None:
        values = {f: getattr(self.manuscript, f) for f in Manuscript.__slots__} | values_from(Manuscript, changes)
        self.manuscript = Manuscript(**values)
        if self.status is Status.APPROVED:
            self.status, self.approval, self.approved_by, self.approved_at = Status.DRAFT, Approval.NONE, None, None

    def _record(self, event: PostEvent) -> None:
        self.apply(event)
        self.recorded.append(event)

    def _refuse_archived(self) -> None:
        if self.status is Status.ARCHIVED:
            raise Archived("This post is archived and cannot be edited any more.")

    def _state(self) -> str:
        return self.status.value.lower().replace("_", " ")
