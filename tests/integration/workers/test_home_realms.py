"""Where an address signs in: kept by events, told by mail to whoever has it, and to nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ActivateUser, ConfirmAddress, EraseUser, GiveAddress, InviteUser, ReactivateUser, RemoveUser, SuspendUser
from auth.links import INSERT
from auth.opaque import digest
from auth.principal import SYSTEM, Kind, Principal
from auth.realms.realms import Known, Realms
from auth.sso.connections import Connection, Connections
from auth.sso.domains import EmailDomains
from ops.demo.people import GLOBEX
from ops.doctor import examine
from ops.rebuilding import rebuild
from ops.transfer import clone
from tenants.database import Database
from tenants.ids import new_id
from tenants.lifecycle.deletion import delete
from tenants.lifecycle.purging import purge
from tenants.lifecycle.states import resume, suspend
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of
from tests.integration.migrations.commands import environment
from tests.integration.serving import running
from tests.integration.workers.conftest import Line, until
from tests.letters import letters_in
from workers.front import FrontDesk
from workers.mail import postman
from workers.realms import RealmBuilding, build

WAITING = statement("SELECT count(*) FROM control.front_letters")
NO_LETTERS = statement("DELETE FROM control.front_letters")
UNLOOKED = statement("DELETE FROM control.realm_standings WHERE organization_id = :id")
KEPT = statement(
    "SELECT (SELECT count(*) FROM control.home_realms WHERE organization_id = :id) "
    "+ (SELECT count(*) FROM control.realm_standings WHERE organization_id = :id)"
)
LOST = statement("DELETE FROM control.home_realms WHERE organization_id = :id")


@pytest.fixture(scope="module")
async def first(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="first-home", name="First Home"))


@pytest.fixture(scope="module")
async def second(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="second-home", name="Second Home"))


@dataclass(frozen=True, slots=True)
class Town:
    """The worker's part, and what the installation knows."""

    line: Line
    bus: Bus
    realms: Realms

    async def did(self, house: House, command: object, who: Principal = SYSTEM) -> UUID:
        """Done, and heard of by the worker; whom it was about."""
        outcome = await self.bus.execute(house.tenant, command, who, correlation_id=new_id())
        await self.line.expand()
        for event in outcome.events:
            for row in await self.line.deliveries(event):
                if row["handler"] == "auth.home_realm":
                    await self.line.deliver(row)
                    assert (await self.line.delivery(event, row["handler"]))["state"] == "done"
        return outcome.aggregates[0]

    async def comes(self, house: House, email: str) -> UUID:
        user_id = await self.did(house, InviteUser(new_id(), email, "Kim"))
        await self.did(house, ActivateUser(user_id))
        return user_id

    async def homes(self, email: str) -> list[str]:
        return [home.slug for home in await self.realms.homes_of(email)]


@pytest.fixture
async def town(line: Line, bus: Bus, first: House, second: House) -> Town:
    return Town(line, bus, Realms(line.pool, Keyring(line.tenants.secret_keys)))


async def test_an_address_is_found_while_its_person_may_sign_in(town: Town, first: House) -> None:
    email = "kim@lives.example"
    user_id = await town.did(first, InviteUser(new_id(), email, "Kim"))
    seen = [await town.homes(email)]
    for command in (ActivateUser(user_id), SuspendUser(user_id), ReactivateUser(user_id), RemoveUser(user_id), InviteUser(new_id(), email, "Kim")):
        await town.did(first, command)
        seen.append(await town.homes(email))

    assert seen == [[], ["first-home"], [], ["first-home"], [], []]
    await town.did(first, ActivateUser(user_id))
    assert await town.homes(" KIM@Lives.example") == ["first-home"]
    await town.did(first, EraseUser(user_id, None, "kim"))
    assert await town.homes(email) == []


async def test_another_address_takes_the_place_of_the_one_before(town: Town, first: House) -> None:
    user_id = await town.comes(first, "old@moves.example")
    await town.did(first, GiveAddress(user_id, email="new@moves.example"), Principal(Kind.PERSON, user_id, "reader"))
    token = new_id().hex
    async with transaction(town.line.pool, first.tenant, Cause(new_id())) as tx:
        expires = tx.now.replace(year=tx.now.year + 1, day=1)
        await tx.connection.execute(INSERT, hash=digest(token), user_id=user_id, purpose="address", now=tx.now, expires_at=expires)
    assert await town.homes("old@moves.example") == ["first-home"]

    await town.did(first, ConfirmAddress(token))

    assert [await town.homes(f"{word}@moves.example") for word in ("old", "new")] == [[], ["first-home"]]


async def test_what_is_heard_late_does_not_undo_what_came_after_it(town: Town, first: House) -> None:
    user_id = new_id()
    for known in (Known(user_id, 3, None), Known(user_id, 2, "late@order.example")):
        await town.realms.keep(first.tenant, [known])
    assert await town.homes("late@order.example") == []

    await town.realms.keep(first.tenant, [Known(user_id, 4, "late@order.example")])

    assert await town.homes("late@order.example") == ["first-home"]


