from __future__ import annotations

import pytest

from auth.backoff import (
    ASKED_FOR_NAME,
    ASKED_FROM_ADDRESS,
    ASKED_OF_INSTALLATION,
    ASKED_OF_ORGANIZATION,
    PER_ADDRESS,
    PER_NAME,
    Backoff,
    Count,
)
from auth.ledgers import LocalLedger
from auth.limits import name_counted

RULE = Backoff(free=5, longest=60, window=600)


@pytest.mark.parametrize(("attempts", "wait"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (500, 60)])
def test_waits_double_from_the_fifth_attempt_up_to_the_longest(attempts: int, wait: int) -> None:
    assert RULE.wait_after(attempts) == wait


def test_an_attempt_that_has_to_wait_is_not_counted() -> None:
    count = Count()
    assert [count.charge(RULE, 0.0) for _ in range(8)] == [0, 0, 0, 0, 0, 1, 1, 1]
    assert count.attempts == 5
    assert count.charge(RULE, 1.0) == 0
    assert count.wait(1.5) == 1.5


def test_after_its_window_of_quiet_everything_is_forgotten() -> None:
    count = Count()
    for _ in range(5):
        count.charge(RULE, 0.0)
    assert count.wait(600.0) == 0
    assert count.charge(RULE, 600.0) == 0
    assert count.attempts == 1


def test_a_steady_window_ends_however_many_attempts_follow_the_first() -> None:
    rule = Backoff(free=2, longest=10, window=60, first=4, steady=True)
    count = Count()
    assert [count.charge(rule, 0.0), count.charge(rule, 1.0), count.charge(rule, 2.0)] == [0, 0, 3]
    assert [count.charge(rule, 5.0), count.charge(rule, 6.0)] == [0, 7]
    assert [count.charge(rule, 59.0), count.charge(rule, 60.0), count.attempts] == [0, 0, 1]


@pytest.mark.parametrize("rule", [ASKED_FOR_NAME, ASKED_FROM_ADDRESS, ASKED_OF_ORGANIZATION, ASKED_OF_INSTALLATION])
def test_letters_that_anybody_can_ask_for_never_wait_longer_than_what_is_remembered(rule: Backoff) -> None:
    assert rule.longest < rule.window
    assert rule.wait_after(rule.free) == rule.first


@pytest.mark.parametrize("rule", [PER_NAME, PER_ADDRESS])
def test_what_is_in_force_is_five_and_never_longer_than_what_is_remembered(rule: Backoff) -> None:
    assert rule.free == 5
    assert rule.longest < rule.window


async def test_this_process_remembers_each_key_by_itself_and_refunds_one_attempt() -> None:
    now = [0.0]
    ledger = LocalLedger(lambda: now[0])
    for _ in range(5):
        assert await ledger.charge("acme:kim", RULE) == 0
    assert await ledger.charge("acme:kim", RULE) == 1
    assert await ledger.charge("globex:kim", RULE) == 0
    await ledger.refund("acme:kim")
    assert await ledger.charge("acme:kim", RULE) == 0
    assert await ledger.charge("acme:kim", RULE) == 1
    await ledger.clear("acme:kim")
    assert await ledger.charge("acme:kim", RULE) == 0


def test_an_attempt_is_charged_to_the_name_as_it_is_looked_up_and_to_no_other() -> None:
    assert name_counted("  Kim@Acme.Example\n") == name_counted("kim@acme.example")
    assert len({name_counted(login) for login in ("kim", "kim@acme.example", "strasse", "straße")}) == 4
