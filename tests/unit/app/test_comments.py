"""A comment's rules, and that its state is a fold of its events."""

# ruff: noqa: FBT001 - cases are given by name

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comments import errors
from app.comments.comments import Comment
from app.comments.events import CommentApproved, CommentDeleted, CommentGuestErased, SealedGuest, Subject
from app.comments.policy import waits
from app.comments.spam import looks_like_spam
from app.comments.values import DEEPEST, Moderation, Status, Waiting, comment_body
from app.shared.events import from_store, to_store
from auth.principal import Kind, Principal
from tenants.errors import Refusal, ValidationFailed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
READER, MODERATOR = uuid4(), uuid4()
POST = Subject(uuid4(), "A post", uuid4())


def said(waits: Waiting | None = None, parent: Comment | None = None) -> Comment:
    return Comment.add(uuid4(), POST, READER, "Well put", NOON, waits=waits, parent=parent)


def test_a_guest_is_known_until_they_are_erased_or_their_comment_deleted_and_moderated_like_everybody() -> None:
    guest = SealedGuest(b"name", b"email")
    erased, deleted = [Comment.add(uuid4(), POST, None, "Well put", NOON, waits=Waiting.GUEST, guest=guest) for _ in range(2)]
    erased.approve(POST, MODERATOR, NOON)

    for _ in range(2):
        erased.erase_guest(MODERATOR)
    deleted.delete(MODERATOR, has_replies=False)
    deleted.erase_guest(MODERATOR)

    assert erased.recorded[2:] == [CommentGuestErased(erased.id, POST.post_id, MODERATOR)]
    assert (erased.status, erased.body, erased.by_guest, erased.guest) == (Status.APPROVED, "Well put", False, None)
    assert (deleted.status, deleted.by_guest, deleted.guest, len(deleted.recorded)) == (Status.DELETED, False, None, 2)
    for comment in (erased, deleted):
        assert Comment.replay(comment.id, comment.recorded) == comment


def test_a_comment_that_need_not_wait_is_approved_from_the_start() -> None:
    comment = said()

    assert (comment.status, comment.shown_at, comment.moderated_by) == (Status.APPROVED, NOON, None)


def test_a_moderator_approves_a_waiting_comment_once() -> None:
    comment = said(Waiting.FIRST)

    comment.approve(POST, MODERATOR, NOON)
    comment.approve(POST, MODERATOR, NOON)

    assert (comment.status, comment.waits_because, comment.moderated_by, comment.version) == (Status.APPROVED, None, MODERATOR, 2)
    assert comment.recorded[-1] == CommentApproved(comment.id, POST, READER, MODERATOR, NOON, first=True)


def test_only_the_first_approval_is_news() -> None:
    comment = said()
    comment.reject(MODERATOR, NOON)

    comment.approve(POST, MODERATOR, NOON)

    assert comment.recorded[-1] == CommentApproved(comment.id, POST, READER, MODERATOR, NOON, first=False)


@pytest.mark.parametrize(("late", "open_"), [(timedelta(minutes=15), True), (timedelta(minutes=15, microseconds=1), False)])
def test_comments_are_edited_within_fifteen_minutes(late: timedelta, open_: bool) -> None:
    comment = said()

    if open_:
        comment.edit(POST, "Better put", NOON + late, waits=None)
        assert (comment.body, comment.edited_at, comment.status) == ("Better put", NOON + late, Status.APPROVED)
    else:
        with pytest.raises(errors.EditWindowClosed):
            comment.edit(POST, "Better put", NOON + late, waits=None)
        assert (comment.body, comment.version) == ("Well put", 1)


def test_an_edit_can_send_an_approved_comment_back_to_waiting_and_never_approves_one() -> None:
    approved, waiting = said(), said(Waiting.FIRST)

    approved.edit(POST, "Buy!", NOON, waits=Waiting.SPAM)
    waiting.edit(POST, "Other", NOON, waits=None)

    assert (approved.status, approved.waits_because) == (Status.PENDING, Waiting.SPAM)
    assert (waiting.status, waiting.waits_because) == (Status.PENDING, Waiting.FIRST)


def test_the_same_words_again_are_no_edit() -> None:
    comment = said()

    comment.edit(POST, "Well put", NOON, waits=Waiting.ALL)

    assert (comment.version, comment.status) == (1, Status.APPROVED)


def test_a_rejected_comment_cannot_be_edited() -> None:
    comment = said()
    comment.reject(MODERATOR, NOON)

    with pytest.raises(errors.CommentRejected):
        comment.edit(POST, "Again", NOON, waits=None)


