"""Histories held against what was noted of them elsewhere: what a chain of hashes cannot show."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.bus import Bus
from app.content.commands import SubmitPost, UpdatePost
from ops.demo.people import ACME, GLOBEX
from tenants.anchoring import HistoryBroken, anchor, compare, sign_again, signed_before
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of, write_post
from tests.integration.migrations.commands import imprint
from tests.integration.owner import Owner
from workers.anchoring import Anchoring


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    """An organization of the test's own: what is done to its history stays there."""
    return await house_of(migrated, pool, replace(ACME, slug=f"anchored-{new_id().hex[-10:]}"))


@pytest.fixture(scope="session")
async def neighbour(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="anchored-too"))


@pytest.fixture
def keyring(migrated: TenantSettings) -> Keyring:
    return Keyring(migrated.secret_keys)


async def edited(bus: Bus, house: House, post: UUID, title: str) -> None:
    await bus.execute(house.tenant, UpdatePost(post, title=title), house.people["author"], correlation_id=new_id())


async def cut(owner: Owner, house: House, post: UUID, after: int) -> None:
    """As somebody who knows the tables would: the events, and the row as it was before them."""
    schema = house.tenant.place.schema
    await owner.execute(f"DELETE FROM {schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version > $2", post, after)
    await owner.execute(f"UPDATE {schema}.posts SET title = 'One', version = $2, updated_at = created_at WHERE id = $1", post, after)


async def test_a_cut_end_is_named_although_row_and_chain_are_as_they_should_be(
    bus: Bus, pool: Database, owner: Owner, keyring: Keyring, migrated: TenantSettings, house: House, neighbour: House
) -> None:
    post = await write_post(bus, house, title="One")
    await edited(bus, house, post, "Two")
    for one in (house, neighbour):
        await anchor(pool, one.tenant, keyring)
    whole = await imprint(migrated, "events", "verify", house.tenant.slug, "--json")

    await cut(owner, house, post, 1)

    [missing] = (await compare(pool, house.tenant, keyring)).missing
    assert missing.said() == f"Post {post} was cut after version 1; it reached version 2"
    dirty = await imprint(migrated, "events", "verify", house.tenant.slug, "--json")
    assert (whole.code, json.loads(whole.out)[0]["chain"]) == (0, "ok")
    [told] = json.loads(dirty.out)
    assert (dirty.code, told["differences"], told["chain"]) == (1, [], missing.said())
    assert (await compare(pool, neighbour.tenant, keyring)).holds


async def test_a_removed_aggregate_and_a_rewritten_one_are_named(bus: Bus, pool: Database, owner: Owner, keyring: Keyring, house: House) -> None:
    gone, forged = await write_post(bus, house), await write_post(bus, house)
    await anchor(pool, house.tenant, keyring)

    schema = house.tenant.place.schema
    for table, column in (("domain_events", "aggregate_id"), ("posts", "id")):
        await owner.execute(f"DELETE FROM {schema}.{table} WHERE {column} = $1", gone)
    await owner.execute(f"UPDATE {schema}.domain_events SET hash = sha256(hash) WHERE aggregate_id = $1", forged)

    assert {one.said() for one in (await compare(pool, house.tenant, keyring)).missing} == {
        f"Post {gone} is gone with all its events; it reached version 1",
        f"Post {forged} has another event at version 1 than it had",
    }


async def test_what_happens_after_an_anchor_is_no_difference_and_the_next_one_covers_it(
    bus: Bus, pool: Database, owner: Owner, keyring: Keyring, house: House
) -> None:
    post = await write_post(bus, house, title="One")
    first = await anchor(pool, house.tenant, keyring)
    await edited(bus, house, post, "Two")
    await write_post(bus, house)

    between = await compare(pool, house.tenant, keyring)
    second = await anchor(pool, house.tenant, keyring)
    await cut(owner, house, post, 1)

    assert between.holds
    assert (second.number, second.events, second.aggregates) == (first.number + 1, first.events + 2, first.aggregates + 1)
    assert len((await compare(pool, house.tenant, keyring)).missing) == 1


