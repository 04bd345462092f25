"""Signing in to the product as the server runs it, at the addresses of two organizations."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp
from redis.asyncio import Redis

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from app.users.commands import ActivateUser, InviteUser
from auth.principal import SYSTEM
from auth.service import Auth
from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.settings import TenantSettings
from tenants.transaction import Cause
from tests.integration.conftest import House, house_of
from tests.integration.serving import running, signing_in

PASSWORD = "three words together"
WHO = "{ me { id role } organization { slug } }"

_addresses = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Person:
    user_id: UUID
    email: str
    tenant: Tenant


NewPerson = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
async def redis(migrated: TenantSettings) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(migrated.redis_url)
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def make_auth(pool: Database, registry: Registry, bus: Bus, migrated: TenantSettings, redis: Redis) -> Iterator[Callable[[], Auth]]:
    """Another process's parts, as far as what it remembers goes."""
    made: list[Auth] = []

    def make() -> Auth:
        one = signing_in(migrated, pool, bus, registry, redis)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def auth(make_auth: Callable[[], Auth]) -> Auth:
    return make_auth()


@pytest.fixture(scope="session")
async def app(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    """The whole product, in a process of its own as far as what it remembers goes: `auth` is another one's."""
    async with running(migrated) as product:
        yield product


def client_at(app: ASGIApp, host: str, *, address: str | None = None, agent: str = "tests") -> httpx.AsyncClient:
    """A client with an address of its own, so that the limits of one test leave the others alone."""
    number = next(_addresses)
    transport = httpx.ASGITransport(app, client=(address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 1))  # type: ignore[arg-type] # Litestar types ASGI more closely
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000", headers={"User-Agent": agent})


@pytest.fixture
async def at_acme(app: ASGIApp, acme: House) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(app, "acme.localhost") as client:
        yield client


@pytest.fixture
async def browser(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody's browser at Acme, with cookies of its own."""
    async with client_at(app, "acme.localhost") as client:
        yield client


@pytest.fixture
async def at_globex(app: ASGIApp, globex: House) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(app, "globex.localhost") as client:
        yield client


@pytest.fixture(scope="session")
def new_person(auth: Auth, bus: Bus) -> NewPerson:
    """Somebody new in an organization, active with a password unless told otherwise."""

    async def make(house: House, *, role: str = "author", status: str = "active") -> Person:
        user_id = new_id()
        email = f"{user_id.hex}@{house.tenant.slug}.example"
        await bus.execute(house.tenant, InviteUser(user_id, email, "Kim Example", role), SYSTEM, correlation_id=new_id())
        if status == "active":
            await bus.execute(house.tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
            await auth.parts.credentials.set_password(house.tenant, user_id, PASSWORD)
        return Person(user_id, email, house.tenant)

    return make


async def demand(bus: Bus, house: House, policies: dict[str, dict[str, object]]) -> None:
    await bus.execute(house.tenant, ConfigureOrganization(policies=policies), SYSTEM, correlation_id=new_id())


@pytest.fixture(scope="session")
async def strict(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    """An organization that wants a second factor of everybody."""
    house = await house_of(migrated, pool, replace(GLOBEX, slug="careful"))
    await demand(bus, house, {"signIn": {"secondFactor": "required"}})
    return house


async def token_pair(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> dict[str, Any]:
    answer = await client.post("/auth/token", json={"email": person.email, "password": password})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def ask_who(client: httpx.AsyncClient, headers: Any = None) -> httpx.Response:
    """Ask the product who one is."""
    return await client.get("/graphql", params={"query": WHO}, headers=headers)


async def who(client: httpx.AsyncClient, headers: Any = None) -> dict[str, Any]:
    """Who one is there (`me`, null for nobody), and the organization."""
    answer = await ask_who(client, headers)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def code_of(answer: httpx.Response) -> str:
    """The code with which a GraphQL request was refused as a whole."""
    (error,) = answer.json()["errors"]
    return str(error["extensions"]["code"])


async def refused(client: httpx.AsyncClient, headers: Any = None) -> bool:
    """Whether the credentials are not good there: never mistaken for nobody's, never half an answer."""
    answer = await ask_who(client, headers)
    if answer.status_code != 401:
        return False
    assert (code_of(answer), "data" in answer.json()) == ("UNAUTHENTICATED", False)
    return True


@pytest.fixture(scope="session")
async def saml(app: ASGIApp, auth: Auth, acme: House, globex: House) -> dict[tuple[str, str], Any]:
    """Connections to SAML providers, by organization and name; known to the product when this returns."""
    from ops.bench.identity_provider import pair_of
    from tests.saml.visiting import connect

    wanted: dict[str, dict[str, Any]] = {
        "plain": {},
        "open": {"idp_initiated": True},
        "off": {"enabled": False},
        "sealed": {"want_encrypted": True},
        "posted": {"provider": {"binding": "POST", "wants_signed": True}},
        "leaving": {"provider": {"slo": "https://idp.example/slo"}},
    }
    made = {("acme", name): await connect(auth, acme, name, **settings) for name, settings in wanted.items()}
    made["acme", "expired"] = await connect(auth, acme, "expired", pair_of("old", days=-1, begins=-9))
    made["acme", "rolling"] = await connect(auth, acme, "rolling", pair_of("idp"), pair_of("idp-next"))
    made["globex", "plain"] = await connect(auth, globex, "plain")
    for house in (acme, globex):
        domain = await auth.parts.email_domains.claim(house.tenant, f"{house.tenant.slug}.example", Cause(new_id()))
        await auth.parts.email_domains.vouch(house.tenant, domain.domain, Cause(new_id()), by="a test")
    for slug, name in made:
        async with client_at(app, f"{slug}.localhost") as client:
            while (await client.get(f"/auth/saml/{name}/metadata")).status_code != 200:
                await asyncio.sleep(0.1)
    return made


@pytest.fixture
async def visiting(app: ASGIApp, auth: Auth, acme: House, globex: House, saml: dict[tuple[str, str], Any]) -> AsyncIterator[Callable[..., Any]]:
    """Somebody who signs in through one of these connections."""
    from tests.saml.visiting import Visit

    async with AsyncExitStack() as clients:
        opened = [
            await clients.enter_async_context(client_at(app, f"{slug}.localhost")) for slug in ("acme", "acme", "acme", "acme", "globex", "globex")
        ]

        def visit(name: str, *, at: str = "acme") -> Visit:
            browser, stranger = [client for client in opened if client.base_url.host == f"{at}.localhost"][:2]
            opened.remove(browser)
            opened.remove(stranger)
            return Visit(auth, acme if at == "acme" else globex, saml[at, name], browser, stranger)

        yield visit
