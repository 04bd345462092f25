"""IMPRINT_POOLING=transaction behind a real PgBouncer, whose server connections are fewer than the product's own."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from app.bus import Bus
from app.content.commands import UpdatePost
from tenants.database import Database, DatabaseUnavailable
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.conftest import PASSWORD, client_of
from tests.integration.conftest import House, write_post
from tests.integration.serving import running
from tests.integration.tenants.conftest import given_password
from tests.integration.tenants.mixing import mixed
from tests.pgbouncer import BIN, SERVER_CONNECTIONS, PgBouncer, in_front_of

WHO = statement("SELECT current_user AS role, pg_backend_pid() AS backend, current_setting('search_path') AS path")
HERE = statement("SELECT current_setting('statement_timeout') AS statements, current_setting('lock_timeout') AS locks")
TITLE = statement("SELECT title FROM __tenant__.posts WHERE id = :id")


@pytest.fixture
async def bouncer(migrated: TenantSettings) -> AsyncIterator[PgBouncer]:
    if not BIN.exists():
        pytest.skip("peer pgbouncer is not installed")  # outside Debian with root the peer is named, and only its tests are left out
    bouncer = await in_front_of(migrated)
    yield bouncer
    await bouncer.stop()


async def test_no_operation_sees_another_tenants_row_on_shared_server_connections(bouncer: PgBouncer, acme: House, globex: House) -> None:
    async with Database(bouncer.settings, connections=8) as database:
        await mixed(database, [acme.tenant, globex.tenant], 2_000, seed=11)


async def test_every_statement_runs_as_its_tenant_at_rest_and_within_its_time(bouncer: PgBouncer, acme: House, globex: House) -> None:
    async def asked(database: Database, house: House | None) -> tuple[str, int]:
        async with database.reading(house.tenant.place) if house else database.control() as connection:
            row, limits = await connection.fetchrow(WHO), await connection.fetchrow(HERE)
            assert row is not None
            assert limits is not None
            assert (row["path"], limits["statements"], limits["locks"]) == ("pg_catalog", "20s", "5s")
            assert row["role"] == (house.tenant.place.role if house else bouncer.settings.login_role)
            await asyncio.sleep(0.001)
            again = await connection.fetchrow(WHO)
            assert again is not None
            assert again["backend"] == row["backend"]
            return str(row["role"]), int(row["backend"])

    async with Database(bouncer.settings, connections=9) as database:
        answers = await asyncio.gather(*(asked(database, (acme, globex, None)[n % 3]) for n in range(120)))

    assert len({role for role, _ in answers}) == 3
    assert len({backend for _, backend in answers}) <= SERVER_CONNECTIONS


async def test_commands_are_done_and_refused_as_elsewhere(bouncer: PgBouncer, acme: House) -> None:
    async with Database(bouncer.settings, connections=4) as database:
        bus = Bus(database)
        posts = await asyncio.gather(*(write_post(bus, acme, title=f"Bounced {n}") for n in range(8)))
        for post in posts:
            await bus.execute(acme.tenant, UpdatePost(post, title=f"Again {random.random()}"), acme.people["author"], correlation_id=new_id())
        async with database.reading(acme.tenant.place) as connection:
            titles = [await connection.fetchval(TITLE, id=post) for post in posts]
        with pytest.raises(asyncpg.UndefinedTableError):
            await _unqualified(database, acme)

    assert all(title.startswith("Again") for title in titles)


async def _unqualified(database: Database, house: House) -> None:
    async with database.reading(house.tenant.place) as connection:
        await connection.fetchval(statement("SELECT title FROM posts"))


async def test_the_whole_product_works_and_comes_back_after_the_pooler_was_killed(bouncer: PgBouncer, migrated: TenantSettings, acme: House) -> None:
    await given_password(migrated, acme, "editor")
    async with running(bouncer.settings) as product, client_of(product, acme) as client:
        email = f"editor@{acme.tenant.slug}.example"
        token = (await client.post("/auth/token", json={"email": email, "password": PASSWORD})).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        assert (await _created(client, "Before")).json()["data"]["createPost"]["post"]["title"] == "Before"

        bouncer.kill()
        refused = await _created(client, "Meanwhile")
        await bouncer.start()
        after = await _created(client, "After")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert after.json()["data"]["createPost"]["post"]["title"] == "After"


async def _created(client: httpx.AsyncClient, title: str) -> httpx.Response:
    create = "mutation M($i: CreatePostInput!) { createPost(input: $i) { post { title } } }"
    return await client.post("/graphql", json={"query": create, "variables": {"i": {"title": title, "content": "Text."}}})


async def test_without_the_pooler_work_is_refused_until_it_is_there_again(bouncer: PgBouncer, acme: House) -> None:
    async with Database(dataclasses.replace(bouncer.settings, acquire_timeout=1), connections=2) as database:
        post = await write_post(Bus(database), acme)
        bouncer.kill()
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable):
                await write_post(Bus(database), acme)
        await bouncer.start()
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(TITLE, id=post) == "A title"