async def test_a_history_that_does_not_hold_its_anchor_is_not_anchored_again(
    bus: Bus, pool: Database, owner: Owner, keyring: Keyring, registry: Registry, house: House
) -> None:
    post = await write_post(bus, house, title="One")
    await edited(bus, house, post, "Two")
    await anchor(pool, house.tenant, keyring)
    await cut(owner, house, post, 1)
    await bus.execute(house.tenant, SubmitPost(post), house.people["author"], correlation_id=new_id())

    with pytest.raises(HistoryBroken, match="imprint events verify"):
        await anchor(pool, house.tenant, keyring)
    with capture_logs() as logged:
        await Anchoring(pool, registry, keyring)(next(one for one in await registry.all() if one.id == house.tenant.id))

    assert [line["event"] for line in logged] == ["a history does not hold its anchor"]
    found = await compare(pool, house.tenant, keyring)
    assert found.anchor is not None
    assert (found.anchor.number, [one.reaches for one in found.missing]) == (1, [2])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE control.anchors SET events = events - 1 WHERE organization_id = $1", "anchor 2 was not signed with a key in IMPRINT_SECRET_KEY"),
        (
            "UPDATE control.anchored_heads SET version = 1 WHERE organization_id = $1 AND version = 2",
            "the heads of anchor 2 are not those that were signed",
        ),
        (
            "DELETE FROM control.anchored_heads WHERE organization_id = $1 AND aggregate_type = 'Post'",
            "the heads of anchor 2 are not those that were signed",
        ),
        ("DELETE FROM control.anchors WHERE organization_id = $1", "its anchors are gone; there were 2"),
    ],
)
async def test_whoever_changes_anchors_is_found_out(
    bus: Bus, pool: Database, owner: Owner, keyring: Keyring, house: House, change: str, told: str
) -> None:
    post = await write_post(bus, house, title="One")
    await anchor(pool, house.tenant, keyring)
    await edited(bus, house, post, "Two")
    await anchor(pool, house.tenant, keyring)

    await owner.execute(change, house.tenant.id)

    found = await compare(pool, house.tenant, keyring)
    assert (found.holds, found.tampered) == (False, told)


async def test_an_older_anchor_put_in_the_place_of_the_latest_is_found_out(
    bus: Bus, pool: Database, owner: Owner, keyring: Keyring, house: House
) -> None:
    await write_post(bus, house)
    await anchor(pool, house.tenant, keyring)
    tables = ("anchors", "anchored_heads")
    old = [await owner.fetch(f"SELECT * FROM control.{table} WHERE organization_id = $1", house.tenant.id) for table in tables]
    await write_post(bus, house)
    await anchor(pool, house.tenant, keyring)

    await owner.execute("DELETE FROM control.anchors WHERE organization_id = $1", house.tenant.id)
    for table, rows in zip(tables, old, strict=True):
        await owner.copy_records_to_table(table, schema_name="control", records=[tuple(row) for row in rows])

    assert (await compare(pool, house.tenant, keyring)).tampered == "anchor 1 stands in the place of anchor 2"


async def test_a_tenants_role_cannot_reach_its_anchors(owner: Owner, house: House) -> None:
    await owner.execute("RESET ROLE")
    for sql in (
        "SELECT * FROM control.anchors",
        "DELETE FROM control.anchored_heads",
        f"UPDATE {house.tenant.place.schema}.history_anchors SET number = 9",
        f"DELETE FROM {house.tenant.place.schema}.history_anchors",
    ):
        async with owner.transaction():
            await owner.execute(f'SET LOCAL ROLE "{house.tenant.place.role}"')
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with owner.transaction():
                    await owner.execute(sql)


async def test_anchors_follow_the_installations_key(bus: Bus, pool: Database, keyring: Keyring, house: House, neighbour: House) -> None:
    for one in (house, neighbour):
        await anchor(pool, one.tenant, keyring)
    both = Keyring((os.urandom(32), *keyring.keys))
    new = Keyring(both.keys[:1])

    assert (await compare(pool, house.tenant, both)).holds
    before = await signed_before(pool, both)
    renewed = await sign_again(pool, both)
    after = await signed_before(pool, both)
    assert (await compare(pool, house.tenant, new)).holds
    assert (await compare(pool, house.tenant, keyring)).tampered == "anchor 1 was not signed with a key in IMPRINT_SECRET_KEY"
    await sign_again(pool, Keyring((*keyring.keys, *new.keys)))

    assert before == renewed >= 2
    assert after == 0
    assert (await compare(pool, house.tenant, keyring)).holds


async def test_the_round_anchors_those_to_whose_history_something_was_added(
    bus: Bus, pool: Database, keyring: Keyring, registry: Registry, house: House
) -> None:
    visit = Anchoring(pool, registry, keyring)
    listed = next(one for one in await registry.all() if one.id == house.tenant.id)

    numbers = []
    for write in (True, False, True):
        if write:
            await write_post(bus, house)
        await visit(listed)
        found = (await compare(pool, house.tenant, keyring)).anchor
        numbers.append(found.number if found else None)

    assert numbers == [1, 1, 2]


async def test_an_operator_anchors_by_hand(migrated: TenantSettings, house: House) -> None:
    done = await imprint(migrated, "events", "anchor", house.tenant.slug, "--json")
    unknown = await imprint(migrated, "events", "anchor", "nobody")
    told = await imprint(migrated, "events", "verify", house.tenant.slug)

    [made] = json.loads(done.out)
    assert (done.code, made["slug"], made["number"], made["error"]) == (0, house.tenant.slug, 1, None)
    assert (unknown.code, "imprint tenants list" in unknown.err) == (1, True)
    assert f"with {made['events']} events" in told.out
