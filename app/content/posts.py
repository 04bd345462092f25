"""The post and its workflow: draft → in review → approved or rejected → scheduled → published → expired → archived; deleted, restored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from app.content.errors import (
    Archived,
    Deleted,
    ExpiryPassed,
    NotApproved,
    NotInReview,
    NotPublished,
    NotRestorable,
    NotSubmittable,
    OwnChange,
    SelfApproval,
)
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
from app.content.reviews import ReviewRules
from app.content.states import PUT_AWAY, READY, PostState, Status
from app.content.values import Manuscript
from app.shared.encoding import as_json
from tenants.errors import ValidationFailed

LONGEST_WAIT = timedelta(days=3660)


@dataclass(slots=True)
class Post(PostState):
    """Verbs decide and record. A verb with nothing to do records nothing."""

    type: ClassVar[str] = "Post"

    @classmethod
    def create(cls, id: UUID, author_id: UUID, manuscript: Manuscript) -> Self:
        post = cls(id)
        post._record(PostCreated(id, author_id, manuscript))
        return post

    def edit(self, revised: Manuscript, by: UUID | None = None) -> None:
        """What was approved is what gets published: editing a post that waits for publication takes its approval back."""
        self._refuse_put_away("be edited")
        changes = self.manuscript.differences(revised)
        if changes:
            self._record(PostEdited(as_json(changes), by))

    def refile(self, revised: Manuscript) -> None:
        """Its tags or categories became others, for everybody: no edit, so that its state and approval stand, also in the archive."""
        changes = self.manuscript.differences(revised)
        if changes:
            self._record(PostRefiled(self.id, as_json(changes)))

    def submit(self, by: UUID | None = None) -> None:
        if self.status is Status.IN_REVIEW:
            return
        if self.status not in {Status.DRAFT, Status.REJECTED}:
            raise NotSubmittable(f"This post is {self._state()}; only drafts and rejected posts can be submitted for review.")
        self._record(PostSubmitted(self.id, self.manuscript.title, self.author, by))

    def withdraw(self) -> None:
        """Take it back from review, to go on writing."""
        if self.status is Status.DRAFT:
            return
        if self.status is not Status.IN_REVIEW:
            raise NotInReview(f"This post is {self._state()}; only posts in review can be withdrawn.")
        self._record(PostWithdrawn(self.id, self.author))

    def approve(self, by: UUID, at: datetime, rules: ReviewRules = ReviewRules()) -> None:  # noqa: B008 - frozen
        """One person's approval; the last of those that the rules want makes it approved. What was approved stays so when the rules change."""
        if self.status is Status.APPROVED:
            return
        if self.status is not Status.IN_REVIEW:
            raise NotInReview(f"This post is {self._state()}; submit it for review first.")
        if not rules.self_approval:
            self._refuse_own(by)
        given = {approval.by for approval in self.approvals}
        missing = rules.approvals - len(given | {by})
        if missing <= 0:
            self._record(PostApproved(self.id, self.manuscript.title, self.author, by, at))
        elif by not in given:
            self._record(PostApprovalGiven(self.id, self.manuscript.title, self.author, by, at, missing))

    def reject(self, by: UUID, reason: str) -> None:
        if self.status is not Status.IN_REVIEW:
            raise NotInReview(f"This post is {self._state()}; only posts in review can be rejected.")
        self._record(PostRejected(self.id, self.manuscript.title, self.author, by, reason))

    def schedule(self, publish_at: datetime, now: datetime, expires_at: datetime | None = None) -> None:
        """Have it published at a moment to come; again for another moment. It expires as given here."""
        self._refuse_unready("scheduled")
        wrong = {
            "publishAt": _moment_objection(publish_at, now, "to publish at once, use publishPost"),
            "expiresAt": _moment_objection(expires_at, publish_at, "choose a moment after publishAt") if expires_at else None,
        }
        _refuse(wrong)
        if (self.status, self.scheduled_at, self.expires_at) != (Status.SCHEDULED, publish_at, expires_at):
            self._record(PostScheduled(self.id, self.manuscript.title, self.author, publish_at, expires_at))

    def expire_at(self, moment: datetime | None, now: datetime) -> None:
        """Set when readers are to see it no longer, or that they may see it for good (None)."""
        self._refuse_put_away("be given an expiry")
        if moment == self.expires_at:
            return
        if moment:
            _refuse({"expiresAt": _moment_objection(moment, self.scheduled_at or now, "choose a moment after its publication, and after now")})
        self._record(PostExpirySet(self.id, self.author, moment))

    def publish(self, at: datetime) -> None:
        """Now, also where it is scheduled for later."""
        if self.status is Status.PUBLISHED:
            return
        self._refuse_unready("published")
        if self.expires_at and self.expires_at <= at:
            raise ExpiryPassed("This post expired before it would be published; set another expiry, or none, with setPostExpiry.")
        self._record(PostPublished(self.id, self.manuscript.title, self.author, at))

    def publish_as_scheduled(self, due: datetime, now: datetime) -> None:
        """What was scheduled for `due` is due. Nothing happens where it has been changed since; late, it may be over already."""
        if (self.status, self.scheduled_at) != (Status.SCHEDULED, due):
            return
        if self.expires_at and self.expires_at <= now:
            self._record(PostExpired(self.id, self.manuscript.title, self.author, now, was_published=False))
        else:
            self._record(PostPublished(self.id, self.manuscript.title, self.author, now))

    def expire(self, due: datetime, now: datetime) -> None:
        """Its time is over, if `due` is still when that is to be."""
        if (self.status, self.expires_at) == (Status.PUBLISHED, due):
            self._record(PostExpired(self.id, self.manuscript.title, self.author, now, was_published=True))

    def unpublish(self) -> None:
        """Take it from readers, or out of the schedule; its approval stands, so that it can be published again."""
        if self.status is Status.SCHEDULED:
            self._record(PostUnscheduled(self.id, self.author))
        elif self.status is Status.PUBLISHED:
            self._record(PostUnpublished(self.id, self.author))
        else:
            raise NotPublished(f"This post is {self._state()}; only published and scheduled posts can be taken back.")

    def archive(self) -> None:
        if self.status is Status.DELETED:
            raise Deleted("This post is deleted; restore it first.")
        if self.status is not Status.ARCHIVED:
            self._record(PostArchived(self.id, self.author, was_published=self.status is Status.PUBLISHED))

    def delete(self) -> None:
        if self.status is not Status.DELETED:
            self._record(PostDeleted(self.id, self.author, was_published=self.status is Status.PUBLISHED))

    def restore(self) -> None:
        """From the archive, or after it was deleted. What was approved can be published again; nothing becomes public by itself."""
        if self.status not in PUT_AWAY:
            raise NotRestorable(f"This post is {self._state()}; only archived and deleted posts can be restored.")
        self._record(PostRestored(self.id, self.author))

    def _record(self, event: PostEvent) -> None:
        self.apply(event)
        self.recorded.append(event)

    def _refuse_put_away(self, what: str) -> None:
        if self.status is Status.DELETED:
            raise Deleted(f"This post is deleted and cannot {what}; restore it first.")
        if self.status is Status.ARCHIVED:
            raise Archived(f"This post is archived and cannot {what}; restore it first.")

    def _refuse_unready(self, what: str) -> None:
        if self.status not in READY:
            raise NotApproved(f"This post is {self._state()}; it has to be approved before it is {what}.")

    def _refuse_own(self, by: UUID) -> None:
        if by == self.author_id:
            raise SelfApproval("Ask somebody else to approve: authors cannot approve their own posts.")
        if by in self.barred:
            raise OwnChange("Ask somebody else to approve: you sent this post for review, or changed it since.")


def _moment_objection(moment: datetime, after: datetime, advice: str) -> str | None:
    if moment <= after:
        return f"takes a moment later than {after:%Y-%m-%dT%H:%M:%SZ}; {advice}"
    return "lies more than ten years ahead" if moment - after > LONGEST_WAIT else None


def _refuse(fields: dict[str, str | None]) -> None:
    wrong = {name: complaint for name, complaint in fields.items() if complaint}
    if wrong:
        raise ValidationFailed(wrong)
