"""People as an identity provider keeps them: made, found, changed, suspended and given up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from app.bus import Bus
from app.replay.verifying import verify
from app.users.commands import ChangeRole, EraseUser
from auth.identities import ExternalIdentity
from auth.principal import SYSTEM
from auth.resealing import PROTECTED
from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.secrets import TenantKey, new_key
from tenants.statements import statement
from tests.integration.auth.arriving import arrive, audited, refusal, somebody
from tests.integration.auth.conftest import NewPerson, bearer, refused, token_pair
from tests.integration.conftest import House
from tests.integration.scim.conftest import ENTERPRISE, NewProvider, Provider


async def test_somebody_is_made_and_is_what_the_provider_said(provider: Provider) -> None:
    sent = provider.person(
        externalId="00u1", name={"givenName": "Ada", "familyName": "Byron"}, title="Countess", **{ENTERPRISE: {"department": "Engines"}}
    )
    answer = await provider.client.post("/scim/v2/Users", json=sent)
    made = answer.json()

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/scim+json"
    assert answer.headers["location"] == made["meta"]["location"] == f"http://initech.localhost:8000/scim/v2/Users/{made['id']}"
    assert answer.headers["etag"] == made["meta"]["version"]
    assert {name: made[name] for name in ("userName", "externalId", "displayName", "title", "active", "name")} == {
        "userName": sent["userName"],
        "externalId": "00u1",
        "displayName": "Ada Byron",
        "title": "Countess",
        "active": True,
        "name": {"givenName": "Ada", "familyName": "Byron"},
    }
    assert made["emails"] == [{"value": sent["userName"], "type": "work", "primary": True}]
    assert made[ENTERPRISE] == {"department": "Engines"}
    assert (await provider.client.get(f"/scim/v2/Users/{made['id']}")).json() == made
    account = await provider.account(made)
    assert (account.status, account.role, account.name) == ("active", "reader", "Ada Byron")


async def test_who_is_here_already_becomes_the_providers_by_a_proven_address_only(provider: Provider, new_person: NewPerson, initech: House) -> None:
    person = await new_person(initech, role="editor")
    found = await provider.made(userName=person.email, emails=[{"value": person.email}])
    foreign = await provider.client.post("/scim/v2/Users", json=provider.person(emails=[{"value": "ada@elsewhere.example"}]))
    none = await provider.client.post("/scim/v2/Users", json={"userName": "ada"})

    assert found["id"] == str(person.user_id)
    assert (await provider.account(found)).role == "editor"
    assert (foreign.status_code, foreign.json()["scimType"], "initech.example" in foreign.json()["detail"]) == (400, "invalidValue", True)
    assert (none.status_code, none.json()["scimType"]) == (400, "invalidValue")


async def test_a_name_is_taken_once_and_the_same_person_at_once_is_made_once(provider: Provider) -> None:
    sent = provider.person()
    answers = await asyncio.gather(*(provider.client.post("/scim/v2/Users", json=sent) for _ in range(5)))
    shouted = await provider.client.post("/scim/v2/Users", json=provider.person(userName=sent["userName"].upper()))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["scimType"] for answer in answers if answer.status_code == 409} == {"uniqueness"}
    assert (shouted.status_code, shouted.json()["scimType"]) == (409, "uniqueness")


async def test_whoever_is_no_longer_active_is_out_at_once_and_may_come_back(
    provider: Provider, new_person: NewPerson, initech: House, at_initech: Any
) -> None:
    person = await new_person(initech)
    pair = await token_pair(at_initech, person)
    made = await provider.made(userName=person.email, emails=[{"value": person.email}])

    off = await provider.patch(made, {"op": "replace", "path": "active", "value": False})
    assert (off.status_code, off.json()["active"]) == (200, False)
    assert (await provider.account(made)).status == "suspended"
    async with asyncio.timeout(60):
        while not await refused(at_initech, bearer(pair["access_token"])):
            await asyncio.sleep(0.1)
    assert (await at_initech.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).status_code == 401
    on = await provider.patch(made, {"op": "replace", "path": "active", "value": True})
    assert on.json()["active"] is True
    assert await refused(at_initech, bearer(pair["access_token"]))
    assert (await token_pair(at_initech, person))["access_token"]


async def test_who_is_deleted_is_removed_and_comes_back_when_they_are_made_again(provider: Provider) -> None:
    made = await provider.made()
    there = f"/scim/v2/Users/{made['id']}"

    gone = await provider.client.delete(there)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await provider.client.get(there)).status_code == 404
    assert (await provider.client.delete(there)).status_code == 404
    assert (await provider.account(made)).status == "removed"
    back = await provider.made(userName=made["userName"], emails=made["emails"])
    assert (back["id"], (await provider.account(back)).status) == (made["id"], "active")


async def test_a_replacement_says_all_there_is_to_say_and_moves_to_another_proven_address(
    provider: Provider, new_person: NewPerson, initech: House
) -> None:
    made = await provider.made(title="Countess", nickName="Ada")
    other = await new_person(initech)
    moved = f"{new_id().hex}@initech.example"
    there = f"/scim/v2/Users/{made['id']}"

    answer = await provider.client.put(there, json={"userName": moved, "displayName": "Ada King", "title": "Lady", "emails": [{"value": moved}]})
    taken = await provider.client.put(there, json={"userName": moved, "emails": [{"value": other.email}]})
    foreign = await provider.client.put(there, json={"userName": moved, "emails": [{"value": "ada@elsewhere.example"}]})
    kept = await provider.client.put(there, json={"userName": moved})

    assert answer.status_code == 200
    assert (answer.json()["emails"][0]["value"], answer.json()["displayName"], "nickName" in answer.json()) == (moved, "Ada King", False)
    assert (taken.status_code, taken.json()["scimType"]) == (409, "uniqueness")
    assert foreign.status_code == 400
    assert (kept.json()["active"], kept.json()["emails"][0]["value"], "title" in kept.json()) == (True, moved, False)
    assert await provider.auth.parts.accounts.find(initech.tenant, moved) is not None
    assert await provider.auth.parts.accounts.find(initech.tenant, made["userName"]) is None


async def test_of_two_changes_that_mean_the_same_version_one_comes_too_late(provider: Provider) -> None:
    made = await provider.made()
    tag = made["meta"]["version"]

    answers = await asyncio.gather(
        *(provider.patch(made, {"op": "replace", "path": "title", "value": f"No. {number}"}, If_Match=tag) for number in range(2))
    )
    free = await asyncio.gather(*(provider.patch(made, {"op": "replace", "path": "nickName", "value": f"N{number}"}) for number in range(3)))
    stale = await provider.client.delete(f"/scim/v2/Users/{made['id']}", headers={"If-Match": tag})
    now = free[0].json()["meta"]["version"]
    same = await provider.client.get(f"/scim/v2/Users/{made['id']}")
    unchanged = await provider.client.get(f"/scim/v2/Users/{made['id']}", headers={"If-None-Match": same.headers["etag"]})

    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert [answer.status_code for answer in free] == [200, 200, 200]
    assert (stale.status_code, now != tag, unchanged.status_code) == (412, True, 304)


async def test_another_connections_people_and_another_organizations_are_nobody(new_provider: NewProvider, provider: Provider, hooli: House) -> None:
    mine, sibling, foreign = await provider.made(), await new_provider(), await new_provider(hooli)

    for other in (sibling, foreign):
        there = f"/scim/v2/Users/{mine['id']}"
        answers = [await other.client.get(there), await other.client.delete(there), await other.client.put(there, json=other.person())]
        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert await other.find(f'userName eq "{mine["userName"]}"') == []
        unknown = await other.client.get(f"/scim/v2/Users/{new_id()}")
        assert unknown.json() == answers[0].json()
    assert (await provider.account(mine)).status == "active"


async def test_somebody_provisioned_comes_in_under_what_the_provider_calls_them(provider: Provider, auth: Auth, initech: House) -> None:
    by_id, by_name = await provider.made(externalId=f"id-{new_id().hex}"), await provider.made()
    unnamed = ExternalIdentity(provider.connection.id, by_id["externalId"])

    first = await arrive(auth, initech, provider.connection, unnamed)
    second = await arrive(auth, initech, provider.connection, ExternalIdentity(provider.connection.id, by_name["userName"].upper()))

    assert [str(first.user_id), str(second.user_id)] == [by_id["id"], by_name["id"]]


async def test_a_token_for_provisioning_lets_nobody_in_as_somebody_else(provider: Provider, auth: Auth, initech: House) -> None:
    victim, owner = await provider.made(externalId=f"mine-{new_id().hex}"), "owner@initech.example"
    chief = await provider.made(userName=owner, externalId=f"mine-{new_id().hex}", emails=[{"value": owner}])
    mine = somebody(initech, provider.connection)
    moved = await provider.patch(chief, {"op": "replace", "path": 'emails[type eq "work"].value', "value": f"{new_id().hex}@initech.example"})

    another = await refusal(auth, initech, provider.connection, replace(mine, subject=victim["externalId"]))
    unnamed = await refusal(auth, initech, provider.connection, ExternalIdentity(provider.connection.id, chief["externalId"]))

    assert (another[0], unnamed[0], moved.status_code) == ("provisioned_address", "email_present", 403)
    assert (await provider.client.delete(f"/scim/v2/Users/{victim['id']}")).status_code == 204


async def test_saying_the_same_again_changes_nothing(provider: Provider) -> None:
    made = await provider.made(title="T")
    sent = {name: made[name] for name in ("userName", "displayName", "title")} | {"emails": [{"value": made["userName"].upper()}]}

    again = await provider.client.put(f"/scim/v2/Users/{made['id']}", json=sent)

    assert again.json() == made


async def test_the_last_owner_stays_and_whoever_is_erased_is_forgotten(provider: Provider, bus: Bus, initech: House, new_person: NewPerson) -> None:
    made = await provider.made()
    account = await provider.account(made)
    await bus.execute(initech.tenant, EraseUser(account.user_id, confirm=account.username), SYSTEM, correlation_id=new_id())

    assert (await provider.client.get(f"/scim/v2/Users/{made['id']}")).status_code == 404
    assert (await provider.made(userName=made["userName"], emails=made["emails"]))["id"] != made["id"]
    owner = "owner@initech.example"
    last = await provider.made(userName=owner, emails=[{"value": owner}])
    refusals = [
        await provider.patch(last, {"op": "replace", "value": {"active": False}}),
        await provider.client.delete(f"/scim/v2/Users/{last['id']}"),
    ]
    assert [answer.status_code for answer in refusals] == [403, 403]
    assert (await provider.account(last)).status == "active"


async def test_every_change_is_an_event_and_the_log_names_the_connection(provider: Provider, initech: House, pool: Database, auth: Auth) -> None:
    answer = await provider.client.post("/scim/v2/Users", json=provider.person())
    made = answer.json()
    await provider.patch(made, {"op": "replace", "path": "active", "value": "False"})

    assert (await verify(pool, initech.tenant)).clean
    async with pool.reading(initech.tenant.place) as connection:
        events = await connection.fetch(
            statement(
                "SELECT event_type, metadata, correlation_id FROM __tenant__.domain_events WHERE aggregate_id = :id ORDER BY aggregate_version"
            ),
            id=(await provider.account(made)).user_id,
        )
    assert [event["event_type"] for event in events] == ["UserInvited", "UserActivated", "UserSuspended"]
    assert {event["metadata"].get("connection") for event in events} == {str(provider.connection.id)}
    told = await audited(auth, initech, events[-1]["correlation_id"])
    assert [entry["action"] for entry in told] == ["UserSuspended", "ScimUserChanged"]
    assert told[-1]["changes"]["connection"] == provider.connection.name
    assert "@" not in str(told)


@pytest.mark.parametrize("role", ["moderator"])
async def test_a_role_given_here_stays_where_no_group_says_another(provider: Provider, bus: Bus, initech: House, role: str) -> None:
    made = await provider.made()
    await bus.execute(initech.tenant, ChangeRole((await provider.account(made)).user_id, role=role), SYSTEM, correlation_id=new_id())
    await provider.patch(made, {"op": "replace", "path": "displayName", "value": "Ada"})

    account = await provider.account(made)
    assert (account.role, account.name) == (role, "Ada")


async def test_somebody_unknown_who_signs_in_is_not_a_provisioned_person(provider: Provider, auth: Auth, initech: House) -> None:
    await provider.made()
    arrived = await arrive(auth, initech, provider.connection, somebody(initech, provider.connection))

    assert await provider.find(f'id eq "{arrived.user_id}"') == []


async def test_a_renewed_key_finds_people_again(provider: Provider, initech: House, pool: Database) -> None:
    await provider.made(externalId="x")
    (part,) = [one for one in PROTECTED if one.what == "provisioned people"]
    async with pool.reading(initech.tenant.place) as connection:
        rows = await connection.fetch(part.page, after=None, batch=10_000)
    renewed = TenantKey(new_key(), initech.tenant.key.all)
    saved = [part.resealed(row, renewed) for row in rows]

    assert rows
    assert [part.resealed(row, initech.tenant.key) for row in rows] == [None] * len(rows)
    assert all(one and one["user_name_index"] != row["user_name_index"] for one, row in zip(saved, rows, strict=True))
