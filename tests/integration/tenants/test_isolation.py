"""No tenant ever sees another one's rows, whatever it asks and whatever breaks."""

from __future__ import annotations

import random

import asyncpg
import pytest

from app.bus import Bus
from ops.organizations.founding import found
from tenants.database import Database, DatabaseUnavailable
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from tests.integration.tenants.mixing import OWN_ROW, mixed, operation

KILL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

TENANTS, OPERATIONS = 8, 10_000


async def _eight(settings: TenantSettings, pool: Database, start: str) -> list[Tenant]:
    made = [await found(settings, pool, slug=f"{start}{n}", name=f"Tenant {n}", owner_email=f"o{n}@x.example") for n in range(TENANTS)]
    return [one.tenant for one in made]


async def test_no_operation_ever_sees_another_tenants_row(migrated: TenantSettings, pool: Database) -> None:
    tenants = await _eight(migrated, pool, "calm")

    async with Database(migrated, connections=3) as database:
        await mixed(database, tenants, OPERATIONS, seed=1)


async def test_nor_after_backends_were_killed_and_tenants_were_added(migrated: TenantSettings, pool: Database) -> None:
    tenants = await _eight(migrated, pool, "wild")

    async with Database(migrated, connections=3) as database:
        await mixed(database, tenants, 300, seed=2)
        admin = await asyncpg.connect(migrated.admin_database_url)
        await admin.execute(f"SET ROLE {migrated.login_role}")
        killed = await admin.fetchval(KILL)
        await admin.close()
        tenants += await _eight(migrated, pool, "late")
        for tenant in tenants:
            for _ in range(5):
                try:
                    assert await operation(database, tenant, random.Random(3)) <= {tenant.slug}
                except DatabaseUnavailable:
                    continue
        await mixed(database, tenants, 2_000, seed=4)
    assert killed >= 3


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM {theirs}.posts",
        "SELECT * FROM {theirs}.domain_events",
        "INSERT INTO {theirs}.handled (event_id, handler) VALUES (gen_random_uuid(), 'x')",
        "DELETE FROM {theirs}.users",
        "SELECT * FROM control.signing_keys",
        "SELECT wrapped_key FROM control.organizations",
        "SELECT * FROM control.domains",
        "SELECT * FROM control.outbox",
        "SELECT * FROM control.home_realms",
        "INSERT INTO control.home_realms (organization_id, user_id, version) VALUES (gen_random_uuid(), gen_random_uuid(), 1)",
        "SELECT * FROM control.realm_domains",
        "INSERT INTO control.realm_domains (id, role, domain, proven) VALUES (gen_random_uuid(), 'other', 'x.example', true)",
        "UPDATE control.realm_domains SET proven = true",
        "SELECT * FROM control.realm_keys",
        "SELECT * FROM control.front_letters",
        "SELECT * FROM control.deliveries",
        "UPDATE control.organizations SET tier = 'gold'",
        "INSERT INTO control.outbox (id, role) VALUES (gen_random_uuid(), 'other')",
        "DELETE FROM control.timers",
        "UPDATE {mine}.domain_events SET event_data = '{{}}'",
        "DELETE FROM {mine}.domain_events",
        "TRUNCATE {mine}.domain_events",
        "UPDATE {mine}.alembic_version SET version_num = 'x'",
        "CREATE TABLE {mine}.own (id int)",
        "ALTER TABLE {mine}.posts ADD COLUMN x int",
        "DROP TABLE {mine}.posts",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE posts (id int)",
        "CREATE TABLE public.mine (id int)",
        "CREATE ROLE mine",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ],
)
async def test_a_tenants_role_is_denied(migrated: TenantSettings, acme: House, globex: House, sql: str) -> None:
    connection = await asyncpg.connect(migrated.database_url)
    try:
        await connection.execute(f'SET ROLE "{acme.tenant.place.role}"')
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql.format(mine=acme.tenant.place.schema, theirs=globex.tenant.place.schema))
    finally:
        await connection.close()


async def test_a_tenants_role_sees_one_organization_its_own(pool: Database, acme: House, globex: House) -> None:
    for house in (acme, globex):
        async with pool.reading(house.tenant.place) as connection:
            assert [row["slug"] for row in await connection.fetch(OWN_ROW)] == [house.tenant.slug]


async def test_a_resting_session_can_read_no_tenants_table(migrated: TenantSettings, acme: House, globex: House) -> None:
    connection = await asyncpg.connect(migrated.database_url)
    try:
        for house in (acme, globex):
            for table in ("posts", "users", "domain_events"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {house.tenant.place.schema}.{table}")
    finally:
        await connection.close()


async def test_an_unqualified_name_finds_nothing(pool: Database, acme: House) -> None:
    async with pool.reading(acme.tenant.place) as connection:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch(statement("SELECT * FROM posts"))


async def test_an_event_is_marked_with_the_role_that_wrote_it_whatever_it_says(bus: Bus, pool: Database, globex: House) -> None:
    post = await write_post(bus, globex)

    async with pool.control() as control:
        rows = await control.fetch(statement("SELECT role FROM control.outbox WHERE aggregate_id = :id"), id=post)
    assert [row["role"] for row in rows] == [globex.tenant.place.role]
