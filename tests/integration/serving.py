"""The product as the server runs it: built by its own composition root, with what runs behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from app.bus import Bus
from app.main import Product, build
from app.management.decisions import Decisions
from app.users.accounts import Members
from auth.parts import Parts
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.registry import Registry
from tenants.resolver import Resolver
from tenants.secrets import Keyring
from tenants.settings import TenantSettings


@dataclass(frozen=True, slots=True)
class ServedWith:
    tenants: TenantSettings
    auth: AuthSettings


@asynccontextmanager
async def running(tenants: TenantSettings, auth: AuthSettings | None = None) -> AsyncIterator[Product]:
    """A process of the server, as far as what it remembers goes."""
    product = build(ServedWith(tenants, auth or AuthSettings()), lambda _: True)
    ready, done = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        """In a task of its own: what a lifespan enters must be left in the same task, and fixtures end in another."""
        async with product.lifespan():
            ready.set()
            await done.wait()

    task = asyncio.create_task(live())
    await ready.wait()
    try:
        yield product
    finally:
        done.set()
        await task


def signing_in(tenants: TenantSettings, pool: Database, bus: Bus, registry: Registry, redis: Redis | None = None) -> Auth:
    """What a process of the server signs people in with, that decides afresh each time. Without Redis it counts attempts by itself."""
    return Auth(
        Parts.assemble(
            AuthSettings(),
            tenants,
            database=pool,
            keyring=Keyring(tenants.secret_keys),
            redis=redis,
            registry=registry,
            resolver=Resolver(registry, tenants.base_host, lambda _: True),
            accounts=Members(pool, bus),
            policies=Decisions(pool, oldest=0.0),
        )
    )
