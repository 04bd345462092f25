"""People and roles by mutation: who may do what to whom, what ends with it, and that rows stay what their events say."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.replay.verifying import verify
from app.users.commands import ChangeRole, CreateRole, RemoveUser, SuspendUser
from app.users.errors import LastOwner
from auth.principal import Kind, Principal
from auth.service import Auth
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import PASSWORD, Ask, client_of
from tests.integration.api.managing import do, done
from tests.integration.conftest import House, house_of

EVERYTHING = statement(
    "SELECT u::text || coalesce((SELECT string_agg(e::text, '') FROM __tenant__.domain_events e), '') AS text FROM __tenant__.users u"
)


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    """An organization of the test's own."""
    return await house_of(migrated, pool, replace(ACME, slug=f"people-{new_id().hex[-12:]}"))


async def test_somebody_is_invited_comes_in_and_signs_in(ask: Ask, house: House, app: ASGIApp, auth: Auth) -> None:
    invited = await done(ask, house, "admin", "inviteUser", email="Kim@Example.ORG", name="Kim", role="editor")
    again = await done(ask, house, "admin", "inviteUser", email="kim@example.org", name="Kim", role="author")
    assert (again["user"], again["changed"]) == ({"id": invited["user"]["id"], "status": "INVITED", "role": "author"}, True)
    user_id = invited["user"]["id"]
    token = await auth.parts.links.issue(house.tenant, user_id, "invitation")

    short = await do(ask, house, None, "acceptInvitation", "user { id }", token=token, password="short")
    assert code_of(short) == "VALIDATION_FAILED"
    assert code_of(await do(ask, house, None, "acceptInvitation", "user { id }", token="x", password=PASSWORD)) == "LINK_SPENT"
    came = await done(ask, house, None, "acceptInvitation", "user { id name username role }", token=token, password=PASSWORD, username="kim-k")
    assert came["user"] == {"id": user_id, "name": "Kim", "username": "kim-k", "role": None}
    assert code_of(await do(ask, house, None, "acceptInvitation", "user { id }", token=token, password=PASSWORD)) == "LINK_SPENT"

    async with client_of(app, house) as client:
        assert (await client.post("/auth/token", json={"username": "kim-k", "password": PASSWORD})).status_code == 200
    seen = await ask(house, "admin", f'{{ user(id: "{user_id}") {{ lastLoginAt emailVerifiedAt status email }} }}')
    kim = seen["data"]["user"]
    assert (kim["status"], kim["email"]) == ("ACTIVE", "kim@example.org")
    assert kim["lastLoginAt"] >= kim["emailVerifiedAt"] > "2020"
    hidden = await ask(
        house, "reader", f'{{ user(id: "{user_id}") {{ lastLoginAt emailVerifiedAt status email newEmail preferences {{ language }} }} }}'
    )
    assert set(hidden["data"]["user"].values()) == {None}
    taken = await do(ask, house, "admin", "inviteUser", email="kim@example.org", name="")
    assert taken["errors"][0]["extensions"]["fields"].keys() == {"name"}
    assert code_of(await do(ask, house, "admin", "inviteUser", email="kim@example.org", name="Kim")) == "VALIDATION_FAILED"