def test_what_is_deleted_has_no_words_and_no_author_and_stays_deleted() -> None:
    comment = said()
    comment.delete(READER, has_replies=True)
    comment.delete(READER, has_replies=False)

    assert (comment.status, comment.body, comment.author_id, comment.tombstone, comment.version) == (Status.DELETED, "", None, True, 2)
    assert comment.recorded[-1] == CommentDeleted(comment.id, POST.post_id, READER, READER, has_replies=True)
    with pytest.raises(errors.CommentDeleted):
        comment.approve(POST, MODERATOR, NOON)
    with pytest.raises(errors.CommentDeleted):
        comment.edit(POST, "Back", NOON, waits=None)


def test_replies_go_six_deep() -> None:
    comment = said()
    for _ in range(DEEPEST):
        comment = said(parent=comment)

    assert comment.depth == DEEPEST == 6
    with pytest.raises(errors.ThreadTooDeep):
        said(parent=comment)


def test_only_approved_comments_take_replies() -> None:
    deleted = said()
    deleted.delete(READER, has_replies=False)

    with pytest.raises(errors.ParentNotApproved):
        said(parent=said(Waiting.FIRST))
    with pytest.raises(errors.CommentDeleted):
        said(parent=deleted)


MODERATES = Principal(Kind.PERSON, MODERATOR, "moderator", frozenset({"comments.moderate"}))
READS = Principal(Kind.PERSON, READER, "reader")


@pytest.mark.parametrize(
    ("mode", "known", "spam", "expected"),
    [
        (Moderation.OPEN, False, False, None),
        (Moderation.OPEN, True, True, Waiting.SPAM),
        (Moderation.FIRST_TIME, False, False, Waiting.FIRST),
        (Moderation.FIRST_TIME, True, False, None),
        (Moderation.FIRST_TIME, True, True, Waiting.SPAM),
        (Moderation.ALL, True, False, Waiting.ALL),
        (Moderation.ALL, False, True, Waiting.SPAM),
    ],
)
def test_whose_comments_wait(mode: Moderation, known: bool, spam: bool, expected: Waiting | None) -> None:
    assert waits(READS, mode, known=known, spam=spam) is expected
    assert waits(MODERATES, mode, known=known, spam=spam) is None


@pytest.mark.parametrize(
    ("body", "recent", "expected"),
    [
        ("I think so too.", [], False),
        ("See https://a.example and www.b.example", [], False),
        ("https://a.example https://b.example http://c.example", [], True),
        ("Great post!", ["great   POST"], True),
        ("Great post!", ["Another great post"], False),
        ("cheap cheap cheap cheap pills here now today", [], True),
        ("!!!", ["???"], False),
    ],
)
def test_what_looks_like_spam(body: str, recent: list[str], expected: bool) -> None:
    assert looks_like_spam(body, recent) is expected


def test_another_scorer_is_heard_too() -> None:
    assert looks_like_spam("plain", [], {"stern": lambda _body, _recent: 1.0})


@pytest.mark.parametrize("body", ["", "  \n ", "x" * 10_001, "a\x00b"])
def test_a_body_has_one_to_ten_thousand_characters_of_text(body: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        comment_body(body)

    assert refused.value.fields.keys() == {"body"}


STEPS = st.lists(st.sampled_from(("edit", "hide", "approve", "reject", "delete", "leave")), max_size=12)


def take(comment: Comment, step: str, number: int) -> None:
    at = NOON + timedelta(minutes=number)
    match step:
        case "edit":
            comment.edit(POST, f"Take {number}", at, waits=None)
        case "hide":
            comment.edit(POST, f"Take {number}", at, waits=Waiting.SPAM)
        case "approve":
            comment.approve(POST, MODERATOR, at)
        case "reject":
            comment.reject(MODERATOR, at)
        case "delete":
            comment.delete(READER, has_replies=True)
        case _:
            comment.delete(MODERATOR, has_replies=False)


@given(STEPS, st.sampled_from((None, *Waiting)))
def test_whatever_happens_to_a_comment_replays(steps: list[str], first: Waiting | None) -> None:
    comment = said(first)
    for number, step in enumerate(steps):
        before = comment.version
        try:
            take(comment, step, number)
        except Refusal:
            assert comment.version == before

    stored = [to_store(event) for event in comment.recorded]
    events = [from_store(event.type, event.type_version, event.data) for event in stored]
    assert Comment.replay(comment.id, events) == comment  # type: ignore[arg-type] # events of comments
