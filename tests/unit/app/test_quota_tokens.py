from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.edge.quota_tokens import KEPT_SECONDS, Bucket, Grant, Purse


def refill(purse: Purse, bucket: Bucket, now: float) -> Grant:
    wanted, back = purse.ask()
    grant = bucket.take(wanted, back, now)
    purse.receive(grant, now)
    return grant


def test_a_full_bucket_gives_one_seconds_tokens_and_then_one_after_the_other() -> None:
    bucket = Bucket.full(10, now=0.0)

    assert [bucket.take(4, 0, now=0.0) for _ in range(4)] == [(4, 0.0), (4, 0.0), (2, 0.0), (0, pytest.approx(0.1))]
    assert bucket.take(4, 0, now=0.1) == (1, 0.0)
    assert bucket.take(50, 0, now=60.0) == (10, 0.0)


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    bucket = Bucket.full(10, now=5.0)
    bucket.take(10, 0, now=5.0)

    assert bucket.take(1, 0, now=4.0).tokens == 0


def test_what_was_not_spent_in_time_goes_back_into_the_bucket() -> None:
    bucket, purse = Bucket.full(100, now=0.0), Purse(100, batch=5)
    refill(purse, bucket, 0.0)
    assert [purse.spend(0.1) for _ in range(2)] == [True, True]

    assert not purse.spend(KEPT_SECONDS)
    assert purse.ask() == (2, 3)
    assert purse.tokens == 0


def test_batches_grow_while_they_are_spent_and_never_beyond_a_twentieth_of_a_second() -> None:
    bucket, purse, sizes = Bucket.full(200, now=0.0), Purse(200), []
    for _ in range(6):
        sizes.append(refill(purse, bucket, 0.0).tokens)
        while purse.spend(0.0):
            pass

    assert sizes == [2, 4, 8, 10, 10, 10]


def test_a_low_rate_is_taken_one_by_one() -> None:
    bucket, purse = Bucket.full(3, now=0.0), Purse(3)

    assert [refill(purse, bucket, 0.0).tokens for _ in range(1)] == [1]
    assert purse.spend(0.0)
    assert not purse.spend(0.0)


def test_an_empty_purse_knows_how_long_asking_is_useless() -> None:
    bucket, purse = Bucket.full(2, now=0.0), Purse(2)
    bucket.take(2, 0, now=0.0)

    refill(purse, bucket, 0.0)

    assert purse.wait(0.1) == pytest.approx(0.4)
    assert purse.wait(0.5) == 0.0


@given(
    rate=st.integers(1, 300),
    requests=st.lists(st.tuples(st.integers(0, 3), st.floats(0.0, 0.4)), min_size=1, max_size=300),
)
def test_four_processes_together_never_let_in_more_than_the_bucket_gave(rate: int, requests: list[tuple[int, float]]) -> None:
    bucket, purses, now, admitted = Bucket.full(rate, now=0.0), [Purse(rate) for _ in range(4)], 0.0, 0
    for process, pause in requests:
        now += pause
        purse = purses[process]
        if not purse.spend(now) and not purse.wait(now):
            refill(purse, bucket, now)
            admitted += purse.spend(now)
        else:
            admitted += not purse.wait(now)

    assert admitted <= rate + rate * now + 4 * max(1, rate // 20)


@given(rate=st.integers(20, 300), pause=st.floats(1.01, 1.5))
def test_one_process_far_below_the_limit_is_never_refused(rate: int, pause: float) -> None:
    bucket, purse, now = Bucket.full(rate, now=0.0), Purse(rate), 0.0
    for _ in range(200):
        now += pause / rate
        if not purse.spend(now):
            refill(purse, bucket, now)
            assert purse.spend(now)
