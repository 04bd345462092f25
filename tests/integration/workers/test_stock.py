"""Who keeps the stock: one worker at a time, the whole of it at once, never a later release's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from migrations.history import History, head
from migrations.provisioning import HeadProvisioner
from tenants import lifecycle
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.lifecycle import stock
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from workers.leases import Lease
from workers.life import Process
from workers.metrics import STOCK
from workers.relay_process import _stock
from workers.settings import WorkerSettings
from workers.stock import Levels, StockKeeper, levels

HEAD = head(History.TENANT)


async def found(pool: Database) -> tuple[int, int, int]:
    async with pool.control() as connection:
        there: Levels = await levels(connection)
    assert there.revision == HEAD
    return there.ready, there.older, there.newer


async def pretend(settings: TenantSettings, admin: AdminConnection, revision: str) -> None:
    """Some release of this revision made what is there."""
    async with admin.transaction(settings.owner_role):
        await admin.run("UPDATE control.stock SET revision = $1", revision)


@pytest.fixture
async def admin(migrated: TenantSettings) -> AsyncIterator[AdminConnection]:
    async with connect_as_admin(migrated.admin_database_url) as connection:
        yield connection
        await pretend(migrated, connection, HEAD)
        await stock.discard(connection, migrated, [HEAD])


async def test_a_stock_is_filled_whole_and_again_only_when_less_than_half_is_left(
    migrated: TenantSettings, pool: Database, admin: AdminConnection
) -> None:
    keeper = StockKeeper(migrated, pool, 4, "one")

    assert [await keeper.step() for _ in range(2)] == [True, False]
    assert await found(pool) == (4, 0, 0)
    for slug in ("kept1", "kept2"):
        await lifecycle.create(migrated, HeadProvisioner(), tenant_slug(slug), slug, "basic", admin=admin)
    assert not await keeper.step()
    await lifecycle.create(migrated, HeadProvisioner(), tenant_slug("kept3"), "kept3", "basic", admin=admin)
    assert await keeper.step()
    assert await found(pool) == (4, 0, 0)
    assert [sample.value for metric in STOCK.collect() for sample in metric.samples] == [4.0]


async def test_only_who_holds_the_lease_fills(migrated: TenantSettings, pool: Database, admin: AdminConnection) -> None:
    async with pool.control() as connection:
        assert await Lease("stock", "another", 60).take(connection)

    assert not await StockKeeper(migrated, pool, 2, "one").step()
    assert await found(pool) == (0, 0, 0)

    async with pool.control() as connection:
        await Lease("stock", "another", 60).give_up(connection)
    assert await StockKeeper(migrated, pool, 2, "one").step()
    assert await found(pool) == (2, 0, 0)


async def test_places_of_an_older_release_are_replaced(migrated: TenantSettings, pool: Database, admin: AdminConnection) -> None:
    keeper = StockKeeper(migrated, pool, 2, "one")
    await keeper.step()
    await pretend(migrated, admin, "0001")
    assert await found(pool) == (0, 2, 0)

    assert await keeper.step()

    assert await found(pool) == (2, 0, 0)


async def test_where_a_later_release_keeps_a_stock_this_one_leaves_it_alone(migrated: TenantSettings, pool: Database, admin: AdminConnection) -> None:
    keeper = StockKeeper(migrated, pool, 2, "one")
    await keeper.step()
    await pretend(migrated, admin, "9999")

    assert not await keeper.step()

    assert await found(pool) == (0, 0, 2)


@pytest.mark.parametrize(("wanted", "may", "loops"), [(4, "make roles", 1), (0, "make roles", 0), (4, "", 0)])
def test_a_worker_keeps_a_stock_where_it_is_wanted_and_it_may(migrated: TenantSettings, pool: Database, wanted: int, may: str, loops: int) -> None:
    settings = migrated if may else replace(migrated, admin_database_url="")

    kept = _stock(Process(settings, WorkerSettings(stock=wanted), None, "one"), pool)

    assert len(kept) == loops
    for loop in kept:
        loop.close()
