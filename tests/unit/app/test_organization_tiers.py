from __future__ import annotations

from uuid import uuid4

from app.management.events import OrganizationTierChanged
from app.management.organizations import Organization
from app.shared.events import from_store, to_store
from tenants.tiers import quotas_of


def acme() -> Organization:
    organization = Organization.found(uuid4(), "acme", "basic", "Acme")
    organization.recorded.clear()
    return organization


def test_a_tier_is_told_with_its_limits_and_only_where_something_changed() -> None:
    organization, team = acme(), quotas_of("team").stored()

    for _ in range(2):
        organization.change_tier("team", team)
        organization.change_tier("team", {**team, "posts": 7})
        organization.change_tier("team", {**team, "posts": 7})

    assert [event.quotas["posts"] for event in organization.recorded if isinstance(event, OrganizationTierChanged)] == [100_000, 7, 100_000, 7]
    assert (organization.tier, organization.version) == ("team", 5)


def test_the_limits_that_it_was_founded_with_are_no_news() -> None:
    organization = acme()

    organization.change_tier("basic", quotas_of("basic").stored())

    assert organization.recorded == []


def test_a_tier_that_no_release_knows_any_more_can_be_left() -> None:
    organization = Organization.found(uuid4(), "acme", "gold", "Acme")
    organization.recorded.clear()

    organization.change_tier("enterprise", {})

    assert organization.recorded == [OrganizationTierChanged(organization.id, "enterprise", {})]


def test_tiers_and_limits_are_replayed_as_they_were_told() -> None:
    organization = acme()
    organization.change_tier("team", {"members": 3})
    stored = to_store(organization.recorded[0])

    replayed = acme()
    replayed.apply(from_store(stored.type, stored.type_version, stored.data))  # type: ignore[arg-type] # any event, by its name

    assert (replayed.tier, replayed.quotas, replayed.version) == ("team", {"members": 3}, 2)
