"""Signing in as the server mounts it, on a small application of its own, at the addresses of two organizations."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar import Litestar, Request, route
from litestar.types import ASGIApp, Receive, Scope, Send
from redis.asyncio import Redis

from app.bus import Bus
from app.users.accounts import Members
from app.users.commands import ActivateUser, InviteUser
from auth.http.context import place_at
from auth.principal import SYSTEM
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.errors import Refusal
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.integration.conftest import House

PASSWORD = "three words together"

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
def make_auth(pool: Database, registry: Registry, bus: Bus, migrated: TenantSettings, redis: Redis) -> Callable[..., Auth]:
    """Another process, as far as what it remembers goes; given other settings where a test needs them."""

    async def as_system(tenant: Tenant, command: object, correlation_id: UUID) -> object:
        return await bus.execute(tenant, command, SYSTEM, correlation_id=correlation_id)

    def make(**other: Any) -> Auth:
        chosen = dataclasses.replace(migrated, **other)
        return Auth(
            AuthSettings(),
            chosen,
            database=pool,
            keyring=Keyring(migrated.secret_keys),
            redis=redis,
            registry=registry,
            resolver=Resolver(registry, chosen.base_host, lambda _: True),
            accounts=Members(pool, as_system),
        )

    return make


@pytest.fixture(scope="session")
def auth(make_auth: Callable[..., Auth]) -> Auth:
    return make_auth()


def application(auth: Auth) -> Litestar:
    @route("/whoami", http_method=["GET", "POST"], status_code=200)
    async def who_am_i(request: Request[Any, Any, Any]) -> dict[str, Any]:
        principal = await auth.principal_of(request)
        tenant = request.scope["state"].get("tenant")
        return {
            "kind": principal.kind.value,
            "user": str(principal.user_id),
            "role": principal.role,
            "tenant": tenant and tenant.slug,
            "csrf": await auth.form_token(request),
        }

    def placed(app: ASGIApp) -> ASGIApp:
        async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
            host = dict(scope["headers"])[b"host"].decode()
            place_at(scope, await auth.parts.resolver.resolve(host))
            await app(scope, receive, send)

        return middleware

    def refused(_: Request[Any, Any, Any], refusal: Refusal) -> Any:
        from auth.http.tokens import refused as answer

        return answer(_, refusal)

    return Litestar([who_am_i, *auth.handlers()], middleware=[placed], exception_handlers={Refusal: refused}, openapi_config=None)


@pytest.fixture(scope="session")
def app(auth: Auth) -> Litestar:
    return application(auth)


def client_at(app: Litestar, host: str, *, address: str | None = None, agent: str = "tests") -> httpx.AsyncClient:
    """A client with an address of its own, so that the limits of one test leave the others alone."""
    number = next(_addresses)
    transport = httpx.ASGITransport(app, client=(address or f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 1))  # type: ignore[arg-type] # Litestar types ASGI more closely
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000", headers={"User-Agent": agent})


@pytest.fixture
async def at_acme(app: Litestar, acme: House) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(app, "acme.localhost") as client:
        yield client


@pytest.fixture
async def at_globex(app: Litestar, globex: House) -> AsyncIterator[httpx.AsyncClient]:
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


async def token_pair(client: httpx.AsyncClient, person: Person, password: str = PASSWORD) -> dict[str, Any]:
    answer = await client.post("/auth/token", json={"email": person.email, "password": password})
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
