"""What profiles and preferences take, and that all of it comes out of events again under the person's key alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from app.users.profiles import Preferences, Profile
from app.users.sealing import PersonalKey
from tenants.errors import ValidationFailed
from tenants.secrets import TenantKey, Undecipherable, new_key

ADA = Profile("ada", "Ada Lindqvist")


def test_a_profile_is_tidied_and_empty_text_is_none() -> None:
    changed = ADA.revised({"name": "  Ada   Lovelace ", "bio": "One\r\ntwo ", "website": "", "job_title": "Editor\tin chief", "phone": None})

    assert changed == replace(ADA, name="Ada Lovelace", bio="One\ntwo", job_title="Editor in chief")


def test_everything_wrong_with_a_profile_is_named_at_once() -> None:
    wrong = {
        "username": "Not A Slug",
        "name": " ",
        "avatar_url": "http://example.org/a.png",
        "website": "https://user:word@example.org",
        "bio": "x" * 1001,
        "job_title": "x" * 121,
        "pronouns": "a\0b",
        "phone": "call me",
        "location": "\ud800",
    }

    with pytest.raises(ValidationFailed) as refusal:
        ADA.revised(wrong)

    assert refusal.value.fields.keys() == {"username", "name", "avatarUrl", "website", "bio", "jobTitle", "pronouns", "phone", "location"}
    for name in ("username", "name"):
        with pytest.raises(ValidationFailed):
            ADA.revised({name: None})


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://", "https://a b", "//example.org", "https://[", "https://e\nx.org"])
def test_addresses_of_pages_are_https(url: str) -> None:
    with pytest.raises(ValidationFailed):
        ADA.revised({"website": url})


def test_preferences_are_languages_places_and_channels_that_there_are() -> None:
    fine = Preferences("de-AT", "Europe/Vienna", ("EMAIL", "IN_APP", "EMAIL")).checked()

    assert fine.channels == ("IN_APP", "EMAIL")
    with pytest.raises(ValidationFailed) as refusal:
        Preferences("german!", "Middle/Earth", ("PIGEON",)).checked()
    assert refusal.value.fields.keys() == {"language", "timeZone", "notificationChannels"}


def test_what_is_sealed_opens_for_its_own_person_alone() -> None:
    tenant, person = TenantKey(new_key()), uuid4()
    key = PersonalKey(tenant, person, tenant.wrap_person_key(person, new_key()))
    full = ADA.revised({"bio": "Hello 🖋", "phone": "+43 1 234567", "location": "Wien"})
    preferences = Preferences("de", None, ())

    sealed, kept = key.seal_profile(full), key.seal_preferences(preferences)

    assert key.open_profile(sealed) == full
    assert key.open_preferences(kept) == preferences
    assert b"Wien" not in b"".join(filter(None, (sealed.location, sealed.bio, sealed.name)))
    other = PersonalKey(tenant, person, tenant.wrap_person_key(person, new_key()))
    with pytest.raises(Undecipherable):
        other.open_profile(sealed)
