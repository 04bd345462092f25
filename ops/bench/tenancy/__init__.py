"""`imprint bench tenancy`: making, migrating, reading and moving tenants, by the hundred and by the thousand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from migrations import runner
from ops.bench.report import Line
from ops.bench.servers import Bench, bench_stack
from ops.bench.tenancy import migrating, moving, provisioning, reading, roles
from ops.bench.tenancy.places import Places

MOVED, MIGRATED, READ = 2, 500, 1000


async def run() -> list[Line]:
    """About ten minutes."""
    async with _places() as (bench, places):
        await places.found(MOVED)
        lines = await moving.measured(bench, places)
    async with _places() as (bench, places):
        lines = await provisioning.measured(places) + lines
        await places.found(MIGRATED - provisioning.MADE)
        lines += await migrating.measured(bench, places)
        await places.found(READ)
        lines += await reading.measured(places)
        return lines + await roles.measured(places)


@asynccontextmanager
async def _places() -> AsyncIterator[tuple[Bench, Places]]:
    async with bench_stack() as bench:
        await runner.up(bench.settings)
        async with Places.open(bench.settings) as places:
            yield bench, places
