"""Requests a second: refused alike by every process, for one organization alone, also while Redis is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.types import ASGIApp
from redis.asyncio import Redis

from app.edge.quota import RequestQuota
from ops.demo.people import House as Cast
from ops.organizations.founding import found
from ops.organizations.tiering import change_tier
from tenants.database import Database
from tenants.errors import RateLimited
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.tiers import Quotas
from tests.integration.api.conftest import Token, client_of
from tests.integration.conftest import House
from tests.integration.serving import running

RATE = 5
QUERY = {"query": "{ organization { slug } }"}


async def _house(settings: TenantSettings, pool: Database, slug: str, **limits: int | None) -> House:
    await found(settings, pool, slug=slug, name=slug, owner_email=f"owner@{slug}.example")
    return House(await change_tier(settings, pool, slug, "team", limits), {}, Cast(slug, slug, ()))


@pytest.fixture(scope="session")
async def hasty(migrated: TenantSettings, pool: Database) -> House:
    """May make five requests a second."""
    return await _house(migrated, pool, "hasty", requests_per_second=RATE)


@pytest.fixture(scope="session")
async def calm(migrated: TenantSettings, pool: Database) -> House:
    return await _house(migrated, pool, "calm", requests_per_second=None)


@pytest.fixture
async def redis(migrated: TenantSettings) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(migrated.redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


async def refused(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Ask until the organization has asked too often."""
    while (answer := await client.post("/graphql", json=QUERY, headers=headers)).status_code == 200:
        continue
    return answer


async def test_too_many_requests_are_refused_with_code_and_seconds_and_the_neighbour_is_served(
    app: ASGIApp, redis: Redis, hasty: House, calm: House
) -> None:
    async with client_of(app, hasty) as client, client_of(app, calm) as neighbour:
        answer = await refused(client)
        others = [(await neighbour.post("/graphql", json=QUERY)).status_code for _ in range(3 * RATE)]

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfter": 1}
    assert error["message"].startswith("This organization may make 5 requests a second and makes more. Wait a second, then try again;")
    assert set(others) == {200}


async def test_pages_and_programs_are_told_in_their_own_way(app: ASGIApp, redis: Redis, hasty: House) -> None:
    async with client_of(app, hasty) as client:
        newer = await refused(client, Accept="application/graphql-response+json")
        page = await client.get("/auth/login", headers={"Accept": "text/html"})
        program = await client.post("/auth/token", json={"email": "a@x.example", "password": "x"})
        files = [(await client.get(path)).status_code for path in ("/static/auth.css", "/graphql/files/page.js")]

    assert (newer.status_code, newer.headers["content-type"]) == (429, "application/graphql-response+json; charset=utf-8")
    assert (page.status_code, page.headers["retry-after"]) == (429, "1")
    assert "may make 5 requests a second" in page.text
    assert (program.status_code, program.json()["error"]) == (429, "rate_limited")
    assert 429 not in files


async def test_after_the_wait_requests_are_served_again(app: ASGIApp, redis: Redis, hasty: House) -> None:
    async with client_of(app, hasty) as client:
        answer = await refused(client)
        await asyncio.sleep(int(answer.headers["retry-after"]))

        assert (await client.post("/graphql", json=QUERY)).status_code == 200


async def test_two_servers_share_what_an_organization_may_make(migrated: TenantSettings, redis: Redis, hasty: House) -> None:
    async with running(migrated) as one, running(migrated) as other, client_of(one, hasty) as first, client_of(other, hasty) as second:
        began = time.monotonic()
        answers = await asyncio.gather(*(client.post("/graphql", json=QUERY) for client in (first, second) for _ in range(4 * RATE)))
        seconds = time.monotonic() - began

    served = sum(answer.status_code == 200 for answer in answers)
    assert RATE <= served <= RATE + RATE * seconds


