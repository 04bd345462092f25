from __future__ import annotations

import asyncio
import contextlib
import dataclasses

import pytest

from tenants.database import Database, DatabaseBusy, Place, TransactionLost, UniqueTaken
from tenants.ids import new_id
from tenants.naming import SchemaName
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House

BACKEND = statement("SELECT pg_backend_pid()")
SLEEP = statement("SELECT pg_sleep(:seconds)")
MARK = statement("INSERT INTO __tenant__.handled (event_id, handler) VALUES (:id, 'pool')")
PREPARED = statement("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
COUNT = statement("SELECT count(*) FROM __tenant__.handled WHERE event_id = :id")


STILL_SLEEPING = statement(
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE 'SELECT pg_sleep%' "
    "AND now() - query_start > interval '0.05 s' AND usename = session_user"
)


async def _sleep(database: Database, house: House, seconds: float) -> None:
    async with database.reading(house.tenant.place) as connection:
        await connection.fetchval(SLEEP, seconds=seconds)


async def _backend(database: Database, house: House) -> int:
    async with database.reading(house.tenant.place) as connection:
        return int(await connection.fetchval(BACKEND))


async def test_a_tenant_keeps_meeting_the_same_backend(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=6) as database:
        for house in (acme, globex):
            assert len({await _backend(database, house) for _ in range(20)}) == 1


async def test_tenants_spread_over_the_backends(migrated: TenantSettings, acme: House, globex: House) -> None:
    places = [Place(SchemaName(f"t_{n:032x}"), acme.tenant.place.role) for n in range(12)]
    async with Database(migrated, connections=6) as database:
        backends = set()
        for place in places:
            async with database.reading(place) as connection:
                backends.add(await connection.fetchval(BACKEND))
    assert len(backends) >= 3


@pytest.mark.parametrize("connections", [2, 3])
async def test_also_with_few_connections_one_stays_for_the_others(migrated: TenantSettings, acme: House, globex: House, connections: int) -> None:
    async with Database(dataclasses.replace(migrated, acquire_timeout=1), connections=connections) as database:
        slow = [asyncio.create_task(_sleep(database, acme, 1.5)) for _ in range(connections)]
        await asyncio.sleep(0.1)
        assert await _backend(database, globex)
        await asyncio.gather(*slow, return_exceptions=True)


async def test_a_tenant_that_holds_its_share_waits_while_others_are_served(migrated: TenantSettings, acme: House, globex: House) -> None:
    impatient = dataclasses.replace(migrated, acquire_timeout=1)
    async with Database(impatient, connections=4) as database:
        flood = [asyncio.create_task(_sleep(database, acme, 3.0)) for _ in range(8)]
        await asyncio.sleep(0.1)
        assert await _backend(database, globex)
        results = await asyncio.gather(*flood, return_exceptions=True)
    assert sum(isinstance(result, DatabaseBusy) for result in results) == 5
    assert sum(result is None for result in results) == 3


async def test_cancelled_queries_do_not_go_on_in_the_server(migrated: TenantSettings, pool: Database, acme: House) -> None:
    async with Database(migrated, connections=3) as database:
        for _ in range(3):
            task = asyncio.create_task(_sleep(database, acme, 30.25))
            await asyncio.sleep(0.1)
            async with database.control() as connection:  # the login role sees what its sessions do, a tenant's does not
                assert await connection.fetchval(STILL_SLEEPING) == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async with database.control() as connection:
            assert await connection.fetchval(STILL_SLEEPING) == 0


async def test_a_wait_that_ends_as_its_connection_comes_gives_it_back(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=1) as database:
        for _ in range(20):
            holder = asyncio.create_task(_sleep(database, acme, 0.005))
            await asyncio.sleep(0)
            waiters = [asyncio.create_task(_backend(database, globex)) for _ in range(3)]
            await asyncio.sleep(0.004)
            for waiter in waiters:
                waiter.cancel()
            await asyncio.gather(holder, *waiters, return_exceptions=True)
        assert await _backend(database, globex)


async def test_a_commit_that_was_a_rollback_is_no_success(migrated: TenantSettings, acme: House) -> None:
    mark = new_id()

    async def swallowing(database: Database) -> None:
        async with database.writing(acme.tenant.place) as connection:
            await connection.execute(MARK, id=mark)
            with contextlib.suppress(UniqueTaken):
                await connection.execute(MARK, id=mark)

    async with Database(migrated, connections=1) as database:
        with pytest.raises(TransactionLost):
            await swallowing(database)
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(COUNT, id=mark) == 0


async def test_a_cancelled_query_does_not_poison_the_next_one(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=1) as database:

        async def slow() -> None:
            async with database.writing(acme.tenant.place) as connection:
                await connection.fetchval(SLEEP, seconds=30.0)

        task = asyncio.create_task(slow())
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.reading(globex.tenant.place) as connection:
            assert await connection.fetchval(statement("SELECT current_user")) == globex.tenant.place.role


async def test_an_error_in_a_transaction_rolls_back_and_the_connection_is_used_again(migrated: TenantSettings, acme: House) -> None:
    mark = new_id()
    async with Database(migrated, connections=1) as database:
        before = await _backend(database, acme)

        async def twice() -> None:
            async with database.writing(acme.tenant.place) as connection:
                await connection.execute(MARK, id=mark)
                await connection.execute(MARK, id=mark)

        with pytest.raises(UniqueTaken):
            await twice()
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(COUNT, id=mark) == 0
        assert await _backend(database, acme) == before


async def test_a_backend_that_met_too_many_tenants_is_replaced(migrated: TenantSettings, acme: House, globex: House) -> None:
    forgetful = dataclasses.replace(migrated, tenants_per_connection=1)
    async with Database(forgetful, connections=1) as database:
        first = await _backend(database, acme)
        assert await _backend(database, acme) == first
        assert await _backend(database, globex) == first
        assert await _backend(database, globex) != first


async def test_a_backend_that_keeps_too_much_is_replaced(migrated: TenantSettings, acme: House) -> None:
    """A megabyte: one tenant, and ten statements."""
    async with Database(dataclasses.replace(migrated, backend_memory=1), connections=1) as database:
        first = await _backend(database, acme)
        for number in range(9):
            await _other(database, acme, number)
        assert await _backend(database, acme) == first
        await _other(database, acme, 9)
        assert await _backend(database, acme) != first


async def test_a_backend_that_is_old_is_replaced_after_its_work(migrated: TenantSettings, acme: House) -> None:
    async with Database(dataclasses.replace(migrated, connection_age=0), connections=1) as database:
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(BACKEND) == await connection.fetchval(BACKEND)
        assert len({await _backend(database, acme) for _ in range(3)}) == 3


async def test_no_more_statements_stay_prepared_than_the_cache_holds(migrated: TenantSettings, acme: House) -> None:
    async with Database(dataclasses.replace(migrated, statement_cache=5), connections=1) as database:
        for number in range(12):
            await _other(database, acme, number)
        async with database.reading(acme.tenant.place) as connection:
            texts = [row["statement"] for row in await connection.fetch(PREPARED)]
    assert len(texts) == 5
    assert texts[0].startswith("SELECT 8 ")


async def _other(database: Database, house: House, number: int) -> None:
    async with database.reading(house.tenant.place) as connection:
        await connection.fetchval(statement(f"SELECT {number} FROM __tenant__.handled"))


async def test_behind_a_transaction_pooler_the_same_work_is_done_within_transactions(migrated: TenantSettings, acme: House) -> None:
    mark = new_id()
    async with Database(dataclasses.replace(migrated, pooling="transaction"), connections=2) as database:
        async with database.writing(acme.tenant.place) as connection:
            await connection.execute(MARK, id=mark)
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(COUNT, id=mark) == 1
            assert await connection.fetchval(statement("SELECT current_user")) == acme.tenant.place.role
        async with database.control() as connection:
            assert await connection.fetchval(statement("SELECT current_user")) == migrated.login_role
