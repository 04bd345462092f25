from __future__ import annotations

from itertools import pairwise

import pytest

from tenants.errors import ValidationFailed
from tenants.tiers import LIMITS, TIERS, QuotaExceeded, Quotas, quotas_of


def test_a_tier_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValidationFailed, match="there is no tier 'gold'; it is one of basic, team, enterprise") as refused:
        quotas_of("gold")

    assert refused.value.code == "VALIDATION_FAILED"


def test_each_tier_allows_at_least_what_the_one_before_it_does() -> None:
    limits = [[getattr(quotas, name) or float("inf") for name in LIMITS] for quotas in TIERS.values()]

    assert list(TIERS) == ["basic", "team", "enterprise"]
    assert all(low < high for before, after in pairwise(limits) for low, high in zip(before, after, strict=True))
    assert TIERS["enterprise"] == Quotas()


@pytest.mark.parametrize("tier", TIERS)
def test_quotas_are_read_as_they_were_stored(tier: str) -> None:
    assert Quotas.of(quotas_of(tier).stored()) == quotas_of(tier)


def test_limits_of_a_later_release_are_passed_over_and_missing_ones_are_none() -> None:
    assert Quotas.of({"posts": 3, "wishes": 7, "members": None}) == Quotas(posts=3)


def test_single_limits_are_set_anew_or_lifted() -> None:
    assert Quotas(members=1, posts=2).with_overrides({"members": 5, "posts": None}) == Quotas(members=5)


@pytest.mark.parametrize("limit", [0, -1, 2_000_000_001])
def test_a_limit_that_lets_nobody_in_or_is_none_in_disguise_is_refused(limit: int) -> None:
    with pytest.raises(ValidationFailed, match=r"posts: takes a whole number from 1 to 2,000,000,000, or none"):
        Quotas().with_overrides({"posts": limit})


def test_a_refusal_names_the_limit_what_is_used_and_whom_to_ask() -> None:
    refusal = QuotaExceeded("posts", 10, 10, "There are 10 posts, as many as this organization may have.")

    assert refusal.code == "LIMIT_EXCEEDED"
    assert refusal.message == ("There are 10 posts, as many as this organization may have. Ask whoever runs this installation for a larger tier.")
    assert refusal.extensions() == {"limit": "posts", "allowed": 10, "used": 10}
