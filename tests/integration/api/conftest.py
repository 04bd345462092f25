"""A library of posts in every state, in an organization of its own, and an engine to ask about it."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.management.decisions import Decisions
from auth.principal import ANONYMOUS, Principal
from auth.service import Auth
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.settings import TenantSettings
from tests.integration.api.library.filling import filled
from tests.integration.api.library.rows import rows_of
from tests.integration.api.operations.arguments import SEARCHED
from tests.integration.api.reference.world import World
from tests.integration.conftest import House, house_of
from tests.integration.serving import running, signing_in


@pytest.fixture(scope="session")
def auth(pool: Database, bus: Bus, registry: Registry, migrated: TenantSettings) -> Iterator[Auth]:
    auth = signing_in(migrated, pool, bus, registry)
    yield auth
    auth.close()


@pytest.fixture(scope="session")
def engine(pool: Database, bus: Bus, auth: Auth) -> Engine:
    return Engine(schema(), pool, bus, Decisions(pool, oldest=3.0), auth.parts.invitations, dev=True)


Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def ask(engine: Engine) -> Ask:
    """Ask a house something on behalf of a principal; the decoded response."""

    async def asking(house: House, who: Principal | str | None, query: str, **variables: Any) -> dict[str, Any]:
        principal = house.people[who] if isinstance(who, str) else who or ANONYMOUS
        answer = await engine.answer(Asked(query, None, variables), Caller(house.tenant, principal, new_id()), queries_only=False)
        decoded: dict[str, Any] = json.loads(answer.body)
        return decoded

    return asking


@pytest.fixture(scope="session")
async def library(migrated: TenantSettings, pool: Database) -> House:
    return await filled(migrated, pool, Cast("library", "The Library", ACME.people))


@pytest.fixture(scope="session")
async def neighbours(migrated: TenantSettings, pool: Database) -> House:
    """Another organization with the same content under other ids."""
    return await filled(migrated, pool, Cast("neighbours", "The Neighbours", ACME.people))


@pytest.fixture
async def press(migrated: TenantSettings, pool: Database) -> House:
    """An organization of the test's own, since nobody may say more than so much in a few minutes."""
    return await house_of(migrated, pool, replace(ACME, slug=f"talk-{secrets.token_hex(4)}", name="Talk"))


@pytest.fixture(scope="session")
async def world(library: House, pool: Database) -> World:
    return await rows_of(pool, library, searched=SEARCHED)


@pytest.fixture(scope="session")
async def app(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    """The whole application, as the server mounts it, in development."""
    async with running(migrated) as application:
        yield application


@pytest.fixture(scope="session")
async def production(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    async with running(replace(migrated, mode="production", public_url="http://localhost:8000")) as application:
        yield application


Token = Callable[[House, str], Awaitable[str]]
PASSWORD = "three words together"


@pytest.fixture(scope="session")
def token_of(app: ASGIApp, auth: Auth) -> Token:
    """An access token of one of a house's people."""
    known: dict[tuple[str, str], str] = {}

    async def token(house: House, key: str) -> str:
        place = (house.tenant.slug, key)
        if place not in known:
            await auth.parts.credentials.set_password(house.tenant, house.id_of(key), PASSWORD)
            async with client_of(app, house) as client:
                answer = await client.post("/auth/token", json={"email": f"{key}@{house.tenant.slug}.example", "password": PASSWORD})
            known[place] = answer.json()["access_token"]
        return known[place]

    return token


def client_of(app: ASGIApp, house: House, token: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type] # Litestar types ASGI more closely
    return httpx.AsyncClient(transport=transport, base_url=f"http://{house.tenant.slug}.localhost:8000", headers=headers)
