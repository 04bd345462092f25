"""Codes of authenticators and on paper."""

from __future__ import annotations

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.factors.codes import CODES, STEP, address_of, new_recovery_codes, new_secret, plain, step_of

SECRET = new_secret()
NOW = 1_800_000_000.0
STEP_NOW = int(NOW) // STEP


def code(steps: int) -> str:
    return pyotp.TOTP(SECRET).at((STEP_NOW + steps) * STEP)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_half_a_minute_either_way_is_taken_and_a_minute_is_not(steps: int, taken: bool) -> None:  # noqa: FBT001 - a table
    assert (step_of(SECRET, code(steps), NOW, 0) == STEP_NOW + steps) is taken


def test_no_code_works_twice_nor_one_before_it() -> None:
    assert step_of(SECRET, code(0), NOW, STEP_NOW) is None
    assert step_of(SECRET, code(-1), NOW, STEP_NOW) is None
    assert step_of(SECRET, code(1), NOW, STEP_NOW) == STEP_NOW + 1


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused(text: str) -> None:
    assert text in {code(-1), code(0), code(1)} or step_of(SECRET, text, NOW, 0) is None


def test_ten_recovery_codes_that_differ_and_are_read_however_they_are_typed() -> None:
    codes = new_recovery_codes()

    assert len({plain(one) for one in codes}) == CODES
    assert plain(" 7qf3k m2tdx ") == "7QF3KM2TDX"


def test_the_picture_holds_what_an_authenticator_reads() -> None:
    assert address_of(SECRET, issuer="Acme & Söhne", account="kim").startswith("otpauth://totp/Acme%20%26%20S%C3%B6hne:kim?secret=")
