"""At the installation's own address people are told by mail where they sign in, and nobody else is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.users.commands import SuspendUser
from auth.sso.connections import Connection, Connections
from auth.sso.domains import EmailDomains
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.conftest import House
from tests.integration.workers.conftest import until
from tests.integration.workers.home_realms.door import Door
from tests.integration.workers.home_realms.town import Town
from workers.mail import postman


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
