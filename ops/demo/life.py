"""The steps of a post's life, by its fate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.content.commands import (
    ApprovePost,
    ArchivePost,
    DeletePost,
    PublishPost,
    RejectPost,
    SchedulePost,
    SetPostExpiry,
    SubmitPost,
    UpdatePost,
    WithdrawPost,
)
from ops.demo.story import Fate, PlannedPost

EXPIRES_WITHIN = timedelta(seconds=3)
_DAYS_AHEAD = 40


def steps(post_id: UUID, post: PlannedPost) -> Iterator[object]:
    if post.fate is Fate.DRAFT:
        return
    yield SubmitPost(post_id)
    match post.fate:
        case Fate.IN_REVIEW:
            return
        case Fate.WITHDRAWN:
            yield WithdrawPost(post_id)
        case Fate.REJECTED:
            yield RejectPost(post_id, reason=post.reason)
        case _:
            yield ApprovePost(post_id)
            yield from _approved(post_id, post)


def of_chief(command: object) -> bool:
    """Whether the chief editor takes this step; others are an administrator's."""
    return not isinstance(command, ArchivePost | DeletePost)


def _approved(post_id: UUID, post: PlannedPost) -> Iterator[object]:
    if post.fate is Fate.APPROVED:
        return
    if post.fate is Fate.SCHEDULED:
        yield _scheduled(post_id)
        return
    yield PublishPost(post_id)
    match post.fate:
        case Fate.REVISED:
            yield UpdatePost(post_id, content=post.revision)
        case Fate.EXPIRED:
            yield SetPostExpiry(post_id, expires_at=datetime.now(UTC) + EXPIRES_WITHIN)
        case Fate.ARCHIVED:
            yield ArchivePost(post_id)
        case Fate.DELETED:
            yield DeletePost(post_id)
        case _:
            return


def _scheduled(post_id: UUID) -> SchedulePost:
    """At nine in the morning of a day to come; some for a month only."""
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=2 + post_id.int % _DAYS_AHEAD)
    return SchedulePost(post_id, publish_at=day, expires_at=day + timedelta(days=30) if post_id.int % 3 == 0 else None)
