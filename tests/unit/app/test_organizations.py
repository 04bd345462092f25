from __future__ import annotations

from uuid import uuid4

import pytest

from app.management import policy
from app.management.events import OrganizationRenamed, OrganizationResumed, OrganizationSuspended
from app.management.organizations import Organization
from app.shared.events import from_store, to_store
from auth.principal import SYSTEM, Kind, Principal
from tenants.errors import Forbidden


def acme() -> Organization:
    organization = Organization.found(uuid4(), "acme", "basic", "Acme")
    organization.recorded.clear()
    return organization


def test_what_the_operator_decides_is_recorded_once() -> None:
    organization = acme()

    for _ in range(2):
        organization.rename("apex")
        organization.suspend("unpaid")
    organization.suspend("still unpaid")
    for _ in range(2):
        organization.resume()

    assert organization.recorded == [
        OrganizationRenamed(organization.id, "apex"),
        OrganizationSuspended(organization.id, "unpaid"),
        OrganizationSuspended(organization.id, "still unpaid"),
        OrganizationResumed(organization.id),
    ]
    assert (organization.slug, organization.suspended, organization.suspended_because, organization.version) == ("apex", False, None, 5)


def test_resuming_what_was_never_suspended_says_nothing() -> None:
    organization = acme()

    organization.resume()

    assert organization.recorded == []


def test_an_organization_is_the_fold_of_its_stored_events() -> None:
    organization = Organization.found(uuid4(), "acme", "basic", "Acme")
    organization.rename("apex")
    organization.suspend(None)

    replayed = Organization(organization.id)
    for happened in organization.recorded:
        stored = to_store(happened)
        replayed.apply(from_store(stored.type, stored.type_version, stored.data))  # type: ignore[arg-type] # any event, by its name

    assert replayed == organization


def test_none_of_its_people_can_tell_an_organization_what_the_operator_decided() -> None:
    policy.may_tell(SYSTEM)
    with pytest.raises(Forbidden):
        policy.may_tell(Principal(Kind.PERSON, uuid4(), "owner", frozenset({"organization.configure"})))
