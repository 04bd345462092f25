from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations.backoff import FIRST_LOCK_MS, LONGEST_LOCK_MS, LONGEST_PAUSE, lock_milliseconds, pause
from migrations.waves import Tally, WaveSize, waves
from tenants.errors import ValidationFailed


@pytest.mark.parametrize(
    ("text", "tenants", "size"), [("25", 100, 25), ("10%", 100, 10), ("10%", 101, 11), ("1%", 3, 1), ("100%", 7, 7), (" 5 ", 9, 5)]
)
def test_a_wave_is_a_number_of_tenants_or_a_share_of_them(text: str, tenants: int, size: int) -> None:
    assert WaveSize.parse(text).of(tenants) == size


@pytest.mark.parametrize("text", ["", "0", "0%", "101%", "-1", "ten", "1.5", "5 %", "9999999", "\N{ARABIC-INDIC DIGIT FIVE}"])
def test_anything_else_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(ValidationFailed, match="neither a number of tenants such as 25 nor a share of them such as 10%"):
        WaveSize.parse(text)


def test_canaries_go_before_all_others() -> None:
    assert waves(["c"], list("abde"), WaveSize(2)) == [["c"], ["a", "b"], ["d", "e"]]
    assert waves([], list("abc"), None) == [["a", "b", "c"]]
    assert waves(["c"], list("ab"), None) == [["c"], ["a", "b"]]
    assert waves([], [], WaveSize(10, percent=True)) == []


@given(st.lists(st.integers()), st.lists(st.integers()), st.none() | st.builds(WaveSize, st.integers(1, 100), st.booleans()))
def test_everybody_is_in_one_wave_and_in_order(canaries: list[int], others: list[int], size: WaveSize | None) -> None:
    made = waves(canaries, others, size)

    assert [tenant for wave in made for tenant in wave] == canaries + others
    assert all(made)


def _tally(tried: int, failed: int = 0, locked_out: int = 0) -> Tally:
    return Tally(tried, failed, locked_out)


@pytest.mark.parametrize(
    ("tally", "ended", "objection"),
    [
        (_tally(0), True, None),
        (_tally(10, failed=2), True, None),
        (_tally(10, failed=3), True, "3 of 10 tenants failed, more than 20%"),
        (_tally(1, failed=1), True, "1 of 1 tenants failed, more than 20%"),
        (_tally(4, failed=4), False, None),
        (_tally(5, failed=5), False, "5 of 5 tenants failed, more than 20%"),
        (_tally(100, failed=20), False, None),
        (_tally(10, locked_out=3), True, "3 of 10 tenants met locks that others held, more than 20%"),
    ],
)
def test_a_run_halts_when_too_large_a_share_failed_or_met_locks(tally: Tally, *, ended: bool, objection: str | None) -> None:
    assert tally.objection(0.2, ended=ended) == objection


def test_the_first_attempts_wait_a_moment_only_and_none_waits_long() -> None:
    assert [lock_milliseconds(attempt) for attempt in range(1, 8)] == [50, 100, 200, 400, 800, 1600, 2000]
    assert lock_milliseconds(10_000) == LONGEST_LOCK_MS


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_are_longer_than_the_waits_and_bounded(attempt: int, spread: float) -> None:
    assert FIRST_LOCK_MS / 1000 <= pause(attempt, spread) <= LONGEST_PAUSE * 1.25
    assert pause(attempt, spread) > lock_milliseconds(attempt) / 1000


def test_what_is_left_is_expected_at_the_pace_of_those_that_were_tried() -> None:
    tally = Tally()
    for seconds in (0.01, 0.03):
        tally.add(failed=False, locked_out=False, seconds=seconds)

    assert tally.expected(1000, jobs=2) == pytest.approx(10.0)
    assert Tally().expected(1000, jobs=2) == 0.0
