from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.management import policy
from app.management.commands import ConfigureOrganization
from app.management.events import OrganizationConfigured
from app.management.organizations import Changes, Organization, OrganizationKept
from app.management.rules import contrast_with_white
from app.management.values import POLICIES, value_at
from app.shared.events import from_store, to_store
from auth.principal import ANONYMOUS, SYSTEM, Kind, Principal
from tenants.errors import Forbidden, Unauthenticated, ValidationFailed


def acme() -> Organization:
    organization = Organization.found(uuid4(), "acme", "basic", "Acme")
    organization.recorded.clear()
    return organization


def refusal(**given: Any) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as refused:
        ConfigureOrganization(**given).checked()
    return refused.value.fields


def test_only_what_differs_is_recorded_and_the_rest_stays() -> None:
    organization = acme()

    organization.configure(Changes(policies={"comments.moderation": "all", "reading.public": False}))
    organization.configure(Changes("Apex", policies={"posts.selfApproval": True, "reading.public": False}))

    assert organization.recorded[1] == OrganizationConfigured(organization.id, "Apex", policies={"posts.selfApproval": True})
    assert organization.policies == {"comments": {"moderation": "all"}, "posts": {"selfApproval": True}, "reading": {"public": False}}
    assert (organization.name, organization.version) == ("Apex", 3)


def test_choosing_what_holds_already_says_nothing() -> None:
    organization = acme()

    organization.configure(Changes("Acme", {"language": "en", "customFields": None}, {"tagline": None}, {"passwords.shortest": 12}))

    assert organization.recorded == []


def test_null_brings_back_the_default_and_leaves_nothing_behind() -> None:
    organization = acme()
    organization.configure(Changes(policies={"reading.public": False}, branding={"tagline": "Ink"}))

    organization.configure(ConfigureOrganization(policies={"reading": None}, branding={"tagline": None}).checked())

    assert (organization.policies, organization.branding) == ({}, {})
    assert value_at(POLICIES, organization.policies, "reading.public") is True


def test_an_organization_with_choices_is_the_fold_of_its_stored_events() -> None:
    organization = Organization.receive(
        uuid4(), OrganizationKept(uuid4(), "Acme", {"language": "de"}, {}, {"posts": {"approvals": 2}}), "acme", "basic"
    )
    organization.configure(Changes(None, {"customFields": {"type": "object", "properties": {"a": {"const": None}}}}, {}, {"posts.approvals": None}))

    replayed = Organization(organization.id)
    for happened in organization.recorded:
        stored = to_store(happened)
        replayed.apply(from_store(stored.type, stored.type_version, stored.data))  # type: ignore[arg-type] # any event, by its name

    assert replayed == organization
    assert organization.settings == {"language": "de", "customFields": {"type": "object", "properties": {"a": {"const": None}}}}


def test_everything_that_is_wrong_is_said_at_once_by_its_path() -> None:
    fields = refusal(
        name=" ",
        settings={"language": "xx", "customFields": {"properties": {"a": {"type": "foo"}}}, "theme": 1},
        branding={"accentColor": "#ffff00", "logoUrl": "http://x.example/l.png", "tagline": "x" * 201},
        policies={"reading": {"public": "no"}, "comments": 5, "passwords": {"shortest": 7, "longest": 9}, "sessions": {"hours": 1.5}, "": {}},
    )

    assert fields.keys() == {
        "name",
        "settings.language",
        "settings.customFields.properties.a.type",
        "settings.theme",
        "branding.accentColor",
        "branding.logoUrl",
        "branding.tagline",
        "policies.reading.public",
        "policies.comments",
        "policies.passwords.shortest",
        "policies.passwords.longest",
        "policies.sessions.hours",
        "policies.",
    }
    assert fields["settings.theme"] == "is not known; there are language, customFields"
    assert fields["policies.comments"] == "takes an object with moderation, guests"
    assert fields["policies.passwords.shortest"] == "takes a whole number from 8 to 64"


@pytest.mark.parametrize("given", [None, [], "x", 3])
def test_what_is_no_object_is_refused(given: Any) -> None:
    assert refusal(policies=given) == {"policies": "takes a JSON object"}


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@x.example/l.png",
        "https://",
        "//x.example/l.png",
        "https://x.example/a b.png",
        'https://x.example/"l.png',
        "https://x.example/;l.png",
        "javascript:alert(1)",
        "https://x.example/" + "a" * 2000,
        "https://[x/l.png",
        7,
    ],
)
def test_logos_come_from_plain_https_addresses(url: Any) -> None:
    assert refusal(branding={"logoUrl": url}).keys() == {"branding.logoUrl"}


def test_an_accent_must_carry_white_text() -> None:
    assert round(contrast_with_white("#767676"), 2) == 4.54
    assert ConfigureOrganization(branding={"accentColor": "#1F5F5B"}).checked().branding == {"accentColor": "#1f5f5b"}
    assert "contrast is 4.5:1" not in refusal(branding={"accentColor": "#ffffff"})["branding.accentColor"]


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"type": "array"}, ""),
        ([], ""),
        ({"$ref": "https://elsewhere.example/schema"}, ".$ref"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, ".$schema"),
        ({"$id": "https://x.example/"}, ".$id"),
        ({"properties": {"a": {"pattern": "("}}}, ".properties.a.pattern"),
        ({"properties": {"a": {"pattern": r"(a)\1"}}}, ".properties.a.pattern"),
        ({"$ref": "#/$defs/nowhere"}, ""),
        ({"$defs": {"a": {"$ref": "#/$defs/nowhere"}}}, ""),
        ({"$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"}, ""),
        ({"description": "x" * 32_000}, ""),
        ({"minimum": "x", "required": 5}, ".minimum"),
    ],
)
def test_schemas_of_custom_fields_are_valid_bounded_and_refer_to_nothing_outside(schema: Any, place: str) -> None:
    assert f"settings.customFields{place}" in refusal(settings={"customFields": schema})


def test_references_that_multiply_are_refused() -> None:
    chain: dict[str, Any] = {f"a{step}": {"anyOf": [{"$ref": f"#/$defs/a{step + 1}"}] * 2} for step in range(40)}
    chain["a40"] = False

    assert "is too much to check" in refusal(settings={"customFields": {"$defs": chain, "$ref": "#/$defs/a0"}})["settings.customFields"]


def test_deep_schemas_are_refused() -> None:
    schema: Any = {}
    for _ in range(9):
        schema = {"properties": {"a": schema}}

    assert refusal(settings={"customFields": schema}) == {"settings.customFields": "nests deeper than 16 levels"}


def test_configuring_takes_the_permission() -> None:
    policy.may_configure(SYSTEM)
    policy.may_configure(Principal(Kind.PERSON, uuid4(), "x", frozenset({"organization.configure"})))
    with pytest.raises(Forbidden):
        policy.may_configure(Principal(Kind.PERSON, uuid4(), "editor", frozenset({"content.approve"})))
    with pytest.raises(Unauthenticated):
        policy.may_configure(ANONYMOUS)
