"""The composition root: the product as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from litestar import Litestar
from litestar.types import ASGIApp
from redis.asyncio import Redis

from app.api.http import Api
from app.bus import Bus
from app.hosts import Hosts
from app.users.accounts import Members
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

REDIS_SECONDS = 0.5


class Settings(Protocol):
    """What this process was told by its environment."""

    @property
    def tenants(self) -> TenantSettings: ...

    @property
    def auth(self) -> AuthSettings: ...


def build(settings: Settings, serves: Callable[[str | None], bool]) -> ASGIApp:
    """The application. `serves` says whether this release can serve a tenant at a revision."""
    database = Database(settings.tenants)
    keyring = Keyring(settings.tenants.secret_keys)
    registry = Registry(database, keyring)
    resolver = Resolver(registry, settings.tenants.base_host, serves)
    redis = Redis.from_url(settings.tenants.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    bus = Bus(database)
    auth = Auth(
        settings.auth,
        settings.tenants,
        database=database,
        keyring=keyring,
        redis=redis,
        registry=registry,
        resolver=resolver,
        accounts=Members(database, bus.as_system),
    )
    api = Api(database=database, bus=bus, settings=settings.tenants, auth=auth)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        watching = asyncio.create_task(registry.watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            auth.close()
            await redis.aclose()
            await database.close()

    app = Litestar([*auth.handlers(), *api.handlers()], lifespan=[running], openapi_config=None, logging_config=None)
    return Hosts(app, resolver)
