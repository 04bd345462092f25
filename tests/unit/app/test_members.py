"""The rules of people, and that their state is a fold of their events."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.shared.events import from_store, to_store
from app.users import errors
from app.users.events import UserEvent
from app.users.members import Status, User
from app.users.profiles import SealedPreferences, SealedProfile
from tenants.errors import Refusal

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SEALED = SealedProfile(b"u", b"n")


def invited(role: str = "author") -> User:
    return User.invite(uuid4(), role, SEALED, b"address")


def active(role: str = "author") -> User:
    user = invited(role)
    user.activate(NOON)
    user.recorded.clear()
    return user


def test_whoever_is_invited_comes_in_once_with_an_address_that_is_theirs() -> None:
    user = invited()

    user.activate(NOON)
    user.activate(NOON)

    assert (user.status, user.verified_at, user.version) == (Status.ACTIVE, NOON, 2)


def test_whoever_is_vouched_for_has_proven_no_address() -> None:
    user = invited()

    user.activate()

    assert (user.status, user.verified_at) == (Status.ACTIVE, None)


@pytest.mark.parametrize("verb", ["suspend", "remove", "change_role"])
def test_the_last_active_owner_stays(verb: str) -> None:
    owner = active("owner")

    with pytest.raises(errors.LastOwner):
        _leave(owner, verb, others=0)

    assert owner.recorded == []
    _leave(owner, verb, others=1)
    assert len(owner.recorded) == 1


def test_an_owner_who_never_came_or_is_kept_out_may_go() -> None:
    waiting, kept_out = invited("owner"), active("owner")
    kept_out.suspend(others=1)

    waiting.remove(others=0)
    kept_out.remove(others=0)

    assert waiting.status is kept_out.status is Status.REMOVED


def test_suspending_and_reactivating_are_done_once() -> None:
    user = active()

    user.suspend(others=1)
    user.suspend(others=1)
    user.reactivate()
    user.reactivate()

    assert [type(event).__name__ for event in user.recorded] == ["UserSuspended", "UserReactivated"]


def test_whoever_has_left_is_left_alone_and_may_be_invited_again_without_what_was_granted() -> None:
    user = active()
    user.grant({"audit.read"})
    user.give_address(b"new")
    user.remove(others=1)
    user.remove(others=1)

    verbs: list[Callable[[], None]] = [
        lambda: user.grant({"audit.read"}),
        lambda: user.change_role("editor", others=1),
        lambda: user.change_profile(SEALED),
    ]
    for verb in verbs:
        with pytest.raises(errors.HasLeft):
            verb()
    with pytest.raises(errors.NotActive):
        user.suspend(others=1)
    with pytest.raises(errors.NotSuspended):
        user.reactivate()

    user.invite_again("reader")
    assert (user.status, user.role, user.permissions, user.new_email) == (Status.INVITED, "reader", (), None)


def test_members_are_not_invited_again() -> None:
    with pytest.raises(errors.MemberAlready):
        active().invite_again("reader")


def test_grants_are_beside_the_role_and_given_and_taken_once() -> None:
    user = active()

    user.grant({"audit.read", "users.invite"})
    user.grant({"audit.read"})
    user.revoke({"audit.read", "content.create"})
    user.revoke({"audit.read"})

    assert (user.permissions, len(user.recorded)) == (("users.invite",), 2)


def test_an_address_counts_when_it_is_confirmed() -> None:
    user = active()
    with pytest.raises(errors.NoAddressGiven):
        user.confirm_address(NOON)

    user.give_address(b"first")
    user.give_address(b"second")
    assert user.email == b"address"
    user.confirm_address(NOON.replace(hour=13))

    assert (user.email, user.new_email, user.verified_at) == (b"second", None, NOON.replace(hour=13))


VERBS = ("activate", "invite", "suspend", "reactivate", "remove", "role", "grant", "revoke", "profile", "preferences", "give", "confirm", "follow")


@given(st.lists(st.sampled_from(VERBS), max_size=30))
def test_whatever_happens_to_a_person_replays(verbs: list[str]) -> None:
    user = invited("owner")
    for number, verb in enumerate(verbs):
        with suppress(Refusal):
            _take(user, verb, number)

    again = User(user.id)
    for happened in user.recorded:
        stored = to_store(happened)
        event: UserEvent = from_store(stored.type, stored.type_version, stored.data)  # type: ignore[assignment] # of this aggregate
        again.apply(event)
    assert again == user


def _leave(owner: User, verb: str, others: int) -> None:
    if verb == "change_role":
        owner.change_role("admin", others=others)
    else:
        getattr(owner, verb)(others=others)


def _take(user: User, verb: str, number: int) -> None:
    word = f"word {number}".encode()
    steps: dict[str, Callable[[], None]] = {
        "activate": lambda: user.activate(NOON if number % 2 else None),
        "invite": lambda: user.invite_again("reader"),
        "suspend": lambda: user.suspend(others=number % 2),
        "reactivate": user.reactivate,
        "remove": lambda: user.remove(others=number % 2),
        "role": lambda: user.change_role(("owner", "editor")[number % 2], others=number % 3),
        "grant": lambda: user.grant({"audit.read", f"x.{number % 3}"}),
        "revoke": lambda: user.revoke({"audit.read"}),
        "profile": lambda: user.change_profile(SealedProfile(word, word, bio=word if number % 2 else None, phone=word)),
        "preferences": lambda: user.change_preferences(SealedPreferences(word, None, ("EMAIL",))),
        "give": lambda: user.give_address(word),
        "confirm": lambda: user.confirm_address(NOON),
        "follow": lambda: user.follow_role("guest"),
    }
    steps[verb]()


def test_somebody_erased_is_left_with_an_id_a_role_and_nothing_that_says_who_they_were() -> None:
    user = active("editor")
    user.grant(["content.delete"])
    version = user.version

    user.erase(others=0)
    user.erase(others=0)

    assert (user.role, user.permissions, user.status) == ("editor", (), Status.ERASED)
    assert (user.sealed, user.email, user.new_email, user.verified_at, user.preferences) == (None, None, None, None, SealedPreferences())
    assert user.version == version + 1


def test_the_last_owner_cannot_be_erased() -> None:
    owner = active("owner")

    with pytest.raises(errors.LastOwner):
        owner.erase(others=0)
    owner.erase(others=1)

    assert owner.status is Status.ERASED