async def test_on_the_apis_host_the_token_tells_whose_requests_they_are(
    app: ASGIApp, redis: Redis, acme: House, token_of: Token, migrated: TenantSettings, pool: Database
) -> None:
    headers = {"Authorization": f"Bearer {await token_of(acme, 'author')}"}
    await change_tier(migrated, pool, "acme", "team", {"requests_per_second": RATE})
    try:
        async with running(migrated) as server:
            transport = httpx.ASGITransport(server)  # type: ignore[arg-type] # Litestar types ASGI more closely
            async with httpx.AsyncClient(transport=transport, base_url="http://api.localhost:8000", headers=headers) as client:
                answer = await refused(client)
    finally:
        await change_tier(migrated, pool, "acme", "team", {})

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


def limited(tenant: Tenant, rate: int) -> Tenant:
    return replace(tenant, quotas=Quotas(requests_per_second=rate))


async def admitted(quota: RequestQuota, tenant: Tenant, requests: int) -> int:
    answers = await asyncio.gather(*(quota.admit(tenant) for _ in range(requests)), return_exceptions=True)
    assert all(answer is None or isinstance(answer, RateLimited) for answer in answers)
    return answers.count(None)


async def test_eight_processes_at_once_let_in_what_one_bucket_gives(redis: Redis, acme: House, globex: House) -> None:
    processes, began = [RequestQuota(redis) for _ in range(8)], time.monotonic()

    served = sum(await asyncio.gather(*(admitted(quota, limited(acme.tenant, 20), 20) for quota in processes)))

    assert 20 <= served <= 20 + 20 * (time.monotonic() - began)
    assert await admitted(processes[0], limited(globex.tenant, 20), 10) == 10


async def test_without_redis_each_process_counts_by_itself_and_refuses_all_the_same(acme: House, globex: House) -> None:
    nowhere: Redis = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    now = 100.0
    quota = RequestQuota(nowhere, clock=lambda: now)

    assert await admitted(quota, limited(acme.tenant, 7), 30) == 7
    assert await admitted(quota, limited(globex.tenant, 40), 30) == 30
    now += 1.0
    assert await admitted(quota, limited(acme.tenant, 7), 30) == 7
    await nowhere.aclose()


async def test_a_limit_that_is_lifted_or_lowered_holds_at_once(redis: Redis, acme: House) -> None:
    now = 100.0
    quota = RequestQuota(redis, clock=lambda: now)
    low = await admitted(quota, limited(acme.tenant, 3), 10)

    assert low >= 3
    assert await admitted(quota, replace(acme.tenant, quotas=Quotas()), 500) == 500


@asynccontextmanager
async def answering_late(url: str, answers: asyncio.Event) -> AsyncIterator[Redis]:
    """Redis by way of a line on which questions arrive at once, and answers when the event is set."""
    there = urlsplit(url)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event | None) -> None:
        while data := await reader.read(65536):
            if gate:
                await gate.wait()
            writer.write(data)
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        further, back = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(pass_on(reader, back, None), pass_on(further, writer, answers))

    line = await asyncio.start_server(connected, "127.0.0.1")
    port = line.sockets[0].getsockname()[1]
    client: Redis = Redis.from_url(url.replace(f":{there.port}/", f":{port}/"))
    yield client
    await client.aclose()
    line.close()


async def test_what_was_asked_for_by_a_request_that_goes_away_is_left_to_the_next(
    migrated: TenantSettings, redis: Redis, acme: House, globex: House
) -> None:
    answers = asyncio.Event()
    answers.set()
    async with answering_late(migrated.redis_url, answers) as late:
        quota, tenant = RequestQuota(late), limited(acme.tenant, 1)
        assert await admitted(quota, limited(globex.tenant, 1), 1) == 1
        answers.clear()
        leaving = asyncio.create_task(quota.admit(tenant))
        while not await redis.exists(f"imprint:{acme.tenant.id.hex}:requests"):
            await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.wait([leaving])
        answers.set()

        assert leaving.cancelled()
        assert await admitted(quota, tenant, 10) == 1
