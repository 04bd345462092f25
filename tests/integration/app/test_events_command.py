"""`imprint events` as an operator runs it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from app.bus import Bus
from app.content.commands import CreatePost
from app.content.projections import recount_publications
from ops.demo.people import ACME, GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of, publish_post, write_post
from tests.integration.migrations.commands import begin, imprint
from tests.integration.owner import Owner
from workers.reactions.publications import PUBLICATIONS

COUNTS = statement("SELECT author_id, published FROM __tenant__.publication_counts WHERE published > 0 ORDER BY author_id")


@pytest.fixture(scope="session")
async def acme(migrated: TenantSettings, pool: Database) -> House:
    """An organization in which no other test writes past the application."""
    return await house_of(migrated, pool, replace(ACME, slug="told"))


@pytest.fixture(scope="session")
async def globex(migrated: TenantSettings, pool: Database) -> House:
    """Another such."""
    return await house_of(migrated, pool, replace(GLOBEX, slug="told-too"))


async def test_a_row_changed_by_hand_ends_verify_with_1_and_is_named_and_so_is_the_hand(
    bus: Bus, owner: Owner, migrated: TenantSettings, acme: House, globex: House
) -> None:
    schema = globex.tenant.place.schema
    post = await write_post(bus, globex, title="As it was")
    clean = await imprint(migrated, "events", "verify", globex.tenant.slug, "--json")
    await owner.execute(f"UPDATE {schema}.posts SET title = 'Loud' WHERE id = $1", post)
    dirty = await imprint(migrated, "events", "verify", globex.tenant.slug, "--json")
    told = await imprint(migrated, "events", "verify")
    await owner.execute(f"UPDATE {schema}.posts SET title = 'As it was' WHERE id = $1", post)
    mended = await imprint(migrated, "events", "verify", globex.tenant.slug, "--json")

    (was,), (found,), (again,) = clean.json, dirty.json, mended.json
    assert (clean.code, dirty.code, told.code, mended.code) == (0, 1, 1, 0), clean.err + dirty.err
    assert (was["slug"], was["differences"], was["chain"]) == (globex.tenant.slug, [], "ok")
    assert (was["events"], again["differences"]) == (found["events"], [])
    assert found["differences"] == [{"aggregate_type": "Post", "aggregate_id": str(post), "field": "title", "row": "Loud", "replay": "As it was"}]
    assert (found["bypassed"][0]["table_name"], found["bypassed"][0]["row_key"]) == ("posts", {"id": str(post)})
    assert f"  Post {post} title: the row says 'Loud', its events 'As it was'" in told.out.splitlines()
    assert any(line.startswith(f"{acme.tenant.slug}: ") for line in told.out.splitlines())


async def test_an_organization_that_nobody_has_is_refused(migrated: TenantSettings) -> None:
    for arguments in (("verify", "nobody"), ("tail", "nobody"), ("rebuild", "nobody", "publication_counts")):
        ended = await imprint(migrated, "events", *arguments)
        assert (ended.code, ended.out) == (1, "")
        assert "[NOT_FOUND]" in ended.err


async def test_the_newest_events_are_told_oldest_first_and_those_of_one_organization_alone(
    bus: Bus, migrated: TenantSettings, acme: House, globex: House
) -> None:
    first, second = await write_post(bus, acme, title="First"), await write_post(bus, acme, title="Second")
    await write_post(bus, globex, title="Elsewhere")

    told = await imprint(migrated, "events", "tail", acme.tenant.slug, "--lines", "2", "--json")
    read = await imprint(migrated, "events", "tail", acme.tenant.slug, "--lines", "1")

    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [(line["event_type"], line["aggregate_id"], line["aggregate_version"]) for line in lines] == [
        ("PostCreated", str(first), 1),
        ("PostCreated", str(second), 1),
    ]
    assert lines[1]["event_data"]["manuscript"]["title"] == "Second"
    assert f"PostCreated  Post {second} v1  by {acme.id_of('author')}" in read.out


async def test_following_tells_each_event_once_also_one_that_was_numbered_before_and_committed_after_others(
    bus: Bus, pool: Database, migrated: TenantSettings, acme: House
) -> None:
    process = await begin(migrated, "events", "tail", acme.tenant.slug, "--follow", "--lines", "1", "--json")
    assert process.stdout is not None
    posts = []
    try:
        async with asyncio.timeout(90):
            before = json.loads(await process.stdout.readline())
            async with bus.unit(acme.tenant, acme.people["author"], correlation_id=new_id()) as late:
                slow = (await late.execute(CreatePost(new_id(), "Slow", "Text."))).aggregates[0]
                posts.append(await write_post(bus, acme, title="Quick"))
                quick = json.loads(await process.stdout.readline())
            last = json.loads(await process.stdout.readline())
    finally:
        process.terminate()
        await process.communicate()

    assert quick["aggregate_id"] == str(posts[0])
    assert last["aggregate_id"] == str(slow)
    assert before["sequence_number"] < last["sequence_number"] < quick["sequence_number"]


async def test_a_projection_is_made_again_from_its_events(bus: Bus, pool: Database, owner: Owner, migrated: TenantSettings, acme: House) -> None:
    post = await write_post(bus, acme)
    await publish_post(bus, acme, post)
    async with transaction(pool, acme.tenant, Cause(new_id())) as tx:
        await recount_publications(tx, PUBLICATIONS)
    async with pool.reading(acme.tenant.place) as connection:
        right = [tuple(dict(row.items()).values()) for row in await connection.fetch(COUNTS)]
    await owner.execute(f"UPDATE {acme.tenant.place.schema}.publication_counts SET published = 99")

    done = await imprint(migrated, "events", "rebuild", acme.tenant.slug, "publication_counts")
    unknown = await imprint(migrated, "events", "rebuild", acme.tenant.slug, "notifications")

    async with pool.reading(acme.tenant.place) as connection:
        assert [tuple(dict(row.items()).values()) for row in await connection.fetch(COUNTS)] == right
    assert (done.code, unknown.code) == (0, 1), done.err
    assert "publication_counts" in unknown.err
