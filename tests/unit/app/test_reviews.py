"""Approvals: how many, of whom, and what becomes of them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from app.content.errors import NotInReview, OwnChange, SelfApproval
from app.content.events import PostApprovalGiven, PostApproved, PostWithdrawn
from app.content.posts import Post
from app.content.reviews import GivenApproval, ReviewRules
from app.content.states import Approval, Status
from app.content.values import Manuscript
from app.shared.events import from_store, to_store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AUTHOR, EDITOR, ADMIN, OWNER = uuid4(), uuid4(), uuid4(), uuid4()
TWO = ReviewRules(approvals=2)


def in_review(submitted_by: object = AUTHOR) -> Post:
    post = Post.create(uuid4(), AUTHOR, Manuscript.checked(title="Hello", slug="hello", content="World"))
    post.submit(submitted_by)  # type: ignore[arg-type] # ids
    return post


def replayed(post: Post) -> Post:
    stored = [to_store(event) for event in post.recorded]
    return Post.replay(post.id, [from_store(e.type, e.type_version, e.data) for e in stored])  # type: ignore[misc] # events of posts


def test_a_post_is_approved_when_as_many_different_people_have_approved_as_the_rules_want() -> None:
    post = in_review()

    post.approve(EDITOR, NOON, TWO)
    assert (post.status, post.approval, post.recorded[-1]) == (
        Status.IN_REVIEW,
        Approval.PENDING,
        PostApprovalGiven(post.id, "Hello", AUTHOR, EDITOR, NOON, missing=1),
    )
    post.approve(ADMIN, NOON, TWO)

    assert (post.status, post.approved_by) == (Status.APPROVED, ADMIN)
    assert post.approvals == (GivenApproval(EDITOR, NOON), GivenApproval(ADMIN, NOON))
    assert replayed(post) == post


def test_the_same_person_twice_is_one_approval_and_records_nothing_the_second_time() -> None:
    post = in_review()
    post.approve(EDITOR, NOON, TWO)
    events = len(post.recorded)

    post.approve(EDITOR, NOON, TWO)

    assert (post.status, len(post.recorded)) == (Status.IN_REVIEW, events)


def test_where_fewer_are_wanted_by_now_the_approval_that_was_given_is_enough() -> None:
    post = in_review()
    post.approve(EDITOR, NOON, TWO)

    post.approve(EDITOR, NOON, ReviewRules())

    assert post.status is Status.APPROVED
    assert isinstance(post.recorded[-1], PostApproved)
    assert post.approvals == (GivenApproval(EDITOR, NOON),)


def test_an_author_approves_only_where_self_approval_is_on_and_counts_as_one() -> None:
    post = in_review()

    with pytest.raises(SelfApproval):
        post.approve(AUTHOR, NOON)
    post.approve(AUTHOR, NOON, ReviewRules(approvals=2, self_approval=True))
    assert post.status == "IN_REVIEW"
    post.approve(EDITOR, NOON, ReviewRules(approvals=2, self_approval=True))

    assert post.status == "APPROVED"


def test_whoever_submitted_it_for_the_author_cannot_approve_it() -> None:
    post = in_review(submitted_by=EDITOR)

    with pytest.raises(OwnChange):
        post.approve(EDITOR, NOON)
    post.approve(ADMIN, NOON)

    assert post.status is Status.APPROVED


def test_whoever_changes_a_post_in_review_cannot_approve_it_and_voids_what_others_approved() -> None:
    post = in_review()
    post.approve(EDITOR, NOON, TWO)

    post.edit(post.manuscript.revised(content="Quite another text"), ADMIN)

    assert (post.status, post.approvals) == (Status.IN_REVIEW, ())
    with pytest.raises(OwnChange):
        post.approve(ADMIN, NOON, TWO)
    post.approve(EDITOR, NOON, TWO)
    post.approve(OWNER, NOON, TWO)
    assert post.status is Status.APPROVED
    assert replayed(post) == post


def test_who_changed_it_in_an_earlier_round_may_approve_the_next() -> None:
    post = in_review()
    post.edit(post.manuscript.revised(content="Another text"), EDITOR)
    post.reject(ADMIN, "Not like this.")
    post.submit(AUTHOR)

    post.approve(EDITOR, NOON)

    assert post.status is Status.APPROVED


def test_rejecting_and_withdrawing_void_the_approvals_given_so_far() -> None:
    for end in (lambda post: post.reject(ADMIN, "No."), Post.withdraw):
        post = in_review()
        post.approve(EDITOR, NOON, TWO)
        end(post)
        assert post.approvals == ()
        post.submit(AUTHOR)
        post.approve(ADMIN, NOON, TWO)
        assert post.status is Status.IN_REVIEW
        assert replayed(post) == post


def test_a_post_in_review_is_withdrawn_and_becomes_a_draft_no_other_can_be() -> None:
    post = in_review()

    post.withdraw()
    assert (post.status, post.approval, post.recorded[-1]) == (Status.DRAFT, Approval.NONE, PostWithdrawn(post.id, AUTHOR))
    post.withdraw()
    assert len(post.recorded) == 3

    post.submit()
    post.approve(EDITOR, NOON)
    with pytest.raises(NotInReview):
        post.withdraw()
