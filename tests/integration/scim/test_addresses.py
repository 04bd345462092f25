"""What stands before people and groups: tokens, limits, what this server says of itself, and what it does not serve."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from app.edge.rates import SharedRates
from app.scim.requests import Pace
from auth.copies import NOT_KEPT
from auth.service import Auth
from auth.sso.connections import Connection
from auth.sso.setup_links import SetupLinkEnded
from tenants.database import Database
from tenants.errors import Conflict, NotFound, RateLimited, ValidationFailed
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.auth.arriving import connected
from tests.integration.conftest import House
from tests.integration.scim.conftest import NewProvider, Provider

TOLD = statement("SELECT action, details FROM __tenant__.sign_in_events WHERE connection_id = :connection_id AND module = 'scim' ORDER BY at, id")


def bearing(provider: Provider) -> dict[str, str]:
    return {"Authorization": provider.client.headers["authorization"]}


async def test_a_token_is_good_at_its_organization_until_it_is_revoked(
    provider: Provider,
    new_provider: NewProvider,
    hooli: House,
    auth: Auth,
    initech: House,
    at_initech: httpx.AsyncClient,
    make_auth: Callable[[], Auth],
    pool: Database,
) -> None:
    foreign, token = await new_provider(hooli), provider.client.headers["authorization"]
    refusals = [
        await provider.client.get("/scim/v2/Users", headers=bearing(foreign)),
        await foreign.client.get("/scim/v2/Users", headers=bearing(provider)),
        await at_initech.get("/scim/v2/Users"),
        await at_initech.get("/scim/v2/Users", headers={"Authorization": token[:-1] + ("A" if token[-1] != "A" else "B")}),
        await at_initech.get("/scim/v2/Users", headers={"Authorization": "Basic eDp5"}),
    ]
    elsewhere = await at_initech.get("/graphql", params={"query": "{ me { id } }"}, headers={"Authorization": token})

    assert [(answer.status_code, answer.json()["status"]) for answer in refusals] == [(401, "401")] * 5
    assert refusals[0].headers["www-authenticate"] == "Bearer"
    assert elsewhere.status_code == 401
    (held,) = await auth.parts.scim_tokens.of(initech.tenant, provider.connection.id)
    second = await auth.parts.scim_tokens.make(initech.tenant, provider.connection, 1, Cause(new_id()))
    assert held.last_used_at is None
    assert (await provider.client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {second}"})).status_code == 200
    assert (await provider.client.get("/scim/v2/Users")).status_code == 200
    assert (await auth.parts.scim_tokens.of(initech.tenant, provider.connection.id))[0].last_used_at is not None
    with pytest.raises(Conflict):
        await auth.parts.scim_tokens.make(initech.tenant, provider.connection, 1, Cause(new_id()))
    with pytest.raises(ValidationFailed):
        await auth.parts.scim_tokens.make(initech.tenant, provider.connection, 0, Cause(new_id()))
    await auth.parts.scim_tokens.revoke(initech.tenant, provider.connection, held.id, Cause(new_id()))
    with pytest.raises(NotFound):
        await auth.parts.scim_tokens.revoke(initech.tenant, provider.connection, held.id, Cause(new_id()))
    assert await auth.parts.scim_tokens.connection_of(initech.tenant, token.removeprefix("Bearer ")) is None
    again = make_auth().parts.scim_tokens
    assert [await again.connection_of(initech.tenant, token.removeprefix("Bearer ")) for _ in range(2)] == [None, None]
    async with pool.reading(initech.tenant.place) as connection:
        told = await connection.fetch(TOLD, connection_id=provider.connection.id)
    assert [row["action"] for row in told] == ["ScimTokenMade", "ScimTokenMade", "ScimTokenRevoked", "ScimTokenRefused"]
    assert told[-1]["details"]["found"] == "one that was revoked"


async def test_a_guesser_has_to_wait(at_initech: httpx.AsyncClient, initech: House) -> None:
    guess = {"Authorization": f"Bearer scim_{initech.tenant.id.hex}_{'x' * 43}"}
    statuses = [(await at_initech.get("/scim/v2/Users", headers=guess)).status_code for _ in range(7)]

    assert statuses[0] == 401
    assert statuses[-1] == 429


async def kept(pace: Pace, house: House, connection_id: UUID, requests: int) -> int:
    answers = await asyncio.gather(*(pace.keep(house.tenant, connection_id) for _ in range(requests)), return_exceptions=True)
    assert all(answer is None or isinstance(answer, RateLimited) for answer in answers)
    return answers.count(None)


async def test_a_connection_may_ask_so_often_of_all_processes_together(initech: House, acme: House, redis: Redis) -> None:
    processes, began = [Pace(SharedRates(redis), 50) for _ in range(4)], time.monotonic()
    one, other = new_id(), new_id()

    served = sum(await asyncio.gather(*(kept(pace, initech, one, 50) for pace in processes)))

    assert 50 <= served <= 50 + 50 * (time.monotonic() - began)
    assert await kept(processes[0], initech, other, 20) == 20
    assert await kept(processes[0], acme, new_id(), 20) == 20


async def test_without_redis_each_process_counts_what_a_connection_asks(initech: House) -> None:
    nowhere: Redis = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    now, one = [100.0], new_id()
    pace = Pace(SharedRates(nowhere, clock=lambda: now[0]), 2)

    assert await kept(pace, initech, one, 9) == 2
    now[0] += 1.0
    assert await kept(pace, initech, one, 9) == 2
    await nowhere.aclose()


async def test_what_this_server_can_do_is_open_to_everybody(at_initech: httpx.AsyncClient) -> None:
    config = (await at_initech.get("/scim/v2/ServiceProviderConfig")).json()
    types = (await at_initech.get("/scim/v2/ResourceTypes")).json()
    schemas = (await at_initech.get("/scim/v2/Schemas")).json()

    assert (config["patch"]["supported"], config["bulk"]["supported"], config["filter"]["maxResults"]) == (True, False, 200)
    assert [one["endpoint"] for one in types["Resources"]] == ["/Users", "/Groups"]
    assert [one["id"].rpartition(":")[2] for one in schemas["Resources"]] == ["User", "User", "Group"]
    for one in (*types["Resources"], *schemas["Resources"]):
        assert (await at_initech.get(one["meta"]["location"])).json() == one
    assert (await at_initech.get("/scim/v2/Schemas?filter=id pr")).status_code == 403
    assert (await at_initech.get("/scim/v2/Schemas/x")).status_code == 404


async def test_what_is_not_served_is_refused_in_scims_shape(provider: Provider) -> None:
    client = provider.client
    big: dict[str, Any] = {"userName": "x" * 1_100_000}
    made = {
        "/scim/v2/Bulk": (await client.post("/scim/v2/Bulk", json={}), 501),
        "/scim/v2/Me": (await client.get("/scim/v2/Me"), 501),
        "unknown": (await client.get("/scim/v2/Printers"), 404),
        "method": (await client.put("/scim/v2/Users", json={}), 405),
        "id": (await client.get("/scim/v2/Users/not-an-id"), 404),
        "json": (await client.post("/scim/v2/Users", content=b"{"), 400),
        "deep": (await client.post("/scim/v2/Users", content=b"[" * 100_000), 400),
        "utf-8": (await client.post("/scim/v2/Users", content=b'{"userName": "\xff"}'), 400),
        "surrogate": (await client.post("/scim/v2/Users", content=b'{"userName": "\\ud800"}'), 400),
        "number": (await client.post("/scim/v2/Users", content=b'{"userName": ' + b"9" * 5000 + b"}"), 400),
        "list": (await client.post("/scim/v2/Users", json=[]), 400),
        "twice": (await client.post("/scim/v2/Users", json={"userName": "a", "USERNAME": "b"}), 400),
        "nobody": (await client.post("/scim/v2/Users", json={"schemas": ["x"]}), 400),
        "form": (await client.post("/scim/v2/Users", content=b"a=b", headers={"Content-Type": "application/x-www-form-urlencoded"}), 415),
        "large": (await client.post("/scim/v2/Users", json=big), 413),
    }
    for what, (answer, status) in made.items():
        assert answer.status_code == status, (what, answer.text)
        assert answer.headers["content-type"] == "application/scim+json", what
        assert answer.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"], what


async def test_tokens_of_a_connection_that_is_removed_are_good_no_more(auth: Auth, initech: House, at_initech: httpx.AsyncClient) -> None:
    connection: Connection = await connected(auth, initech)
    token = await auth.parts.scim_tokens.make(initech.tenant, connection, 1, Cause(new_id()))
    await auth.parts.connections.remove(initech.tenant, connection.name, Cause(new_id()))

    assert (await at_initech.get("/scim/v2/Users", headers={"Authorization": f"Bearer {token}"})).status_code == 401


async def test_a_copy_of_an_organization_keeps_no_tokens_and_no_set_up_links(
    auth: Auth, hooli: House, new_provider: NewProvider, pool: Database
) -> None:
    provider = await new_provider(hooli)
    token = provider.client.headers["authorization"].removeprefix("Bearer ")
    by = hooli.id_of("owner")
    link = await auth.parts.setup_links.make(hooli.tenant, by, None, None, Cause(new_id(), by), days=7, may_switch_on=False)

    async with pool.writing(hooli.tenant.place) as connection:  # as a copy of it would be treated
        for part in NOT_KEPT:
            if "provision" in part.what or "set-up" in part.what:
                for reset in part.statements:
                    await connection.execute(reset)

    assert await auth.parts.scim_tokens.connection_of(hooli.tenant, token) is None
    with pytest.raises(SetupLinkEnded):
        await auth.parts.setup_links.look(hooli.tenant, link)
