"""Purges that wait, meet one another or are killed."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.lifecycle import dropping
from tenants.lifecycle.dropping import StillInUse, drop_schema
from tenants.lifecycle.purging import PurgeRunning, purge
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.tenants.lives import actions, deleted, entry, is_there
from tests.quiet import quiet

HELD = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND lpad(to_hex(classid::bigint), 8, '0') || "
    "lpad(to_hex(objid::bigint), 8, '0') = $1)"
)


async def test_tables_that_stay_locked_stop_a_purge_that_says_by_whom_and_goes_on_later(
    migrated: TenantSettings, pool: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await deleted(migrated, pool)
    monkeypatch.setattr(dropping, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(dropping, "PAUSE_SECONDS", 0)
    async with connect_as_admin(migrated.admin_database_url) as admin, as_owner(migrated) as owner, owner.transaction():
        await owner.execute(f"LOCK TABLE {tenant.place.schema}.tags IN ACCESS SHARE MODE")
        with pytest.raises(StillInUse, match=rf"backend {owner.get_server_pid()} "):
            await drop_schema(admin, migrated.owner_role, tenant.place, quiet, attempts=2)

    await purge(migrated, tenant.slug, quiet)
    assert await is_there(migrated, tenant) == (False, False)


async def test_of_two_purges_at_once_one_does_the_work_and_the_other_says_so(migrated: TenantSettings, pool: Database) -> None:
    tenant = await deleted(migrated, pool)
    async with as_owner(migrated) as owner, owner.transaction():
        await owner.execute(f"LOCK TABLE {tenant.place.schema}.tags IN ACCESS SHARE MODE")
        first = asyncio.create_task(purge(migrated, tenant.slug, quiet))
        while (await entry(migrated, tenant))["purge_began_at"] is None or not await owner.fetchval(HELD, tenant.id.bytes[8:].hex()):
            await asyncio.sleep(0.02)
        with pytest.raises(PurgeRunning):
            await purge(migrated, tenant.slug, quiet)

    assert await first == await purge(migrated, tenant.slug, quiet)
    assert (await actions(migrated, tenant)).count("tenant.purged") == 1


class Killed(BaseException):
    """As far as Postgres can tell, the process is dead."""


async def test_a_purge_killed_at_any_statement_is_finished_by_repeating_it(
    migrated: TenantSettings, pool: Database, acme: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await deleted(migrated, pool)
    run, left = AdminConnection.run, [0]

    async def run_or_die(self: AdminConnection, sql: str, *arguments: object) -> str:
        left[0] -= 1
        if left[0] == 0:
            self._raw.terminate()
            raise Killed
        return await run(self, sql, *arguments)

    monkeypatch.setattr(AdminConnection, "run", run_or_die)
    for kills in itertools.count(1):
        left[0] = kills
        try:
            await purge(migrated, tenant.slug, quiet)
        except PurgeRunning:
            continue  # Postgres has not noticed the last death yet
        except Killed:
            continue
        break

    assert kills > 20
    assert await is_there(migrated, tenant) == (False, False)
    assert (await actions(migrated, tenant))[-2:] == ["tenant.purge_began", "tenant.purged"]
    assert await is_there(migrated, acme.tenant) == (True, True)