@pytest.mark.parametrize("deed", ["suspendUser", "removeUser", "changeRole"])
async def test_what_ends_with_rights_is_ended_for_good(ask: Ask, house: House, app: ASGIApp, auth: Auth, deed: str) -> None:
    editor = house.id_of("editor")
    await auth.parts.credentials.set_password(house.tenant, editor, PASSWORD)
    login = {"email": f"editor@{house.tenant.slug}.example", "password": PASSWORD}
    async with client_of(app, house) as client:
        tokens = (await client.post("/auth/token", json=login)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.post("/graphql", json={"query": "{ me { id } }"}, headers=bearer)).json()["data"]["me"]["id"] == str(editor)

        given = {"role": "author"} if deed == "changeRole" else {}
        await done(ask, house, "admin", deed, id=str(editor), **given)

        assert (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 401
        for _ in range(1200):
            if (await client.post("/graphql", json={"query": "{ me { id } }"}, headers=bearer)).status_code == 401:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the access token still opens the door after five seconds")
        again = await client.post("/auth/token", json=login)
        assert again.status_code == (200 if deed == "changeRole" else 401)
        if deed == "suspendUser":
            await done(ask, house, "admin", "reactivateUser", id=str(editor))
            assert (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).status_code == 401
            assert (await client.post("/auth/token", json=login)).status_code == 200


async def test_rights_that_grow_end_nothing(ask: Ask, house: House, app: ASGIApp, auth: Auth) -> None:
    author = house.id_of("author")
    await auth.parts.credentials.set_password(house.tenant, author, PASSWORD)
    async with client_of(app, house) as client:
        tokens = (await client.post("/auth/token", json={"username": "author", "password": PASSWORD})).json()
        await done(ask, house, "admin", "changeRole", id=str(author), role="editor")
        await done(ask, house, "admin", "grantPermissions", id=str(author), permissions=["audit.read"])
        refreshed = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert refreshed.status_code == 200
        await done(ask, house, "admin", "revokePermissions", id=str(author), permissions=["audit.read"])
        assert (await client.post("/auth/refresh", json={"refresh_token": refreshed.json()["refresh_token"]})).status_code == 401


async def test_nobody_gives_what_they_may_not_do_and_only_owners_touch_owners(ask: Ask, house: House, bus: Bus) -> None:
    owner = house.people["owner"]
    await bus.execute(house.tenant, CreateRole(new_id(), "steward", ("users.manage", "users.invite")), owner, correlation_id=new_id())
    steward = Principal(Kind.PERSON, house.id_of("moderator"), "steward", frozenset({"users.manage", "users.invite"}))
    reader, boss = str(house.id_of("reader")), str(house.id_of("owner"))

    deeds: dict[str, dict[str, Any]] = {
        "grantPermissions": {"id": reader, "permissions": ["content.create"]},
        "changeRole": {"id": reader, "role": "admin"},
        "inviteUser": {"email": "new@example.org", "name": "New", "role": "editor"},
    }
    for name, given in deeds.items():
        assert code_of(await do(ask, house, steward, name, "user { id }", **given)) == "MORE_THAN_YOU_MAY"
    assert code_of(await do(ask, house, steward, "createRole", "role { id }", name="x", permissions=["sso.configure"])) == "MORE_THAN_YOU_MAY"
    for who in (steward, "admin"):
        for name in ("suspendUser", "removeUser"):
            assert code_of(await do(ask, house, who, name, "user { id }", id=boss)) == "OWNERS_ONLY"
        assert code_of(await do(ask, house, who, "changeRole", "user { id }", id=reader, role="owner")) == "OWNERS_ONLY"
        assert code_of(await do(ask, house, who, "updateProfile", "user { id }", id=boss, name="Fool")) == "OWNERS_ONLY"
    assert code_of(await do(ask, house, "admin", "suspendUser", "user { id }", id=str(house.id_of("admin")))) == "NOT_YOURSELF"
    assert (await done(ask, house, "owner", "changeRole", id=reader, role="owner"))["user"]["role"] == "owner"


async def test_two_owners_who_take_each_other_away_leave_one(ask: Ask, house: House, bus: Bus) -> None:
    first, second = house.id_of("owner"), house.id_of("admin")
    await done(ask, house, "owner", "changeRole", id=str(second), role="owner")
    people = {first: house.people["owner"], second: replace(house.people["admin"], role="owner")}

    async def take(who: Any, command: object) -> bool:
        try:
            await bus.execute(house.tenant, command, people[who], correlation_id=new_id())
        except LastOwner:
            return False
        return True

    both = await asyncio.gather(take(first, ChangeRole(second, role="admin")), take(second, SuspendUser(first)))
    assert sorted(both) == [False, True]
    left = next(person for person, took in zip((first, second), both, strict=True) if took)
    for command in (ChangeRole(left, role="admin"), RemoveUser(left)):
        with pytest.raises(LastOwner):
            await bus.execute(house.tenant, command, people[left], correlation_id=new_id())


async def test_profiles_and_preferences_are_ones_own_and_nothing_personal_lies_in_clear(ask: Ask, house: House, pool: Database) -> None:
    select = "user { name profile { bio phone location } preferences { language timeZone notificationChannels } version }"
    given = {"bio": "Writes.", "phone": "+43 1 7654321", "location": "Secretville"}
    changed = await done(ask, house, "author", "updateProfile", select, **given)
    assert changed["user"]["profile"] == given
    assert not (await done(ask, house, "author", "updateProfile", select, **given))["changed"]
    chosen = {"language": "de-AT", "timeZone": "Europe/Vienna", "notificationChannels": ["EMAIL"]}
    assert (await done(ask, house, "author", "updatePreferences", select, **chosen))["user"]["preferences"] == chosen
    wrong = await do(ask, house, "author", "updatePreferences", select, language="?", timeZone="Nowhere")
    assert wrong["errors"][0]["extensions"]["fields"].keys() == {"language", "timeZone"}
    stale = await do(ask, house, "author", "updateProfile", select, name="Other", expectedVersion=1)
    assert code_of(stale) == "CONFLICT"
    assert code_of(await do(ask, house, "reader", "updateProfile", "user { id }", username="author")) == "VALIDATION_FAILED"

    author = str(house.id_of("author"))
    query = f'{{ user(id: "{author}") {{ profile {{ bio phone location }} preferences {{ language }} }} }}'
    for_reader, for_admin = await ask(house, "reader", query), await ask(house, "admin", query)
    assert for_reader["data"]["user"] == {"profile": {"bio": "Writes.", "phone": None, "location": None}, "preferences": None}
    assert for_admin["data"]["user"] == {"profile": given, "preferences": None}
    async with pool.reading(house.tenant.place) as connection:
        text = "".join(row["text"] for row in await connection.fetch(EVERYTHING))
    assert not [word for word in ("7654321", "Secretville", "Europe/Vienna", "de-AT") if word in text]


async def test_roles_are_made_renamed_and_given_up(ask: Ask, house: House) -> None:
    select, author = "role { id name permissions builtIn memberCount version }", str(house.id_of("author"))
    made = (await done(ask, house, "admin", "createRole", select, name="columnist", permissions=["content.create"]))["role"]
    assert code_of(await do(ask, house, "admin", "createRole", select, name="columnist")) == "VALIDATION_FAILED"
    await done(ask, house, "admin", "changeRole", id=author, role="columnist")
    renamed = await done(ask, house, "admin", "updateRole", select, id=made["id"], name="essayist", permissions=["content.submit", "content.create"])
    assert renamed["role"] | {"id": ""} == {
        "id": "",
        "name": "essayist",
        "permissions": ["content.create", "content.submit"],
        "builtIn": False,
        "memberCount": 1,
        "version": 3,
    }
    seen = await ask(house, "admin", f'{{ user(id: "{author}") {{ role permissions }} roles {{ name }} }}')
    assert seen["data"]["user"] == {"role": "essayist", "permissions": ["content.create", "content.submit"]}
    assert [role["name"] for role in seen["data"]["roles"]] == sorted([*_defaults(), "essayist"])

    assert code_of(await do(ask, house, "admin", "deleteRole", "", id=made["id"])) == "ROLE_IN_USE"
    assert (await done(ask, house, "admin", "deleteRole", "", id=made["id"], moveTo="author"))["changed"]
    assert (await ask(house, "admin", f'{{ user(id: "{author}") {{ role }} }}'))["data"]["user"]["role"] == "author"
    assert code_of(await do(ask, house, "admin", "deleteRole", "", id=made["id"])) == "NOT_FOUND"
    by_name = {role["name"]: role["id"] for role in (await ask(house, "owner", "{ roles { id name } }"))["data"]["roles"]}
    assert code_of(await do(ask, house, "admin", "updateRole", select, id=by_name["owner"], permissions=[])) == "OWNERS_ONLY"
    fixed: dict[str, dict[str, Any]] = {"updateRole": {"permissions": []}, "deleteRole": {"moveTo": "reader"}}
    for name, given in fixed.items():
        assert code_of(await do(ask, house, "owner", name, "", id=by_name["owner"], **given)) == "ROLE_FIXED"


async def test_whoever_leaves_may_come_back_with_nothing_of_what_they_had(ask: Ask, house: House, auth: Auth) -> None:
    reader = str(house.id_of("reader"))
    await done(ask, house, "admin", "grantPermissions", id=reader, permissions=["audit.read"])
    left = await done(ask, house, house.people["reader"], "removeUser", id=reader)
    assert left["user"]["status"] == "REMOVED"
    assert not (await done(ask, house, "admin", "removeUser", id=reader))["changed"]
    assert code_of(await do(ask, house, "admin", "grantPermissions", id=reader, permissions=["audit.read"])) == "HAS_LEFT"
    back = await done(ask, house, "admin", "inviteUser", "user { id status permissions }", email=f"reader@{house.tenant.slug}.example", name="T")
    assert back["user"] == {"id": reader, "status": "INVITED", "permissions": []}
    assert not await auth.parts.credentials.verify(house.tenant, house.id_of("reader"), PASSWORD)


async def test_verify_stays_clean_after_all_of_it(ask: Ask, house: House, pool: Database, bus: Bus) -> None:
    ids = {key: str(house.id_of(key)) for key in house.people}
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("admin", "inviteUser", {"email": "x@example.org", "name": "X"}),
        ("admin", "inviteUser", {"email": "x@example.org", "name": "X", "role": "author"}),
        ("author", "updateProfile", {"username": "jw", "website": "https://example.org/", "location": "L", "bio": "Zeile\nzwei"}),
        ("admin", "updateProfile", {"id": ids["author"], "avatarUrl": "https://example.org/a.png", "location": None}),
        ("author", "updatePreferences", {"language": "de", "notificationChannels": []}),
        ("author", "changeEmail", {"email": "new@example.org"}),
        ("admin", "grantPermissions", {"id": ids["author"], "permissions": ["audit.read", "users.invite"]}),
        ("admin", "revokePermissions", {"id": ids["author"], "permissions": ["audit.read"]}),
        ("admin", "changeRole", {"id": ids["author"], "role": "moderator"}),
        ("admin", "suspendUser", {"id": ids["mei"]}),
        ("admin", "reactivateUser", {"id": ids["mei"]}),
        ("admin", "removeUser", {"id": ids["pavel"]}),
    ]
    for who, name, given in steps:
        assert (await done(ask, house, who, name, **given))["changed"]
    role = (await done(ask, house, "admin", "createRole", "role { id }", name="guest"))["role"]["id"]
    for key in ("mei", "reader"):
        await done(ask, house, "admin", "changeRole", id=ids[key], role="guest")
    await done(ask, house, "admin", "updateRole", "role { id }", id=role, name="visitor", permissions=["content.create"])
    await done(ask, house, "admin", "deleteRole", "", id=role, moveTo="reader")

    found = await verify(pool, house.tenant)
    assert found.differences == []


async def test_an_id_of_another_organization_is_nobodys(ask: Ask, house: House, library: House) -> None:
    foreign = str(library.id_of("author"))
    for name, given in {"suspendUser": {}, "removeUser": {}, "changeRole": {"role": "reader"}, "updateProfile": {"name": "X"}}.items():
        assert code_of(await do(ask, house, "owner", name, "user { id }", id=foreign, **given)) == "NOT_FOUND"


def _defaults() -> list[str]:
    return ["owner", "admin", "content_manager", "editor", "author", "moderator", "reader"]
