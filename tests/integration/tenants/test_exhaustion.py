"""One organization's slow work over HTTP: refused quickly itself, unnoticed by the others and by whoever asks whether the server lives."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import httpx
import pytest
from litestar.types import ASGIApp

from ops.asgi import Application
from ops.front import Front
from ops.health import Health
from tenants.settings import TenantSettings
from tests.integration.api.conftest import client_of
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.serving import running

POSTS = {"query": "{ posts(first: 1) { totalCount } }"}
CONNECTIONS, SHARE = 4, 3


@pytest.fixture
async def served(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    """A server with few connections and little patience, health and all."""
    settings = dataclasses.replace(migrated, connections=CONNECTIONS, acquire_timeout=1, lock_seconds=15)
    health = Health(settings)
    async with running(settings) as product:
        yield cast("ASGIApp", Front(cast("Application", product), health, "", {}, base_host=settings.base_host))
    await health.close()


@asynccontextmanager
async def _stuck(settings: TenantSettings, house: House) -> AsyncIterator[None]:
    """Nobody gets at the organization's posts."""
    async with as_owner(settings) as owner, owner.transaction():
        await owner.execute(f"LOCK TABLE {house.tenant.place.schema}.posts IN ACCESS EXCLUSIVE MODE")
        yield


async def test_a_flood_of_slow_requests_is_refused_while_others_are_served_and_the_server_lives(
    served: ASGIApp, migrated: TenantSettings, acme: House, globex: House
) -> None:
    async with client_of(served, acme) as flooded, client_of(served, globex) as other:
        assert [(await client.post("/graphql", json=POSTS)).status_code for client in (flooded, other)] == [200, 200]
        async with _stuck(migrated, acme):
            flood = [asyncio.create_task(flooded.post("/graphql", json=POSTS)) for _ in range(8)]
            refused = await _first(flood, 8 - SHARE)
            elsewhere = [await other.post("/graphql", json=POSTS) for _ in range(5)]
            alive = [await other.get(path) for path in ("/health/live", "/health/ready")]
            still_held = [task for task in flood if not task.done()]
        held = await asyncio.gather(*still_held)
        after = await flooded.post("/graphql", json=POSTS)

    assert [answer.status_code for answer in refused] == [503] * (8 - SHARE)
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert refused[0].json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert [answer.status_code for answer in elsewhere] == [200] * 5
    assert [answer.status_code for answer in alive] == [200, 200]
    assert [answer.status_code for answer in held] == [200] * SHARE
    assert after.status_code == 200


async def _first(tasks: list[asyncio.Task[httpx.Response]], count: int) -> list[httpx.Response]:
    """The answers of those that are answered first."""
    while sum(task.done() for task in tasks) < count:
        await asyncio.wait([task for task in tasks if not task.done()], return_when=asyncio.FIRST_COMPLETED)
    return [task.result() for task in tasks if task.done()]
