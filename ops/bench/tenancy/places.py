"""Organizations by the hundred, with a few people and posts each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from ops.bench import dataset
from ops.organizations.founding import Founded, found
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.tiers import ENTERPRISE

MAKERS = 2
POSTS, AUTHORS, TAGS = 20, 5, 5
FILLED_BY_ONE = 25


@dataclass(slots=True)
class Places:
    """Organizations that are founded and filled; whoever wants more of them asks with `found`."""

    settings: TenantSettings
    database: Database
    admins: list[AdminConnection]
    founded: list[Founded] = field(default_factory=list)

    @property
    def tenants(self) -> list[Tenant]:
        return [one.tenant for one in self.founded]

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: TenantSettings) -> AsyncIterator[Self]:
        async with (
            Database(settings, connections=MAKERS) as database,
            connect_as_admin(settings.admin_database_url) as one,
            connect_as_admin(settings.admin_database_url) as two,
        ):
            yield cls(settings, database, [one, two])

    async def found(self, count: int) -> None:
        """Until there are so many."""
        numbers = iter(range(len(self.founded), count))
        await asyncio.gather(*(self._make(admin, numbers) for admin in self.admins))
        self.founded.sort(key=lambda one: one.tenant.slug)

    async def _make(self, admin: AdminConnection, numbers: Iterator[int]) -> None:
        """What fills a place leaves plans of its triggers in the backend, which every DDL after it would look through: so not there."""
        while batch := list(islice(numbers, FILLED_BY_ONE)):
            async with connect_as_admin(self.settings.admin_database_url) as filler:
                for number in batch:
                    await self._found(admin, filler, f"bench-{number:04d}")

    async def _found(self, admin: AdminConnection, filler: AdminConnection, slug: str) -> None:
        email = f"owner@{slug}.example"
        founded = await found(self.settings, self.database, slug=slug, name=slug, owner_email=email, tier=ENTERPRISE, admin=admin)
        async with filler.transaction(self.settings.owner_role):
            await filler.run("SET LOCAL synchronous_commit = off")
            await dataset.fill_schema(filler, founded.tenant.place.schema, posts=POSTS, authors=AUTHORS, tags=TAGS)
        self.founded.append(founded)
