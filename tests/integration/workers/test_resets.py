"""A forgotten password: the page says the same to everybody, the letter goes to whom it concerns, its link works once and here only."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.bus import Bus
from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.forms import form_of
from tests.integration.conftest import House, house_of
from tests.integration.owner import as_owner
from tests.integration.serving import running
from tests.integration.workers.conftest import Line, until
from tests.integration.workers.forgetting import NEW, OLD, TIMERS, Visitor

FIRED = statement("UPDATE control.timers SET fired_at = now() WHERE kind = 'auth.reset_asked' AND fired_at IS NULL")
TOLD = statement("SELECT action FROM __tenant__.sign_in_events WHERE user_id = :id ORDER BY at, id")
SESSIONS = statement("SELECT count(*) FROM __tenant__.sessions WHERE user_id = :id AND revoked_at IS NULL")
CONNECT = statement(
    """
    INSERT INTO __tenant__.connections (id, name, kind, label, enabled, settings, secrets, create_people, default_role, version)
    VALUES (:id, :name, 'oauth2', 'Example ID', true, '{}', '', false, 'reader', 1)
    """
)
LINK = statement(
    "INSERT INTO __tenant__.identities (id, connection_id, subject_index, user_id, sealed, linked_at, last_at) "
    "VALUES (:id, :connection_id, '', :user_id, '', now(), now())"
)
ENROLLED = statement("INSERT INTO __tenant__.authenticators (user_id, secret, begun_at, confirmed_at, last_step) VALUES (:id, '', now(), now(), 0)")
DISCONNECT = statement("DELETE FROM __tenant__.connections WHERE id = :id")


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="absent-minded"))


@pytest.fixture(scope="module")
async def other(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="mindful"))


@pytest.fixture
async def visitor(line: Line, bus: Bus, house: House, other: House, migrated: TenantSettings, tmp_path: Path) -> AsyncIterator[Visitor]:
    async with line.pool.control() as connection:
        await connection.execute(FIRED)  # what another test left waiting
    async with running(migrated) as app:
        visitor = Visitor(line, bus, house, app, tmp_path / "mail")
        async with visitor.client:
            yield visitor


async def test_whoever_forgot_their_password_chooses_another_by_a_link_and_is_signed_in_nowhere_else(visitor: Visitor) -> None:
    user_id = await visitor.person("kim")
    assert await visitor.signs_in("kim", OLD)

    assert (await visitor.ask("Kim@Absent-Minded.example")).status_code == 200
    path = await visitor.path()
    answer = await visitor.choose(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/account")
    assert "Kim" in (await visitor.client.get("/auth/account")).text.title()
    assert await visitor.rows(SESSIONS, id=user_id) == [1]
    assert await visitor.rows(TOLD, id=user_id) == ["PasswordResetMailed", "PasswordReset"]
    assert [await visitor.signs_in("kim", password) for password in (OLD, NEW)] == [False, True]


async def test_the_link_works_once_for_its_organization_and_not_after_the_password_was_changed(visitor: Visitor) -> None:
    await visitor.person("lou")
    await visitor.ask("lou")
    path = await visitor.path()

    async with visitor.browser("mindful") as elsewhere:
        assert (await elsewhere.get(path)).status_code == 410
    weak = await visitor.choose(path, "trombone1trombone1")
    assert (weak.status_code, "repeats itself" in weak.text) == (400, True)
    own = await visitor.choose(path, "Lou@absent-minded.example")
    assert (own.status_code, "your own name or address" in own.text) == (400, True)
    assert (await visitor.choose(path)).status_code == 303
    spent = await visitor.client.get(path)
    assert (spent.status_code, "/auth/forgot" in spent.text) == (410, True)


async def test_asked_twice_both_links_stand_until_one_is_used(visitor: Visitor) -> None:
    await visitor.person("mo")
    await visitor.ask("mo")
    await visitor.ask("mo")
    paths = [re.search(r"(/auth/reset\?\S+)", text)[1] for _, text in await visitor.letters()]  # type: ignore[index] # it has a link

    assert [(await visitor.client.get(path)).status_code for path in paths] == [200, 200]
    assert (await visitor.choose(paths[0])).status_code == 303
    assert [(await visitor.client.get(path)).status_code for path in paths] == [410, 410]


async def test_the_page_says_the_same_to_everybody_and_the_letter_what_applies(visitor: Visitor) -> None:
    await visitor.person("active")
    await visitor.person("suspended", status="suspended")
    await visitor.person("invited", status="invited", password=False)
    through = await visitor.person("through", password=False)
    connection_id = new_id()
    async with transaction(visitor.line.pool, visitor.house.tenant, Cause(new_id())) as tx:
        await tx.connection.execute(CONNECT, id=connection_id, name="example")
        await tx.connection.execute(LINK, id=new_id(), connection_id=connection_id, user_id=through)
    before = await _asked(visitor)

    answers = [await visitor.ask(f"{name}@absent-minded.example") for name in ("active", "suspended", "invited", "through", "nobody")]

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    same = [{name: value for name, value in answer.headers.items() if name != "x-request-id"} for answer in answers]
    assert all(headers == same[0] for headers in same)
    assert await _asked(visitor) == [count + 5 for count in before]
    letters = dict(await visitor.letters())
    assert letters.keys() == {f"{name}@absent-minded.example" for name in ("active", "invited", "through")}
    assert "/auth/reset?token=" in letters["active@absent-minded.example"]
    assert "invited there and have not come in yet" in letters["invited@absent-minded.example"]
    assert "you sign in with Example ID" in letters["through@absent-minded.example"]
    assert not any("/auth/reset" in letters[f"{name}@absent-minded.example"] for name in ("invited", "through"))
    async with transaction(visitor.line.pool, visitor.house.tenant, Cause(new_id())) as tx:
        await tx.connection.execute(DISCONNECT, id=connection_id)


async def _asked(visitor: Visitor) -> list[int]:
    """What a request leaves behind: an entry in the audit log, and one thing for a worker to see to."""
    entries = await visitor.rows(statement("SELECT count(*) FROM __tenant__.sign_in_events WHERE action = 'PasswordResetAsked' AND user_id IS NULL"))
    async with visitor.line.pool.control() as connection:
        return [int(str(entries[0])), len(await connection.fetch(TIMERS, role=visitor.house.tenant.place.role))]


async def test_a_second_factor_is_asked_for_afterwards_all_the_same(visitor: Visitor) -> None:
    user_id = await visitor.person("nat")
    async with transaction(visitor.line.pool, visitor.house.tenant, Cause(new_id())) as tx:
        await tx.connection.execute(ENROLLED, id=user_id)
    await visitor.ask("nat")

    answer = await visitor.choose(await visitor.path())

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/auth/second-factor?")
    assert (await visitor.client.get("/auth/account")).status_code == 303


async def test_asking_again_and_again_is_slowed_down_for_known_and_unknown_addresses_alike(visitor: Visitor) -> None:
    await visitor.person("often")

    known, unknown = [[await visitor.ask(f"{name}@absent-minded.example") for _ in range(4)] for name in ("often", "never")]

    assert [answer.status_code for answer in known] == [answer.status_code for answer in unknown] == [200, 200, 200, 429]
    assert int(known[-1].headers["retry-after"]) > 200
    assert "asked for too often" in known[-1].text


async def test_another_sites_page_has_nothing_sent(visitor: Visitor) -> None:
    before = await _asked(visitor)
    form = form_of(await visitor.client.get("/auth/forgot"))

    answers = [
        await visitor.client.post("/auth/forgot", data={"login": "kim", "form": form}, headers={"Origin": "https://evil.example"}),
        await visitor.client.post("/auth/forgot", data={"login": "kim", "form": "made up"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert await _asked(visitor) == before


async def test_the_letters_link_leads_to_the_configured_address_whatever_the_request_says_of_hosts(visitor: Visitor) -> None:
    await visitor.person("hosted")
    form = form_of(await visitor.client.get("/auth/forgot"))
    lies = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example;proto=https", "X-Forwarded-Proto": "https", "X-Host": "evil.example"}

    asked = await visitor.client.post("/auth/forgot", data={"login": "hosted", "form": form}, headers=lies)
    [(_, text)] = await visitor.letters()

    assert asked.status_code == 200
    assert set(re.findall(r"https?://[^/\s]+", text)) == {"http://absent-minded.localhost:8000"}


async def test_where_everybody_comes_through_the_provider_only_break_glass_owners_get_a_link(visitor: Visitor, migrated: TenantSettings) -> None:
    glass, _ = await visitor.person("glass"), await visitor.person("plain")
    await visitor.ask("plain")
    path = await visitor.path()
    connection_id, schema = new_id(), visitor.house.tenant.place.schema
    async with transaction(visitor.line.pool, visitor.house.tenant, Cause(new_id())) as tx:
        await tx.connection.execute(CONNECT, id=connection_id, name="ruling")
    async with as_owner(migrated) as owner:
        policies = json.dumps({"signIn": {"enforced": True, "breakGlass": [str(glass)]}})
        await owner.execute(f"UPDATE {schema}.organization SET policies = $1::jsonb", policies)
    try:

        async def useless() -> bool:
            return (await visitor.client.get(path)).status_code == 410

        await until(useless)
        for file in visitor.folder.glob("*.eml"):
            file.unlink()
        answers = [await visitor.ask(name) for name in ("glass", "plain")]
        letters = dict(await visitor.letters())
    finally:
        async with as_owner(migrated) as owner:
            await owner.execute(f"UPDATE {schema}.organization SET policies = '{{}}'")
            await owner.execute(f"DELETE FROM {schema}.connections WHERE id = $1", connection_id)

    assert answers[0].text == answers[1].text
    assert "/auth/reset?token=" in letters["glass@absent-minded.example"]
    assert "you sign in with Example ID" in letters["plain@absent-minded.example"]
    assert "/auth/reset" not in letters["plain@absent-minded.example"]
