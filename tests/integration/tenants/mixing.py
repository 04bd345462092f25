"""Operations of many tenants at once, each of which must meet its own rows alone."""

from __future__ import annotations

import asyncio
import random

from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement

MARK = statement("INSERT INTO __tenant__.handled (event_id, handler) VALUES (:id, :mine)")
MARKS = statement("SELECT DISTINCT handler FROM __tenant__.handled WHERE handler LIKE 'of:%'")
OWN_ROW = statement("SELECT slug FROM control.organizations")


async def operation(database: Database, tenant: Tenant, rng: random.Random) -> set[str]:
    """One mixed operation; returns every name of an owner that it saw."""
    kind = rng.randrange(4)
    if kind == 0:
        async with database.writing(tenant.place) as connection:
            await connection.execute(MARK, id=new_id(), mine=f"of:{tenant.slug}")
            return {row["handler"].removeprefix("of:") for row in await connection.fetch(MARKS)}
    async with database.reading(tenant.place) as connection:
        query = OWN_ROW if kind == 1 else MARKS
        return {str(next(iter(dict(row.items()).values()))).removeprefix("of:") for row in await connection.fetch(query)}


async def mixed(database: Database, tenants: list[Tenant], operations: int, seed: int) -> None:
    rng = random.Random(seed)

    async def some(count: int) -> None:
        for _ in range(count):
            tenant = rng.choice(tenants)
            seen = await operation(database, tenant, rng)
            assert seen <= {tenant.slug}

    await asyncio.gather(*(some(operations // 20) for _ in range(20)))
