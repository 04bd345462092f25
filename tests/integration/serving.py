"""The product as the server runs it: built by its own composition root, with what runs behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.main import Product, build
from auth.settings import AuthSettings
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
