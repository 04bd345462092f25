"""When readers see a post, and when no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from app.content.errors import Archived, Deleted, ExpiryPassed, NotApproved, NotPublished, NotRestorable
from app.content.events import PostDeleted, PostExpired, PostPublished, PostScheduled
from app.content.posts import Post
from app.content.states import Approval, Status
from app.shared.events import from_store, to_store
from tenants.errors import ValidationFailed
from tests.unit.app.posts import AUTHOR, EDITOR, NOON, approved, draft, published

HOUR = timedelta(hours=1)


def scheduled(expires_at: datetime | None = None) -> Post:
    post = approved()
    post.schedule(NOON + HOUR, NOON, expires_at)
    return post


def replayed(post: Post) -> Post:
    stored = [to_store(event) for event in post.recorded]
    return Post.replay(post.id, [from_store(e.type, e.type_version, e.data) for e in stored])  # type: ignore[misc] # events of posts


def test_a_scheduled_post_is_published_when_it_is_due() -> None:
    post = scheduled()
    assert (post.status, post.scheduled_at) == (Status.SCHEDULED, NOON + HOUR)

    post.publish_as_scheduled(NOON + HOUR, NOON + HOUR)

    assert (post.status, post.scheduled_at, post.published_at) == (Status.PUBLISHED, None, NOON + HOUR)
    assert replayed(post) == post


def test_only_approved_posts_are_scheduled() -> None:
    for post in (draft(), published()):
        with pytest.raises(NotApproved):
            post.schedule(NOON + HOUR, NOON)


def test_a_schedule_lies_ahead_and_an_expiry_after_it_and_both_are_told_at_once() -> None:
    post = approved()

    with pytest.raises(ValidationFailed) as refused:
        post.schedule(NOON, NOON, NOON)
    assert refused.value.fields.keys() == {"publishAt", "expiresAt"}
    with pytest.raises(ValidationFailed) as refused:
        post.schedule(NOON + timedelta(days=4000), NOON)
    assert refused.value.fields.keys() == {"publishAt"}

    assert post.status is Status.APPROVED


def test_a_post_scheduled_anew_ignores_what_was_due_before() -> None:
    post = scheduled()
    post.schedule(NOON + 2 * HOUR, NOON)

    post.publish_as_scheduled(NOON + HOUR, NOON + HOUR)
    assert (post.status, post.scheduled_at) == (Status.SCHEDULED, NOON + 2 * HOUR)
    post.publish_as_scheduled(NOON + 2 * HOUR, NOON + 2 * HOUR)
    post.publish_as_scheduled(NOON + 2 * HOUR, NOON + 2 * HOUR)

    assert post.status is Status.PUBLISHED
    assert sum(isinstance(event, PostPublished) for event in post.recorded) == 1


def test_the_same_schedule_again_records_nothing() -> None:
    post = scheduled()
    events = len(post.recorded)

    post.schedule(NOON + HOUR, NOON)

    assert len(post.recorded) == events


def test_a_scheduled_post_is_published_at_once_when_somebody_says_so() -> None:
    post = scheduled()

    post.publish(NOON)
    post.publish_as_scheduled(NOON + HOUR, NOON + HOUR)

    assert (post.status, post.published_at, post.scheduled_at) == (Status.PUBLISHED, NOON, None)


@pytest.mark.parametrize("change", [Post.unpublish, Post.archive, Post.delete, lambda post: post.edit(post.manuscript.revised(title="Other"))])
def test_what_is_taken_back_edited_or_put_away_is_not_published_when_it_was_due(change: Callable[[Post], None]) -> None:
    post = scheduled()
    change(post)
    status = post.status

    post.publish_as_scheduled(NOON + HOUR, NOON + HOUR)

    assert post.status is status is not Status.PUBLISHED
    assert post.scheduled_at is None
    assert replayed(post) == post


def test_editing_a_scheduled_post_takes_approval_and_schedule_back() -> None:
    post = scheduled()

    post.edit(post.manuscript.revised(content="Nobody approved this"), AUTHOR)

    assert (post.status, post.approval, post.approvals, post.scheduled_at) == (Status.DRAFT, Approval.NONE, (), None)


def test_a_post_taken_out_of_the_schedule_is_approved_still() -> None:
    post = scheduled()

    post.unpublish()

    assert (post.status, post.approved_by) == (Status.APPROVED, EDITOR)


def test_a_published_post_expires_when_that_is_due_and_not_before_nor_twice() -> None:
    post = published()
    post.expire_at(NOON + HOUR, NOON)
    post.expire_at(NOON + 2 * HOUR, NOON)

    post.expire(NOON + HOUR, NOON + HOUR)
    assert post.status == "PUBLISHED"
    post.expire(NOON + 2 * HOUR, NOON + 2 * HOUR)
    post.expire(NOON + 2 * HOUR, NOON + 3 * HOUR)

    assert post.status == "EXPIRED"
    assert post.recorded[-1] == PostExpired(post.id, "Hello", AUTHOR, NOON + 2 * HOUR, was_published=True)
    assert replayed(post) == post


def test_an_expiry_that_was_lifted_does_not_come() -> None:
    post = published()
    post.expire_at(NOON + HOUR, NOON)
    post.expire_at(None, NOON)

    post.expire(NOON + HOUR, NOON + HOUR)

    assert post.status is Status.PUBLISHED


def test_an_expiry_lies_ahead_and_after_publication() -> None:
    with pytest.raises(ValidationFailed, match="expiresAt"):
        published().expire_at(NOON, NOON)
    with pytest.raises(ValidationFailed, match="expiresAt"):
        scheduled().expire_at(NOON + HOUR, NOON)


def test_what_comes_due_only_after_its_expiry_is_never_shown() -> None:
    post = scheduled(expires_at=NOON + 2 * HOUR)

    post.publish_as_scheduled(NOON + HOUR, NOON + 3 * HOUR)

    assert post.status is Status.EXPIRED
    assert post.recorded[-1] == PostExpired(post.id, "Hello", AUTHOR, NOON + 3 * HOUR, was_published=False)


def test_an_expired_post_is_published_again_once_its_expiry_is_another() -> None:
    post = published()
    post.expire_at(NOON + HOUR, NOON)
    post.expire(NOON + HOUR, NOON + HOUR)

    with pytest.raises(ExpiryPassed):
        post.publish(NOON + 2 * HOUR)
    post.expire_at(None, NOON + 2 * HOUR)
    post.publish(NOON + 2 * HOUR)

    assert (post.status, post.published_at) == (Status.PUBLISHED, NOON + 2 * HOUR)


def test_a_deleted_post_says_whether_readers_saw_it_and_nothing_can_be_done_but_restoring_it() -> None:
    post = published()

    post.delete()
    post.delete()

    assert post.recorded[-1] == PostDeleted(post.id, AUTHOR, was_published=True)
    for verb in (Post.archive, lambda p: p.edit(p.manuscript.revised(title="x")), lambda p: p.expire_at(NOON + HOUR, NOON)):
        with pytest.raises(Deleted):
            verb(post)
    with pytest.raises(NotPublished):
        post.unpublish()


def test_an_archived_post_is_given_no_expiry() -> None:
    post = published()
    post.archive()

    with pytest.raises(Archived):
        post.expire_at(NOON + HOUR, NOON)


@pytest.mark.parametrize("put_away", [Post.archive, Post.delete])
def test_a_restored_post_is_no_further_than_its_approval(put_away: Callable[[Post], None]) -> None:
    rejected = draft()
    rejected.submit()
    rejected.reject(EDITOR, "No.")
    waiting = draft()
    waiting.submit()
    ends = []
    for post in (draft(), waiting, rejected, approved(), scheduled(), published()):
        put_away(post)
        post.restore()
        assert replayed(post) == post
        ends.append((post.status, post.approval))
        assert (post.published_at, post.scheduled_at, post.expires_at) == (None, None, None)

    new, no, yes = (Status.DRAFT, Approval.NONE), (Status.REJECTED, Approval.REJECTED), (Status.APPROVED, Approval.APPROVED)
    assert ends == [new, new, no, yes, yes, yes]


def test_what_was_not_put_away_is_not_restored() -> None:
    with pytest.raises(NotRestorable):
        published().restore()


def test_scheduling_carries_what_those_need_who_are_told() -> None:
    post = scheduled(expires_at=NOON + 2 * HOUR)

    assert post.recorded[-1] == PostScheduled(post.id, "Hello", AUTHOR, NOON + HOUR, NOON + 2 * HOUR)
