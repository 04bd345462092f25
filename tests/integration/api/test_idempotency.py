"""Mutations sent again under the same key: done once, answered as often as they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from app.api.idempotency import forget_old
from app.bus import Bus
from app.users.commands import InviteUser
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.conftest import Ask, Token, client_of
from tests.integration.conftest import House

CREATE = "mutation M($input: CreatePostInput!) { createPost(input: $input) { post { id title } changed eventIds } }"
TWO = "mutation M($input: CreatePostInput!) { one: createPost(input: $input) { post { id } } two: createPost(input: $input) { post { id } } }"
ACCEPT = "mutation M($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { user { id } changed eventIds } }"
POSTS = statement("SELECT count(*) FROM __tenant__.posts WHERE title = :title")
KEYS = statement("SELECT count(*) FROM __tenant__.idempotency_keys WHERE created_at < now() - interval '1 day'")
AGE = statement("UPDATE __tenant__.idempotency_keys SET created_at = created_at - CAST(:by AS interval)")

Send = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def send(app: ASGIApp, token_of: Token) -> Send:
    async def sending(house: House, who: str, key: str | None, document: str = CREATE, *, quoted: bool = False, **given: Any) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": f'"{key}"' if quoted else key}
        async with client_of(app, house, await token_of(house, who)) as client:
            return await client.post("/graphql", json={"query": document, "variables": {"input": given}}, headers=headers)

    return sending


async def made(pool: Database, house: House, title: str) -> int:
    async with pool.reading(house.tenant.place) as connection:
        return int(await connection.fetchval(POSTS, title=title))


async def test_a_mutation_sent_again_is_answered_as_it_was_and_not_done_again(send: Send, pool: Database, acme: House) -> None:
    key, title = str(new_id()), "Sent twice"

    first = await send(acme, "author", key, title=title, content="x")
    again = await send(acme, "author", key, quoted=True, title=title, content="x")

    assert first.json()["data"]["createPost"]["changed"] is True
    assert again.json() == first.json()
    assert await made(pool, acme, title) == 1


async def test_twenty_at_the_same_moment_are_one(send: Send, pool: Database, acme: House) -> None:
    key, title = str(new_id()), "Sent twenty times"

    answers = await asyncio.gather(*(send(acme, "author", key, title=title, content="x") for _ in range(20)))

    assert {answer.text for answer in answers} == {answers[0].text}
    assert "errors" not in answers[0].json()
    assert await made(pool, acme, title) == 1


async def test_a_key_is_its_persons_and_its_organizations_own(send: Send, pool: Database, acme: House, globex: House) -> None:
    key, title = str(new_id()), "One key, three people"

    ids = [
        (await send(house, who, key, title=title, content="x")).json()["data"]["createPost"]["post"]["id"]
        for house, who in ((acme, "author"), (acme, "editor"), (globex, "author"))
    ]

    assert len(set(ids)) == 3
    assert (await made(pool, acme, title), await made(pool, globex, title)) == (2, 1)


async def test_a_key_that_stands_for_another_request_is_refused_and_nothing_is_done(send: Send, pool: Database, acme: House) -> None:
    key = str(new_id())
    await send(acme, "author", key, title="The first request", content="x")

    other = await send(acme, "author", key, title="Quite another request", content="x")

    [error] = other.json()["errors"]
    assert error["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert "a key of its own" in error["message"]
    assert await made(pool, acme, "Quite another request") == 0


async def test_what_was_refused_may_be_tried_again_under_the_same_key(send: Send, pool: Database, acme: House) -> None:
    key, title = str(new_id()), "Refused at first"

    refused = await send(acme, "reader", key, title=title, content="x")
    invalid = await send(acme, "author", key, title="", content="x")
    done = await send(acme, "author", key, title=title, content="x")

    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert invalid.json()["errors"][0]["extensions"]["code"] == "VALIDATION_FAILED"
    assert done.json()["data"]["createPost"]["changed"] is True
    assert await made(pool, acme, title) == 1


async def test_each_mutation_of_a_request_has_the_headers_key_for_itself(send: Send, pool: Database, acme: House) -> None:
    key, title = str(new_id()), "Two in one request"

    first = await send(acme, "author", key, TWO, title=title, content="x")
    again = await send(acme, "author", key, TWO, title=title, content="x")

    assert first.json()["data"]["one"] != first.json()["data"]["two"]
    assert again.json() == first.json()
    assert await made(pool, acme, title) == 2


async def test_the_key_may_stand_in_the_input_also_without_http(ask: Ask, pool: Database, acme: House) -> None:
    title, given = "By its input", {"title": "By its input", "content": "x", "idempotencyKey": str(new_id())}

    first = await ask(acme, "author", CREATE, input=given)
    again = await ask(acme, "author", CREATE, input=given)

    assert "errors" not in first
    assert again == first
    assert await made(pool, acme, title) == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 201, "schlüssel"])
async def test_a_key_that_is_none_is_refused_by_name(ask: Ask, pool: Database, acme: House, key: str) -> None:
    response = await ask(acme, "author", CREATE, input={"title": "Under no key", "content": "x", "idempotencyKey": key})

    [error] = response["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert error["extensions"]["fields"] == {"idempotencyKey": "takes 1 to 200 visible ASCII characters, such as a UUID"}
    assert await made(pool, acme, "Under no key") == 0


async def test_keys_are_forgotten_after_a_day(send: Send, pool: Database, acme: House, globex: House) -> None:
    for house in (acme, globex):
        await send(house, "author", str(new_id()), title="Long ago", content="x")
    async with pool.writing(acme.tenant.place) as connection:
        await connection.execute(AGE, by=timedelta(hours=25))
        old = await connection.fetchval(KEYS)

    async with pool.reading(acme.tenant.place) as connection:
        forgotten = await forget_old(connection, 1000)
        left = await connection.fetchval(KEYS)
    async with pool.reading(globex.tenant.place) as connection:
        others = await forget_old(connection, 1000)

    assert (forgotten, left, others) == (old, 0, 0)
    assert old >= 1


async def test_an_invitation_accepted_again_is_answered_as_it_was_though_its_link_is_spent(ask: Ask, auth: Auth, bus: Bus, acme: House) -> None:
    person, key = new_id(), str(new_id())
    await bus.execute(acme.tenant, InviteUser(person, f"{person.hex}@example.org", "Twice"), SYSTEM, correlation_id=new_id())
    token = await auth.parts.links.issue(acme.tenant, person, "invitation")
    given = {"token": token, "password": "three words together", "idempotencyKey": key}

    first = await ask(acme, None, ACCEPT, input=given)
    again = await ask(acme, None, ACCEPT, input=given)
    spent = [await ask(acme, None, ACCEPT, input=given | other) for other in ({"idempotencyKey": str(new_id())}, {"idempotencyKey": None})]
    reused = await ask(acme, None, ACCEPT, input=given | {"password": "three other words"})

    assert first["data"]["acceptInvitation"]["user"] == {"id": str(person)}
    assert first["data"]["acceptInvitation"]["changed"] is True
    assert again == first
    assert [answer["errors"][0]["extensions"]["code"] for answer in spent] == ["LINK_SPENT", "LINK_SPENT"]
    assert reused["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
