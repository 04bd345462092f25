"""What an organization's people decide for it, asked for as clients do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.replay.verifying import verify
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, house_of

UPDATE = """mutation($given: UpdateOrganizationInput!) { updateOrganization(input: $given) {
  changed eventIds organization { name version settings branding policies } } }"""
TOLD = statement("SELECT event_data, user_id FROM __tenant__.domain_events WHERE event_type = 'OrganizationConfigured' ORDER BY aggregate_version")
ROW = statement("SELECT name, settings, branding, policies FROM __tenant__.organization")
DEFAULTS = {
    "reading": {"public": True},
    "comments": {"moderation": "first-time", "guests": False},
    "posts": {"approvals": 1, "selfApproval": False},
    "passwords": {"shortest": 12},
    "signIn": {"secondFactor": "optional", "trustProviders": True, "rememberDays": 30, "enforced": False, "breakGlass": [], "allowedNetworks": []},
    "sessions": {"hours": 720, "idleHours": 168},
}


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    """An organization for one test."""
    return await house_of(migrated, pool, replace(ACME, slug=f"own-{new_id().hex[-12:]}"))


async def configure(ask: Ask, house: House, who: str | None = "admin", **given: Any) -> dict[str, Any]:
    answer = await ask(house, who, UPDATE, given=given)
    if "errors" in answer:
        [error] = answer["errors"]
        return dict(error["extensions"])
    found: dict[str, Any] = answer["data"]["updateOrganization"]
    return found


async def test_an_administrator_changes_what_is_given_and_the_rest_stays(ask: Ask, house: House, globex: House, pool: Database) -> None:
    await configure(ask, house, policies={"comments": {"moderation": "all"}})
    done = await configure(
        ask,
        house,
        name="  The   Press ",
        settings={"language": "de"},
        branding={"accentColor": "#1F5F5B", "logoUrl": "https://press.example/logo.svg"},
        policies={"signIn": {"trustProviders": False}, "sessions": {"hours": 8}},
    )

    assert (done["changed"], len(done["eventIds"])) == (True, 1)
    assert done["organization"]["name"] == "The Press"
    assert done["organization"]["settings"] == {"language": "de", "customFields": None}
    assert done["organization"]["branding"] == {"accentColor": "#1f5f5b", "logoUrl": "https://press.example/logo.svg"}
    assert done["organization"]["policies"] == {
        **DEFAULTS,
        "comments": {"moderation": "all", "guests": False},
        "signIn": {
            "secondFactor": "optional",
            "trustProviders": False,
            "rememberDays": 30,
            "enforced": False,
            "breakGlass": [],
            "allowedNetworks": [],
        },
        "sessions": {"hours": 8, "idleHours": 168},
    }
    async with pool.reading(house.tenant.place) as connection:
        told = [dict(row.items()) for row in await connection.fetch(TOLD)]
    assert told[1]["event_data"]["policies"] == {"signIn.trustProviders": False, "sessions.hours": 8}
    assert told[1]["user_id"] == house.id_of("admin")
    async with pool.reading(globex.tenant.place) as connection:
        row = await connection.fetchrow(ROW)
        assert row is not None
        assert row["branding"] == {}


async def test_what_holds_already_changes_nothing_and_null_brings_back_the_default(ask: Ask, house: House, pool: Database) -> None:
    same = await configure(ask, house, policies=DEFAULTS, settings={"language": "en"})
    await configure(ask, house, policies={"reading": {"public": False}, "posts": {"approvals": 2}}, branding={"tagline": "Ink"})
    back = await configure(ask, house, policies={"reading": {"public": None}, "posts": None}, branding={"tagline": None})

    assert (same["changed"], same["eventIds"]) == (False, [])
    assert (back["changed"], back["organization"]["policies"], back["organization"]["branding"]) == (True, DEFAULTS, {})
    async with pool.reading(house.tenant.place) as connection:
        row = await connection.fetchrow(ROW)
        assert row is not None
        assert row["policies"] == {}


async def test_what_was_chosen_is_what_its_events_say(ask: Ask, house: House, pool: Database) -> None:
    schema = {"type": "object", "properties": {"rank": {"type": "integer", "minimum": 0.5}, "ü": {"enum": [1.0, None, "x"]}}}
    await configure(ask, house, settings={"customFields": schema}, policies={"posts": {"approvals": 3}})
    await configure(ask, house, settings={"language": "tr"}, name="Other")

    found = await verify(pool, house.tenant)

    assert found.differences == []
    assert found.breaks == []


async def test_everything_wrong_comes_back_together_and_nothing_is_done(ask: Ask, house: House, pool: Database) -> None:
    refused = await configure(
        ask,
        house,
        name="",
        branding={"accentColor": "red"},
        settings={"colour": 1, "customFields": {"type": "foo"}},
        policies={"reading": {"public": 1}},
    )

    assert refused["code"] == "VALIDATION_FAILED"
    assert refused["fields"].keys() == {"name", "branding.accentColor", "settings.colour", "settings.customFields", "policies.reading.public"}
    async with pool.reading(house.tenant.place) as connection:
        assert await connection.fetch(TOLD) == []


async def test_who_saw_an_older_version_is_told_the_current_one(ask: Ask, house: House) -> None:
    first = await configure(ask, house, name="One")

    refused = await configure(ask, house, name="Two", expectedVersion=first["organization"]["version"] - 1)
    again = await configure(ask, house, name="Two", expectedVersion=first["organization"]["version"])

    version = first["organization"]["version"]
    told = {name: value for name, value in refused.items() if name != "changes"}
    assert told == {"code": "CONFLICT", "currentVersion": version, "expectedVersion": version - 1, "changed": ["name"]}
    assert again["changed"] is True


@pytest.mark.parametrize("who", [None, "reader", "editor", "lucia"])
async def test_others_change_nothing(ask: Ask, house: House, pool: Database, who: str | None) -> None:
    refused = await configure(ask, house, who, name="Mine")

    assert refused["code"] == ("FORBIDDEN" if who else "UNAUTHENTICATED")
    async with pool.reading(house.tenant.place) as connection:
        assert await connection.fetch(TOLD) == []
