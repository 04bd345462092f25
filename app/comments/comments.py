"""The comment: waiting or approved, sometimes rejected, in the end deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.comments import errors
from app.comments.events import (
    CommentAdded,
    CommentApproved,
    CommentDeleted,
    CommentEdited,
    CommentEvent,
    CommentGuestErased,
    CommentRejected,
    SealedGuest,
    Subject,
)
from app.comments.values import DEEPEST, EDIT_WINDOW, Status, Waiting


@dataclass(slots=True)
class Comment:
    """State is a fold of events: verbs decide and record, only `apply` changes anything. A verb with nothing to do records nothing.

    `shown_at`: when readers first saw it. `tombstone`: it was deleted and has replies, so its place stays. A deleted comment
    has no body and no author any more. `by_guest`: nobody's who was signed in, and it is known whose; `guest`: who that is, as events have it.
    """

    type: ClassVar[str] = "Comment"

    id: UUID
    post_id: UUID | None = None
    author_id: UUID | None = None
    parent_id: UUID | None = None
    depth: int = 0
    body: str = ""
    status: Status = Status.NEW
    waits_because: Waiting | None = None
    added_at: datetime | None = None
    edited_at: datetime | None = None
    shown_at: datetime | None = None
    moderated_by: UUID | None = None
    moderated_at: datetime | None = None
    tombstone: bool = False
    by_guest: bool = False
    guest: SealedGuest | None = field(default=None, compare=False)
    version: int = 0
    recorded: list[CommentEvent] = field(default_factory=list, compare=False)

    @classmethod
    def add(
        cls,
        id: UUID,
        post: Subject,
        author_id: UUID | None,
        body: str,
        at: datetime,
        *,
        waits: Waiting | None,
        parent: Comment | None = None,
        guest: SealedGuest | None = None,
    ) -> Self:
        """Below another comment where `parent` is given, by an author or a guest. Raises CommentDeleted, ParentNotApproved, ThreadTooDeep."""
        if parent is not None:
            parent.refuse_replies_where_none_fit()
        comment = cls(id)
        depth = parent.depth + 1 if parent else 0
        comment._record(CommentAdded(id, post, author_id, parent.id if parent else None, depth, body, at, waits, guest))
        return comment

    @classmethod
    def replay(cls, id: UUID, events: Iterable[CommentEvent]) -> Self:
        comment = cls(id)
        for event in events:
            comment.apply(event)
        return comment

    def edit(self, post: Subject, body: str, at: datetime, *, waits: Waiting | None) -> None:
        """Within the window; an approved comment that `waits` now is hidden until it is approved again."""
        self._require_standing()
        if self.status is Status.REJECTED:
            raise errors.CommentRejected("A moderator rejected this comment; it cannot be edited any more.")
        if self.added_at is None or at - self.added_at > EDIT_WINDOW:
            minutes = int(EDIT_WINDOW.total_seconds() // 60)
            raise errors.EditWindowClosed(f"Comments can be edited for {minutes} minutes; delete this one and write another.")
        if body != self.body:
            hidden = waits if self.status is Status.APPROVED else None
            self._record(CommentEdited(self.id, post, self.author_id, body, at, hidden))

    def approve(self, post: Subject, by: UUID | None, at: datetime) -> None:
        self._require_standing()
        if self.status is not Status.APPROVED:
            self._record(CommentApproved(self.id, post, self.author_id, by, at, first=self.shown_at is None))

    def reject(self, by: UUID | None, at: datetime) -> None:
        self._require_standing()
        if self.status is not Status.REJECTED:
            self._record(CommentRejected(self.id, self.post, self.author_id, by, at))

    def delete(self, by: UUID | None, *, has_replies: bool) -> None:
        if self.status is not Status.DELETED:
            self._record(CommentDeleted(self.id, self.post, self.author_id, by, has_replies))

    def erase_guest(self, by: UUID | None) -> None:
        if self.by_guest:
            self._record(CommentGuestErased(self.id, self.post, by))

    @property
    def post(self) -> UUID:
        if self.post_id is None:
            raise ValueError("a comment has a post from its first event on")
        return self.post_id

    def refuse_replies_where_none_fit(self) -> None:
        if self.status is Status.DELETED:
            raise errors.CommentDeleted("The comment you reply to was deleted; reply to another one.")
        if self.status is not Status.APPROVED:
            raise errors.ParentNotApproved("The comment you reply to has not been approved; wait until it is.")
        if self.depth >= DEEPEST:
            raise errors.ThreadTooDeep(f"A thread goes {DEEPEST} replies deep at most; reply to a comment further up.")

    def apply(self, event: CommentEvent) -> None:
        match event:
            case CommentAdded():
                self.post_id, self.author_id = event.post.post_id, event.author_id
                self.parent_id, self.depth = event.parent_id, event.depth
                self.body, self.added_at, self.waits_because = event.body, event.added_at, event.waits
                self.status = Status.PENDING if event.waits else Status.APPROVED
                self.shown_at = None if event.waits else event.added_at
                self.by_guest, self.guest = event.guest is not None, event.guest
            case CommentEdited():
                self.body, self.edited_at = event.body, event.edited_at
                if event.waits:
                    self.status, self.waits_because = Status.PENDING, event.waits
            case CommentApproved():
                self.status, self.waits_because = Status.APPROVED, None
                self.moderated_by, self.moderated_at = event.approved_by, event.approved_at
                self.shown_at = self.shown_at or event.approved_at
            case CommentRejected():
                self.status, self.waits_because = Status.REJECTED, None
                self.moderated_by, self.moderated_at = event.rejected_by, event.rejected_at
            case CommentDeleted():
                self.status, self.waits_because, self.tombstone = Status.DELETED, None, event.has_replies
                self.body, self.author_id, self.by_guest, self.guest = "", None, False, None
            case CommentGuestErased():
                self.by_guest, self.guest = False, None
            case _:
                assert_never(event)
        self.version += 1

    def _require_standing(self) -> None:
        if self.status is Status.DELETED:
            raise errors.CommentDeleted("This comment was deleted; nothing can be done with it any more.")

    def _record(self, event: CommentEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
