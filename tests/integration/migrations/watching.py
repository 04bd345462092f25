"""What goes on in the database while tenants are migrated, and what is in a migration's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from migrations.ledger import newest_runs
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.owner import as_owner

HERE = "SELECT pid, application_name FROM pg_stat_activity WHERE datname = current_database()"
RUNNERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'imprint-migrate %'"
SLOW_WHERE_MARKED = "op.execute(\"SELECT pg_sleep(2) WHERE to_regclass('__tenant__.slow') IS NOT NULL\")"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def schema_of(settings: TenantSettings, slug: str) -> str:
    async with as_owner(settings) as owner:
        return str(await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug))


async def mark_slow(settings: TenantSettings, slug: str, *, again: bool = True) -> None:
    """Where SLOW_WHERE_MARKED takes its time, or (`again` is False) no longer does."""
    schema = await schema_of(settings, slug)
    async with as_owner(settings) as owner:
        await owner.execute(f"CREATE TABLE {schema}.slow ()" if again else f"DROP TABLE {schema}.slow")


@asynccontextmanager
async def reading(settings: TenantSettings, slug: str) -> AsyncIterator[None]:
    """Somebody whose transaction has read the tenant's posts and goes on."""
    schema = await schema_of(settings, slug)
    async with as_owner(settings) as owner, owner.transaction():
        await owner.execute(f"SELECT FROM {schema}.posts")
        yield


async def until(settings: TenantSettings, query: str, wanted: object) -> None:
    """As the admin itself, who sees what its sessions do."""
    async with connect_as_admin(settings.admin_database_url) as admin, asyncio.timeout(90):
        while await admin.value(query) != wanted:
            await asyncio.sleep(0.02)


async def runs_of(settings: TenantSettings) -> list[tuple[str, str, int]]:
    async with connect_as_admin(settings.admin_database_url) as admin:
        return [(run["command"], run["state"], run["done"]) for run in await newest_runs(admin, settings.owner_role, 10)]
