"""Where one organization's owner writes, and how often something is done in a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from app.bus import Bus
from app.content.commands import CreatePost, UpdatePost
from app.users.values import PERMISSIONS
from auth.principal import Kind, Principal
from ops.bench.tenants import Measured
from tenants.database import Database
from tenants.ids import new_id

CONTENT = "Some text that is searched, too. " * 60


class Desk:
    """Where one organization's owner writes."""

    def __init__(self, where: Measured, database: Database) -> None:
        self.where = where
        self._bus = Bus(database)
        self._who = Principal(Kind.PERSON, where.owner_id, "owner", PERMISSIONS)

    async def write(self) -> UUID:
        command = CreatePost(new_id(), "Measured", CONTENT)
        return (await self._bus.execute(self.where.tenant, command, self._who, correlation_id=new_id())).aggregates[0]

    async def rename(self, post: UUID, title: str, version: int | None = None) -> None:
        await self._bus.execute(self.where.tenant, UpdatePost(post, version, title=title), self._who, correlation_id=new_id())


async def per_second(works: Sequence[Callable[[], Awaitable[None]]], seconds: float) -> float:
    """How often these are done, beside one another."""
    until = time.perf_counter() + seconds
    done = 0

    async def again(work: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await work()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(again(work) for work in works))
    return done / (time.perf_counter() - began)
