"""Work goes on, and nobody notices, while a tenant's tables change under statements that were prepared before."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator
from itertools import cycle
from uuid import UUID

import httpx
import pytest

from app.bus import Bus
from app.content.commands import UpdatePost
from auth.principal import SYSTEM
from ops.demo.load import load_people
from ops.demo.people import ACME
from ops.organizations.founding import found
from tenants.database import Connection, Database, DatabaseUnavailable, StatementOutdated, repeatable
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.conftest import PASSWORD, client_of
from tests.integration.conftest import House, write_post
from tests.integration.owner import Owner, as_owner
from tests.integration.serving import running
from tests.integration.tenants.conftest import given_password

POST = statement("SELECT * FROM __tenant__.posts WHERE id = :id")
UPDATES = statement("SELECT count(*) FROM __tenant__.domain_events WHERE aggregate_id = :id AND aggregate_version > 1")
PREPARED = statement("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :pattern")
TITLE = statement("SELECT title FROM __tenant__.posts LIMIT 1")
WHAT_CHANGES = (
    "ALTER TABLE {schema}.posts ADD added_{n} text",
    "ALTER TABLE {schema}.posts ALTER version TYPE bigint",
    "ALTER TABLE {schema}.posts DROP added_{before}",
    "ALTER TABLE {schema}.posts ALTER version TYPE integer",
)


@pytest.fixture
async def moving(migrated: TenantSettings, pool: Database) -> House:
    """An organization of the test's own, whose tables it may change."""
    slug = f"moving-{new_id().hex[-12:]}"
    founded = await found(migrated, pool, slug=slug, name="Moving", owner_email=f"owner@{slug}.example")
    cast = dataclasses.replace(ACME, slug=slug)
    return House(founded.tenant, await load_people(pool, founded.tenant, cast), cast)


@pytest.fixture
async def owner(migrated: TenantSettings) -> AsyncIterator[Owner]:
    async with as_owner(migrated) as connection:
        yield connection


def _schema(house: House) -> str:
    return str(house.tenant.place.schema)


async def test_a_read_goes_on_after_its_table_has_changed(migrated: TenantSettings, moving: House, owner: Owner) -> None:
    async with Database(migrated, connections=1) as database:
        post = await write_post(Bus(database), moving)
        for change in ("ADD added text", "ALTER version TYPE bigint", "DROP added"):
            async with database.reading(moving.tenant.place) as connection:
                assert await connection.fetchrow(POST, id=post)
            await owner.execute(f"ALTER TABLE {_schema(moving)}.posts {change}")
        async with database.reading(moving.tenant.place) as connection:
            row = await connection.fetchrow(POST, id=post)

    assert row is not None
    assert row["title"] == "A title"


async def test_a_command_is_done_once_although_its_statements_had_to_be_prepared_again(migrated: TenantSettings, moving: House, owner: Owner) -> None:
    async with Database(migrated, connections=1) as database:
        bus = Bus(database)
        post = await write_post(bus, moving)
        for number, change in enumerate(("ADD added text", "ALTER version TYPE bigint", "DROP added")):
            await bus.execute(moving.tenant, UpdatePost(post, title=f"Title {number}"), moving.people["author"], correlation_id=new_id())
            await owner.execute(f"ALTER TABLE {_schema(moving)}.posts {change}")
        outcome = await bus.execute(moving.tenant, UpdatePost(post, title="The last"), moving.people["author"], correlation_id=new_id())
        async with database.reading(moving.tenant.place) as connection:
            row = await connection.fetchrow(POST, id=post)
            updates = await connection.fetchval(UPDATES, id=post)

    assert row is not None
    assert (row["title"], len(outcome.events), updates) == ("The last", 1, 4)


async def test_within_a_transaction_the_whole_unit_is_told_that_it_may_be_done_again(migrated: TenantSettings, moving: House, owner: Owner) -> None:
    async def once(database: Database) -> None:
        async with database.writing(moving.tenant.place) as connection:
            await connection.fetchrow(POST, id=new_id())

    async with Database(migrated, connections=1) as database:
        await once(database)
        await owner.execute(f"ALTER TABLE {_schema(moving)}.posts ADD added text")
        with pytest.raises(StatementOutdated) as refused:
            await once(database)
        await once(database)

    assert refused.value.code == "UNAVAILABLE"


async def test_a_unit_is_repeated_once_and_no_more() -> None:
    tries = []

    @repeatable
    async def unit(fails: int) -> str:
        tries.append(fails)
        if len(tries) <= fails:
            raise StatementOutdated("changed")
        return "done"

    assert await unit(1) == "done"
    assert len(tries) == 2
    tries.clear()
    with pytest.raises(DatabaseUnavailable):
        await unit(2)
    assert len(tries) == 2


