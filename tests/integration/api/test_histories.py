"""What happened to tags, categories, people and the organization, told to those who may know it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.bus import Bus
from app.users.commands import ChangeRole, GrantPermissions, SuspendUser, UpdateProfile
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.api.conftest import Ask
from tests.integration.api.test_taxonomy import category, done, tag
from tests.integration.conftest import House, house_of

ENTRIES = "history(first: $first, beforeVersion: $before) { version type actor { username } changes details }"
ASKED = "query($id: ID!, $first: Int, $before: Int) {{ it: {}(id: $id) {{ {} }} }}"
ORGANIZATION = f"query($first: Int, $before: Int) {{ it: organization {{ {ENTRIES} }} }}"
ROLES = ("owner", "admin", "lucia", "editor", "author", "reader", None)


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database, globex: House) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"histories-{new_id().hex[-12:]}"))


async def history(ask: Ask, house: House, who: str | None, kind: str, id: object, **given: Any) -> Any:
    """None where it is not told."""
    response = await ask(house, who, ASKED.format(kind, ENTRIES).replace("ID!", "ID!" if kind == "user" else "ID"), id=str(id), **given)
    assert "errors" not in response, response
    return response["data"]["it"]["history"]


async def test_a_tags_and_a_categorys_history_are_told_newest_first_to_those_who_manage_them(ask: Ask, house: House, globex: House) -> None:
    wine, shelf, above = await tag(ask, house, "Wine"), await category(ask, house, "Shelf"), await category(ask, house, "Above")
    await done(ask, house, "renameTag", "", who="admin", id=wine["id"], name="Wines")
    await done(ask, house, "moveCategory", "", id=shelf["id"], parentId=above["id"])

    of_tag, of_category = await history(ask, house, "lucia", "tag", wine["id"]), await history(ask, house, "lucia", "category", shelf["id"])
    told = {who: await history(ask, house, who, "tag", wine["id"]) is not None for who in ROLES}
    page = await history(ask, house, "lucia", "tag", wine["id"], first=1, before=of_tag[0]["version"])

    happened = [(one["type"], one["actor"]["username"]) for one in of_tag]
    assert happened == [("TagSynonymsChanged", "admin"), ("TagRenamed", "admin"), ("TagCreated", "lucia")]
    assert of_tag[0]["changes"] == {"synonyms": {"before": [], "after": ["Wine"]}}
    assert of_tag[1]["changes"] == {"name": {"before": "Wine", "after": "Wines"}, "slug": {"before": "wine", "after": "wines"}}
    assert of_tag[2]["changes"] == {"name": {"before": None, "after": "Wine"}, "slug": {"before": None, "after": "wine"}}
    assert (of_category[0]["type"], of_category[0]["changes"]) == ("CategoryMoved", {"parentId": {"before": None, "after": above["id"]}})
    assert page == [of_tag[1]]
    assert told == {who: who in {"owner", "admin", "lucia"} for who in ROLES}


async def test_a_persons_history_is_for_them_and_their_managers_and_names_what_is_sealed(ask: Ask, bus: Bus, house: House) -> None:
    author = house.id_of("author")
    for command in (
        ChangeRole(author, None, "editor"),
        GrantPermissions(author, None, ("comments.moderate",)),
        UpdateProfile(author, changes={"name": "Another name", "phone": "123456"}),
        SuspendUser(author),
    ):
        await bus.execute(house.tenant, command, house.people["owner"], correlation_id=new_id())

    told = await history(ask, house, "admin", "user", author)
    seen = {who: await history(ask, house, who, "user", author) is not None for who in ROLES}

    by_type = {one["type"]: one for one in told}
    assert by_type["UserRoleChanged"]["changes"] == {"role": {"before": "author", "after": "editor"}}
    assert by_type["UserPermissionsGranted"]["changes"] == {"permissions": {"before": [], "after": ["comments.moderate"]}}
    assert by_type["UserSuspended"]["changes"] == {"status": {"before": "ACTIVE", "after": "SUSPENDED"}}
    assert by_type["UserProfileChanged"]["changes"] == {}
    assert {"Another name", "123456"}.isdisjoint(str(told).split("'"))
    assert by_type["UserInvited"]["details"]["email"] == "sealed"
    assert seen == {who: who in {"owner", "admin", "author"} for who in ROLES}


async def test_the_organizations_history_says_what_was_decided_and_by_whom(ask: Ask, house: House, globex: House) -> None:
    await done(ask, house, "updateOrganization", "", who="admin", policies={"posts": {"approvals": 2}})

    told = {who: (await ask(house, who, ORGANIZATION))["data"]["it"]["history"] for who in ROLES}
    elsewhere = (await ask(globex, "owner", ORGANIZATION))["data"]["it"]["history"]

    latest = told["owner"][0]
    assert (latest["type"], latest["actor"]["username"]) == ("OrganizationConfigured", "admin")
    assert latest["changes"] == {"policies": {"before": {}, "after": {"posts": {"approvals": 2}}}}
    assert told["owner"][-1]["type"] == "OrganizationFounded"
    assert {who: entries is not None for who, entries in told.items()} == {who: who in {"owner", "admin"} for who in ROLES}
    assert all(one["changes"].get("policies") is None or one != latest for one in elsewhere)