async def test_a_suspended_organization_is_no_home_and_a_purged_one_leaves_nothing(
    town: Town, first: House, migrated: TenantSettings, pool: Database
) -> None:
    house = await house_of(migrated, pool, replace(GLOBEX, slug="passing-home"))
    email = "both@passing.example"
    for one in (first, house):
        await town.comes(one, email)
    domains = EmailDomains(pool)
    await domains.claim(house.tenant, "passing.example", Cause(new_id()))
    await domains.vouch(house.tenant, "passing.example", Cause(new_id()), by="a test")
    assert (await town.homes(email), await town.realms.owner_of("passing.example")) == (["first-home", "passing-home"], house.tenant.id)

    await suspend(migrated, house.tenant.slug)
    assert (await town.homes(email), await town.realms.owner_of("passing.example")) == (["first-home"], None)
    await resume(migrated, house.tenant.slug)
    assert await town.homes(email) == ["first-home", "passing-home"]
    await delete(migrated, house.tenant.slug, confirm=house.tenant.slug, grace_days=0)
    assert await town.homes(email) == ["first-home"]
    await purge(migrated, house.tenant.slug, lambda _line: None)

    async with pool.control() as connection:
        assert await connection.fetchval(KEPT, id=house.tenant.id) == 0
        left = statement("SELECT count(*) FROM control.realm_domains WHERE role = :role")
        assert await connection.fetchval(left, role=house.tenant.place.role) == 0


async def test_people_who_were_there_before_anybody_kept_this_are_looked_at_once(town: Town, first: House, migrated: TenantSettings) -> None:
    await town.comes(first, "before@there.example")
    async with town.line.pool.control() as connection:
        await connection.execute(UNLOOKED, id=first.tenant.id)
        await connection.execute(LOST, id=first.tenant.id)
    assert await town.homes("before@there.example") == []
    said = next(check for check in await examine(environment(migrated)) if check.check == "realms")
    assert (said.ok, "not all found by address yet" in said.found) == (True, True)
    visit = RealmBuilding(town.line.pool, town.line.registry, town.realms)
    listed = next(one for one in await town.line.registry.all() if one.id == first.tenant.id)
    await visit(listed)
    assert (await town.homes("before@there.example"), await town.realms.is_built(first.tenant.id)) == (["first-home"], True)

    async with town.line.pool.control() as connection:
        await connection.execute(LOST, id=first.tenant.id)
    await visit(listed)
    assert await town.homes("before@there.example") == []
    await rebuild(town.line.pool, migrated, "first-home", "home_realms")
    assert await town.homes("before@there.example") == ["first-home"]


async def test_a_copys_people_are_found_in_it_and_its_originals_domains_stay_the_originals(
    town: Town, second: House, migrated: TenantSettings
) -> None:
    email = "copied@second.example"
    await town.comes(second, email)
    domains = EmailDomains(town.line.pool)
    await domains.claim(second.tenant, "second.example", Cause(new_id()))
    await domains.vouch(second.tenant, "second.example", Cause(new_id()), by="a test")

    copy = (await clone(migrated, "second-home", "second-copy", lambda _line: None)).tenant

    assert await town.homes(email) == ["second-copy", "second-home"]
    assert await town.realms.owner_of("second.example") == second.tenant.id
    await build(town.line.pool, town.realms, copy)
    assert await town.realms.owner_of("second.example") == second.tenant.id
    await domains.vouch(copy, "second.example", Cause(new_id()), by="a test")
    assert await town.realms.owner_of("second.example") is None
    await domains.remove(copy, "second.example", Cause(new_id()))
    assert await town.realms.owner_of("second.example") == second.tenant.id


class Door:
    """The installation's own address, and the letters that leave it."""

    def __init__(self, app: ASGIApp, line: Line, realms: Realms, folder: Path) -> None:
        address = f"10.9.{new_id().bytes[-1]}.{new_id().bytes[-2]}"
        transport = httpx.ASGITransport(app, client=(address, 1))  # type: ignore[arg-type] # Litestar types ASGI more closely
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers={"Origin": "http://localhost:8000"})
        self.line, self.folder = line, folder
        carrier = postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri()))
        self.desk = FrontDesk(line.pool, realms, carrier)

    async def find(self, typed: str, **headers: str) -> httpx.Response:
        return await self.client.post("/auth/find", data={"organization": typed}, headers=headers)

    async def waiting(self) -> int:
        async with self.line.pool.control() as connection:
            return int(await connection.fetchval(WAITING))

    async def letters(self) -> list[tuple[str, list[str]]]:
        """To whom, and where its links lead, of every letter that what was asked until now leads to."""
        while await self.desk.step():
            continue
        assert await self.waiting() == 0
        return sorted((one.to, re.findall(r"http://\S+", one.text)) for one in letters_in(self.folder))


