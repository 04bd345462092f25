"""Groups of a provider and the roles that follow from them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.replay.verifying import verify
from auth.identities import ExternalIdentity
from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tests.integration.auth.arriving import arrive
from tests.integration.conftest import House
from tests.integration.scim.conftest import GROUP, NewProvider, Provider

RULES = (("Editors", "editor"), ("staff-id", "author"))


@pytest.fixture
async def ruled(new_provider: NewProvider) -> Provider:
    return await new_provider(group_roles=RULES)


async def test_roles_follow_membership_name_and_end_of_groups_by_the_connections_rules(ruled: Provider, initech: House, pool: Database) -> None:
    ada, bob = await ruled.made(), await ruled.made()
    staff = await ruled.group("Staff", ada, bob, externalId="staff-id")
    editors = await ruled.group("Wri­ters")

    async def roles() -> list[str]:
        return [(await ruled.account(one)).role for one in (ada, bob)]

    assert await roles() == ["author", "author"]
    await ruled.patch(editors, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
    assert await roles() == ["author", "author"]
    await ruled.patch(editors, {"op": "replace", "path": "displayName", "value": "EDITORS"})
    assert await roles() == ["editor", "author"]
    await ruled.patch(staff, {"op": "remove", "path": f'members[value eq "{bob["id"]}"]'})
    assert await roles() == ["editor", "reader"]
    assert (await ruled.client.delete(f"/scim/v2/Groups/{editors['id']}")).status_code == 204
    assert await roles() == ["author", "reader"]
    await ruled.client.delete(f"/scim/v2/Users/{ada['id']}")
    left = (await ruled.client.get(f"/scim/v2/Groups/{staff['id']}")).json()
    assert "members" not in left
    assert (await verify(pool, initech.tenant)).clean


async def test_a_group_shows_its_people_and_they_show_it(ruled: Provider) -> None:
    ada = await ruled.made()
    group = await ruled.group(f"G {new_id().hex}", ada)
    person = (await ruled.client.get(f"/scim/v2/Users/{ada['id']}")).json()
    without = (await ruled.client.get(f"/scim/v2/Groups/{group['id']}?excludedAttributes=members")).json()

    assert group["members"] == [{"value": ada["id"], "$ref": ada["meta"]["location"], "display": "Ada Byron", "type": "User"}]
    assert person["groups"] == [
        {"value": group["id"], "$ref": group["meta"]["location"], "display": group["displayName"], "type": "direct"},
    ]
    assert "members" not in without
    assert await ruled.find(f'members[value eq "{ada["id"]}"]', "Groups") == [group["id"]]
    assert await ruled.find(f'groups.value eq "{group["id"]}"') == [ada["id"]]


async def test_strangers_groups_in_groups_and_names_that_are_taken_are_refused_and_nothing_is_changed(
    ruled: Provider, new_provider: NewProvider, hooli: House
) -> None:
    stranger, foreigner = await (await new_provider()).made(), await (await new_provider(hooli)).made()
    group = await ruled.group(f"G {new_id().hex}")
    refused = [
        await ruled.patch(group, {"op": "add", "path": "members", "value": [{"value": value, "type": kind}]})
        for value, kind in ((stranger["id"], "User"), (foreigner["id"], "User"), ("x", "User"), (group["id"], "Group"))
    ]
    long = await ruled.client.post("/scim/v2/Groups", json={"schemas": [GROUP], "displayName": "\u0390" * 257})
    fits = await ruled.client.post("/scim/v2/Groups", json={"schemas": [GROUP], "displayName": "\u0390" * 256})
    taken = await ruled.client.post("/scim/v2/Groups", json={"schemas": [GROUP], "displayName": group["displayName"].upper()})

    assert {(answer.status_code, answer.json()["scimType"]) for answer in refused} == {(400, "invalidValue")}
    assert (long.status_code, fits.status_code) == (400, 201)
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert (await ruled.client.get(f"/scim/v2/Groups/{group['id']}")).json() == group


async def test_many_changes_of_one_group_at_once_all_hold_and_a_stale_one_does_not(ruled: Provider) -> None:
    people = [await ruled.made() for _ in range(6)]
    one, other = await ruled.group(f"A {new_id().hex}", externalId="staff-id"), await ruled.group("Editors")
    adding = [(group, person) for person in people for group in (one, other)]

    answers = await asyncio.gather(*(ruled.patch(group, {"op": "add", "path": "members", "value": [{"value": who["id"]}]}) for group, who in adding))
    stale = await ruled.patch(one, {"op": "remove", "path": "members"}, If_Match=one["meta"]["version"])

    assert {answer.status_code for answer in answers} == {200}
    assert stale.status_code == 412
    assert {(await ruled.account(person)).role for person in people} == {"editor"}
    assert len((await ruled.client.get(f"/scim/v2/Groups/{one['id']}")).json()["members"]) == 6


async def test_at_a_sign_in_groups_that_were_provisioned_count_and_not_those_that_are_brought_along(
    ruled: Provider, auth: Auth, initech: House
) -> None:
    ada = await ruled.made(externalId=new_id().hex)
    identity = ExternalIdentity(ruled.connection.id, ada["externalId"], groups=("Editors",))

    before = await arrive(auth, initech, ruled.connection, identity)
    await ruled.group("Staff", ada, externalId="staff-id")
    after = await arrive(auth, initech, ruled.connection, replace(identity, groups=("Editors", "Others")))

    assert [before.role, after.role] == ["editor", "author"]


async def test_whatever_happens_to_people_and_groups_at_once_nothing_fails_and_the_past_adds_up(
    ruled: Provider, initech: House, pool: Database
) -> None:
    people = [await ruled.made() for _ in range(5)]
    groups = [await ruled.group("Editors"), await ruled.group("Staff", externalId="staff-id")]
    chance = random.Random(7)

    def some(most: int) -> list[dict[str, str]]:
        return [{"value": one["id"]} for one in chance.sample(people, most)]

    def anything() -> Coroutine[Any, Any, httpx.Response]:
        person, group = chance.choice(people), chance.choice(groups)
        deeds: list[Callable[[], Coroutine[Any, Any, httpx.Response]]] = [
            lambda: ruled.client.delete(f"/scim/v2/Users/{person['id']}"),
            lambda: ruled.client.post("/scim/v2/Users", json={"userName": person["userName"]}),
            lambda: ruled.client.post("/scim/v2/Users", json={"userName": person["userName"]}),
            lambda: ruled.patch(person, {"op": "replace", "path": "active", "value": chance.random() < 0.5}),
            lambda: ruled.patch(group, {"op": "add", "path": "members", "value": some(2)}),
            lambda: ruled.patch(group, {"op": "remove", "path": "members", "value": some(2)}),
            lambda: ruled.client.put(f"/scim/v2/Groups/{group['id']}", json={**group, "members": some(1)}),
        ]
        return chance.choice(deeds)()

    answers = await asyncio.gather(*(anything() for _ in range(80)))

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 400, 404, 409, 429, 503}
    assert {200, 204} <= {answer.status_code for answer in answers}
    assert (await verify(pool, initech.tenant)).clean
