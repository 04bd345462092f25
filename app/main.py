"""The composition root: the product as one ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.types import ASGIApp, Receive, Scope, Send
from redis.asyncio import Redis

from app.admin.routes import console
from app.api.http import Api
from app.bus import Bus
from app.edge.hosts import Hosts
from app.edge.quota import RequestQuota, rationed
from app.edge.refusals import failed, not_routed, refuse, refused
from app.management.decisions import Decisions
from app.scim.routes import provisioning
from app.users.accounts import Members
from auth.addresses import Addresses
from auth.parts import Parts
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.errors import Refusal
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


@dataclass(frozen=True, slots=True)
class Product:
    """The product as one ASGI application. `lifespan` runs what stands behind it, for whoever does not speak ASGI's."""

    asgi: ASGIApp
    lifespan: Callable[[], AbstractAsyncContextManager[None]]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self.asgi(scope, receive, send)


def build(settings: Settings, serves: Callable[[str | None], bool]) -> Product:
    """`serves` says whether this release can serve a tenant at a revision."""
    database = Database(settings.tenants)
    keyring = Keyring(settings.tenants.secret_keys)
    registry = Registry(database, keyring)
    resolver = Resolver(registry, settings.tenants.base_host, serves)
    redis = Redis.from_url(settings.tenants.redis_url, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS)
    bus = Bus(database)
    policies = Decisions(database, oldest=settings.auth.rights_age)
    auth = Auth(
        Parts.assemble(
            settings.auth,
            settings.tenants,
            database=database,
            keyring=keyring,
            redis=redis,
            registry=registry,
            resolver=resolver,
            accounts=Members(database, bus),
            policies=policies,
        )
    )
    quota = RequestQuota(redis)
    api = Api(database=database, bus=bus, settings=settings.tenants, auth=auth, policies=policies, admit=quota.admit)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        watching = asyncio.create_task(registry.watch())
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            auth.close()
            await redis.aclose()
            await database.close()

    pages = Litestar(
        [*auth.handlers(), *api.handlers(), console(auth.parts, bus), provisioning(auth.parts, database, bus, redis)],
        lifespan=[running],
        exception_handlers={Refusal: refused, HTTPException: not_routed, Exception: failed},
        openapi_config=None,
        logging_config=None,
    )
    served, graphql = rationed(pages, quota, refuse), rationed(api.answer, quota, api.refuse)
    return Product(Hosts(served, graphql, api.refuse, resolver, Addresses(settings.tenants.public_url)), pages.lifespan)