@pytest.fixture
async def door(town: Town, migrated: TenantSettings, tmp_path: Path) -> AsyncIterator[Door]:
    async with town.line.pool.control() as connection:
        await connection.execute(NO_LETTERS)
    async with running(migrated) as app:
        door = Door(app, town.line, town.realms, tmp_path / "mail")
        async with door.client:
            yield door


async def test_the_page_says_the_same_of_every_address_and_the_letter_lists_the_persons_organizations(
    door: Door, town: Town, first: House, second: House
) -> None:
    await town.comes(first, "one@somewhere.example")
    for house in (first, second):
        await town.comes(house, "two@somewhere.example")
    suspended = await town.comes(second, "gone@somewhere.example")
    await town.did(second, SuspendUser(suspended))

    answers, waiting = [], []
    for name in ("one", "two", "gone", "nobody"):
        answers.append(await door.find(f"{name}@somewhere.example"))
        waiting.append(await door.waiting())

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    same = [{name: value for name, value in answer.headers.items() if name != "x-request-id"} for answer in answers]
    assert all(headers == same[0] for headers in same)
    assert waiting == [1, 2, 3, 4]
    logins = {slug: f"http://{slug}.localhost:8000/auth/login" for slug in ("first-home", "second-home")}
    assert await door.letters() == [
        ("one@somewhere.example", [logins["first-home"]]),
        ("two@somewhere.example", [logins["first-home"], logins["second-home"]]),
    ]


async def test_a_domain_that_one_organization_has_proven_leads_to_its_sign_on(door: Door, first: House, second: House, pool: Database) -> None:
    domains, connections = EmailDomains(pool), Connections(pool, oldest=0)
    for house in (first, second):
        await domains.claim(house.tenant, "shared.example", Cause(new_id()))
    assert "Look into your mail" in (await door.find("ada@shared.example")).text
    await domains.vouch(first.tenant, "shared.example", Cause(new_id()), by="a test")

    login = _onward(await door.find("ada+x@shared.example"))
    page = await door.client.get(login)
    connection = Connection(new_id(), "company", "oidc", "Company", enabled=True, create_people=False, default_role="reader", settings={}, secrets={})
    await connections.add(first.tenant, connection, Cause(new_id()))
    answer = _onward(await _until_another(door, login))

    assert urlsplit(login)[1:3] == ("first-home.localhost:8000", "/auth/login")
    assert 'value="ada+x@shared.example"' in page.text
    assert urlsplit(answer)[1:3] == ("first-home.localhost:8000", "/auth/oidc/company/login")
    assert parse_qs(urlsplit(answer).query) == {"login_hint": ["ada+x@shared.example"]}
    assert await door.waiting() == 1
    await domains.vouch(second.tenant, "shared.example", Cause(new_id()), by="a test")
    assert "Look into your mail" in (await door.find("ada@shared.example")).text


def _onward(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found, page.text
    return found[1].replace("&amp;", "&")


async def _until_another(door: Door, login: str) -> httpx.Response:
    """The process remembers connections for some seconds."""
    found: list[httpx.Response] = []

    async def led_on() -> bool:
        door.line.broker.client.flushdb()  # it is asked more often than anybody may
        found.append(await door.find("ada+x@shared.example"))
        return _onward(found[-1]) != login

    await until(led_on)
    return found[-1]


async def test_asking_again_and_again_is_slowed_down_and_other_sites_ask_nothing(door: Door) -> None:
    answers = [await door.find("often@somewhere.example") for _ in range(4)]
    foreign = await door.find("ada@somewhere.example", Origin="http://first-home.localhost:8000")

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 200
    assert (foreign.status_code, await door.waiting()) == (403, 3)


@pytest.mark.parametrize("typed", ["@", "a@", "ada@nowhere", "ada@" + "a" * 300 + ".example", "two@@words .example"])
async def test_what_is_no_address_is_said_to_be_none(door: Door, typed: str) -> None:
    answer = await door.find(typed)

    assert (answer.status_code, "whole e-mail address" in answer.text, await door.waiting()) == (200, True, 0)


async def test_a_letter_that_is_not_taken_is_tried_again_and_given_up_in_the_end(door: Door, town: Town, first: House) -> None:
    await town.comes(first, "slow@somewhere.example")
    await door.find("slow@somewhere.example")
    silent = replace(door.desk, postman=postman(door.line.tenants, replace(door.line.settings, smtp_url="smtp://127.0.0.1:1")))
    due = statement("UPDATE control.front_letters SET next_attempt_at = now()")
    tries = 0
    while await door.waiting():
        async with door.line.pool.control() as connection:
            await connection.execute(due)
        assert await silent.step()
        tries += 1

    assert tries == 6


async def test_nothing_of_an_address_can_be_read_where_it_waits(door: Door) -> None:
    await door.find("secret-name@somewhere.example")
    async with door.line.pool.control() as connection:
        rows: list[Any] = await connection.fetch(statement("SELECT to_jsonb(l) AS whole FROM control.front_letters l"))

    assert "secret-name" not in json.dumps([row["whole"] for row in rows])
