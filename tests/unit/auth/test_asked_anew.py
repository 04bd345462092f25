"""Whether a provider that was told to ask somebody again says that it has."""

from __future__ import annotations

from typing import Any

import pytest

from auth.oidc.id_tokens import AUTHENTICATED_WITHIN, check_authenticated
from auth.sso.checks import Checks, SignInRefused

NOW = 1_000_000.0


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("seconds", [-AUTHENTICATED_WITHIN, 0, 60])
def test_a_sign_in_of_the_last_minutes_is_one(seconds: int, says: bool) -> None:  # noqa: FBT001 - a parameter of the test
    checks = Checks()
    check_authenticated({"auth_time": NOW + seconds}, checks, says=says, now=NOW)

    assert [check.name for check in checks.done] == ["token_auth_time"]


@pytest.mark.parametrize("says", [True, False])
@pytest.mark.parametrize("said", [NOW - AUTHENTICATED_WITHIN - 1, NOW + 61, "now", None])
def test_another_time_is_none(said: Any, says: bool) -> None:  # noqa: FBT001 - a parameter of the test
    with pytest.raises(SignInRefused):
        check_authenticated({"auth_time": said}, Checks(), says=says, now=NOW)


def test_who_can_say_when_has_to_and_who_cannot_is_taken_at_its_word() -> None:
    with pytest.raises(SignInRefused):
        check_authenticated({}, Checks(), says=True, now=NOW)
    check_authenticated({}, Checks(), says=False, now=NOW)
