"""Posts on their way through review, and what their editors may do."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.content.errors import Archived, NotApproved, NotInReview, NotPublished, NotSubmittable, SelfApproval
from app.content.events import PostApproved, PostEdited
from app.content.posts import Post
from app.content.states import Approval, Status
from app.content.values import Manuscript
from app.shared.events import from_store, to_store
from tests.unit.app.posts import AUTHOR, EDITOR, NOON, approved, draft, in_review, published


def test_an_editor_approves_a_submitted_post() -> None:
    post = in_review()

    post.approve(EDITOR, NOON)

    assert (post.status, post.approval, post.approved_by) == (Status.APPROVED, Approval.APPROVED, EDITOR)
    assert post.recorded[-1] == PostApproved(post.id, "Hello", AUTHOR, EDITOR, NOON)


def test_an_author_cannot_approve_their_own_post() -> None:
    post = in_review()

    with pytest.raises(SelfApproval):
        post.approve(AUTHOR, NOON)

    assert post.status is Status.IN_REVIEW


def test_a_draft_cannot_be_approved_rejected_published_or_taken_back() -> None:
    post = draft()

    with pytest.raises(NotInReview):
        post.approve(EDITOR, NOON)
    with pytest.raises(NotInReview):
        post.reject(EDITOR, "no")
    with pytest.raises(NotApproved):
        post.publish(NOON)
    with pytest.raises(NotPublished):
        post.unpublish()

    assert len(post.recorded) == 1


def test_a_rejected_post_keeps_its_reason_until_it_is_submitted_again() -> None:
    post = in_review()
    post.reject(EDITOR, "Needs sources.")
    assert (post.status, post.rejection_reason) == (Status.REJECTED, "Needs sources.")

    post.submit()

    assert (post.status, post.rejection_reason, post.approval) == (Status.IN_REVIEW, None, Approval.PENDING)


def test_editing_an_approved_post_takes_the_approval_back() -> None:
    post = approved()

    post.edit(post.manuscript.revised(content="Something nobody approved"))

    assert (post.status, post.approval, post.approved_by) == (Status.DRAFT, Approval.NONE, None)


def test_editing_a_published_post_leaves_it_published() -> None:
    post = published()

    post.edit(post.manuscript.revised(title="Hello again"))

    assert post.status is Status.PUBLISHED


def test_an_edit_that_changes_nothing_records_nothing() -> None:
    post = draft()

    post.edit(post.manuscript.revised(title="  Hello "))

    assert len(post.recorded) == 1


def test_a_step_already_taken_records_nothing() -> None:
    post = published()
    events = len(post.recorded)

    post.publish(NOON)

    assert len(post.recorded) == events


def test_a_post_taken_back_can_be_published_again_without_a_new_review() -> None:
    post = published()
    post.unpublish()
    assert (post.status, post.published_at) == (Status.APPROVED, None)

    post.publish(NOON)

    assert post.status is Status.PUBLISHED


def test_an_archived_post_is_neither_edited_nor_submitted() -> None:
    post = published()
    post.archive()

    with pytest.raises(Archived):
        post.edit(post.manuscript.revised(title="Too late"))
    with pytest.raises(NotSubmittable):
        post.submit()


def test_a_post_is_what_its_stored_events_say() -> None:
    post = approved()
    post.edit(post.manuscript.revised(title="Änderung", tags=(uuid4(),), editors=(EDITOR,), custom_fields={"a": [1, None]}))
    post.submit()
    post.approve(EDITOR, NOON)
    post.publish(NOON)
    post.archive()

    stored = [to_store(event) for event in post.recorded]
    replayed = Post.replay(post.id, [from_store(e.type, e.type_version, e.data) for e in stored])  # type: ignore[misc] # events of posts

    assert replayed == post
    assert post.version == len(post.recorded)


def test_the_same_tags_in_another_order_are_no_edit() -> None:
    first, second = uuid4(), uuid4()
    post = Post.create(uuid4(), AUTHOR, Manuscript.checked(title="Hello", slug="hello", content="World", tags=(first, second)))

    post.edit(post.manuscript.revised(tags=(second, first, second)))

    assert len(post.recorded) == 1


def test_true_and_one_are_different_values_of_a_custom_field() -> None:
    post = Post.create(uuid4(), AUTHOR, Manuscript.checked(title="Hello", slug="hello", content="World", custom_fields={"flag": True}))

    post.edit(post.manuscript.revised(custom_fields={"flag": 1}))

    assert post.recorded[-1] == PostEdited({"custom_fields": {"flag": 1}})


def test_an_edit_stores_only_what_changed() -> None:
    post = draft()

    post.edit(post.manuscript.revised(title="New"))

    assert post.recorded[-1] == PostEdited({"title": "New"})