async def test_nobody_notices_changes_while_many_read_and_write(migrated: TenantSettings, moving: House, owner: Owner) -> None:
    chance, done = random.Random(5), asyncio.Event()

    async def change() -> None:
        for n, sql in zip(range(12), cycle(WHAT_CHANGES), strict=False):
            await owner.execute(sql.format(schema=_schema(moving), n=n, before=n - 2))
            await asyncio.sleep(0.3)
        done.set()

    async with Database(migrated, connections=4) as database:
        bus = Bus(database)
        posts = [await write_post(bus, moving, title=f"Post {n}") for n in range(4)]
        made = dict.fromkeys(posts, 0)

        async def write(post: UUID) -> None:
            while not done.is_set():
                await bus.execute(moving.tenant, UpdatePost(post, title=f"{chance.random()}"), SYSTEM, correlation_id=new_id())
                made[post] += 1

        async def read() -> None:
            while not done.is_set():
                async with database.reading(moving.tenant.place) as connection:
                    assert await connection.fetchrow(POST, id=chance.choice(posts)) is not None

        await asyncio.gather(change(), *(write(post) for post in posts), read(), read())
        async with database.reading(moving.tenant.place) as connection:
            written = {post: await connection.fetchval(UPDATES, id=post) for post in posts}

    assert written == made
    assert min(made.values()) > 0


async def test_signing_in_refreshing_writing_and_reading_go_on_over_http(migrated: TenantSettings, bus: Bus, moving: House, owner: Owner) -> None:
    async with running(dataclasses.replace(migrated, connections=2)) as product, client_of(product, moving) as client:
        post = await write_post(bus, moving)
        await given_password(migrated, moving, "author")
        answers = [await _round(client, moving, str(post), "before")]
        for table, change in (
            ("posts", "ADD added text"),
            ("users", "ALTER version TYPE bigint"),
            ("sessions", "ALTER client_id TYPE varchar(200)"),
            ("refresh_tokens", "ALTER expires_at TYPE timestamptz(3)"),
            ("credentials", "ALTER password_hash TYPE varchar(500)"),
            ("domain_events", "ALTER event_version TYPE integer"),
        ):
            await owner.execute(f"ALTER TABLE {_schema(moving)}.{table} {change}")
        answers.append(await _round(client, moving, str(post), "after"))

    assert answers == [["before", "before"], ["after", "after"]]


async def _round(client: httpx.AsyncClient, house: House, post: str, title: str) -> list[str]:
    """Sign in, refresh, change a post's title and read it; the title as the mutation and as a query answer it."""
    email = f"author@{house.tenant.slug}.example"
    pair = (await client.post("/auth/token", json={"email": email, "password": PASSWORD})).json()
    again = await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    headers = {"Authorization": f"Bearer {again.json()['access_token']}"}
    change = "mutation M($i: UpdatePostInput!) { updatePost(input: $i) { post { title } } }"
    changed = await client.post("/graphql", json={"query": change, "variables": {"i": {"id": post, "title": title}}}, headers=headers)
    read = await client.post("/graphql", json={"query": "query Q($i: ID!) { post(id: $i) { title } }", "variables": {"i": post}}, headers=headers)
    return [changed.json()["data"]["updatePost"]["post"]["title"], read.json()["data"]["post"]["title"]]


async def test_after_a_migration_only_that_tenants_statements_are_forgotten(
    migrated: TenantSettings, moving: House, globex: House, owner: Owner
) -> None:
    async with Database(migrated, connections=1) as database:
        registry = Registry(database, Keyring(migrated.secret_keys))
        await registry.refresh()
        for house in (moving, globex):
            assert await registry.by_id(house.tenant.id)
            async with database.reading(house.tenant.place) as connection:
                await connection.fetchval(TITLE)
                assert await _prepared(connection, house) == 1

        await owner.execute("UPDATE control.organizations SET revision = revision || 'x' WHERE id = $1", moving.tenant.id)
        await owner.execute("UPDATE control.installation SET registry_version = registry_version + 1")
        await registry.refresh()
        for house in (moving, globex):
            assert await registry.by_id(house.tenant.id)
        async with database.reading(moving.tenant.place) as connection:
            await connection.fetchval(statement("SELECT 'told with the next statement that is prepared'"))
            left = [await _prepared(connection, house) for house in (moving, globex)]
            await connection.fetchval(TITLE)
            assert await _prepared(connection, moving) == 1
        await owner.execute("UPDATE control.organizations SET revision = replace(revision, 'x', '') WHERE id = $1", moving.tenant.id)

    assert left == [0, 1]


async def _prepared(connection: Connection, house: House) -> int:
    return int(await connection.fetchval(PREPARED, pattern=f"SELECT title FROM%{_schema(house)}%"))
