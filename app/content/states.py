"""What a post is: the fold of its events, which alone changes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self, assert_never
from uuid import UUID

from app.content.events import (
    PostApprovalGiven,
    PostApproved,
    PostArchived,
    PostCreated,
    PostDeleted,
    PostEdited,
    PostEvent,
    PostExpired,
    PostExpirySet,
    PostPublished,
    PostRefiled,
    PostRejected,
    PostRestored,
    PostScheduled,
    PostSubmitted,
    PostUnpublished,
    PostUnscheduled,
    PostWithdrawn,
)
from app.content.reviews import GivenApproval
from app.content.values import Manuscript
from app.shared.encoding import values_from


class Status(StrEnum):
    NEW = "NEW"
    DRAFT = "DRAFT"
    IN_REVIEW = "IN_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SCHEDULED = "SCHEDULED"
    PUBLISHED = "PUBLISHED"
    EXPIRED = "EXPIRED"
    ARCHIVED = "ARCHIVED"
    DELETED = "DELETED"


class Approval(StrEnum):
    NONE = "NONE"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


_EMPTY = Manuscript(title="", slug="", content="")
READY = frozenset({Status.APPROVED, Status.SCHEDULED, Status.EXPIRED})
PUT_AWAY = frozenset({Status.ARCHIVED, Status.DELETED})


@dataclass(slots=True)
class PostState:
    """`approvals`: given in this round of review; `barred`: who sent it for review or changed it since."""

    id: UUID
    author_id: UUID | None = None
    manuscript: Manuscript = _EMPTY
    status: Status = Status.NEW
    approval: Approval = Approval.NONE
    approved_by: UUID | None = None
    approved_at: datetime | None = None
    rejection_reason: str | None = None
    approvals: tuple[GivenApproval, ...] = ()
    barred: tuple[UUID, ...] = ()
    scheduled_at: datetime | None = None
    published_at: datetime | None = None
    expires_at: datetime | None = None
    version: int = 0
    recorded: list[PostEvent] = field(default_factory=list, compare=False)

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

    def apply(self, event: PostEvent) -> None:
        match event:
            case PostCreated(_, author_id, manuscript):
                self.author_id, self.manuscript, self.status = author_id, manuscript, Status.DRAFT
            case PostEdited(changes, by):
                self._revise(changes)
                self._review_again(by)
            case PostRefiled(changes=changes):
                self._revise(changes)
            case PostExpirySet(expires_at=at):
                self.expires_at = at
            case PostSubmitted() | PostWithdrawn() | PostApprovalGiven() | PostApproved() | PostRejected():
                self._apply_review(event)
            case _:
                self._apply_publication(event)
        self.version += 1

    def _apply_review(self, event: PostSubmitted | PostWithdrawn | PostApprovalGiven | PostApproved | PostRejected) -> None:
        match event:
            case PostSubmitted(submitted_by=by):
                self.status, self.approval, self.rejection_reason = Status.IN_REVIEW, Approval.PENDING, None
                self.barred = (by,) if by else ()
            case PostWithdrawn():
                self._begin_anew()
            case PostApprovalGiven(approved_by=by, approved_at=at):
                self.approvals += (GivenApproval(by, at),)
            case PostApproved(approved_by=by, approved_at=at):
                others = tuple(approval for approval in self.approvals if approval.by != by)
                self.approvals, self.barred = (*others, GivenApproval(by, at)), ()
                self.status, self.approval, self.approved_by, self.approved_at = Status.APPROVED, Approval.APPROVED, by, at
            case PostRejected(reason=reason):
                self._begin_anew()
                self.status, self.approval, self.rejection_reason = Status.REJECTED, Approval.REJECTED, reason
            case _:
                assert_never(event)

    def _apply_publication(
        self, event: PostScheduled | PostUnscheduled | PostPublished | PostUnpublished | PostExpired | PostArchived | PostDeleted | PostRestored
    ) -> None:
        self.scheduled_at = None
        match event:
            case PostScheduled(publish_at=at, expires_at=expires_at):
                self.status, self.scheduled_at, self.published_at, self.expires_at = Status.SCHEDULED, at, None, expires_at
            case PostUnscheduled():
                self.status = Status.APPROVED
            case PostPublished(published_at=at):
                self.status, self.published_at = Status.PUBLISHED, at
            case PostUnpublished():
                self.status, self.published_at = Status.APPROVED, None
            case PostExpired():
                self.status = Status.EXPIRED
            case PostArchived():
                self.status = Status.ARCHIVED
            case PostDeleted():
                self.status = Status.DELETED
            case PostRestored():
                self._come_back()
            case _:
                assert_never(event)

    def _revise(self, changes: dict[str, object]) -> None:
        values = {f: getattr(self.manuscript, f) for f in Manuscript.__slots__} | values_from(Manuscript, changes)
        self.manuscript = Manuscript(**values)

    def _review_again(self, by: UUID | None) -> None:
        """Approvals were of another text."""
        if self.status in READY:
            self._begin_anew()
        elif self.status is Status.IN_REVIEW:
            self.approvals = ()
            self.barred = tuple(dict.fromkeys((*self.barred, by))) if by else self.barred

    def _begin_anew(self) -> None:
        self.status, self.approval, self.approved_by, self.approved_at = Status.DRAFT, Approval.NONE, None, None
        self.approvals, self.barred, self.scheduled_at, self.published_at = (), (), None, None

    def _come_back(self) -> None:
        self.published_at, self.expires_at = None, None
        if self.approval is Approval.APPROVED:
            self.status = Status.APPROVED
        elif self.approval is Approval.REJECTED:
            self.status = Status.REJECTED
        else:
            self._begin_anew()

    def _state(self) -> str:
        return self.status.value.lower().replace("_", " ")
