"""What search keeps, where former slugs lead and what readers are counted as: verify names what differs, rebuild makes it again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import CreatePost, UpdatePost
from app.engagement import projections
from app.engagement.commands import LikePost, RecordPostView, SharePost
from app.replay.verifying import verify
from app.taxonomy.commands import CreateTag, RenameTag
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from ops.events.rebuilding import PROJECTIONS, rebuild
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of, publish_post, write_post
from tests.integration.owner import Owner, as_owner


@pytest.fixture(scope="module")
async def here(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("recounted", "Recounted", ACME.people))


@pytest.fixture(scope="module")
async def there(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    house = await house_of(migrated, pool, Cast("recounted-too", "Recounted Too", ACME.people))
    await bus.execute(house.tenant, UpdatePost(await write_post(bus, house), slug="elsewhere"), house.people["author"], correlation_id=new_id())
    return house


@pytest.fixture
async def owner(migrated: TenantSettings, here: House) -> AsyncIterator[Owner]:
    async with as_owner(migrated) as connection:
        await connection.execute(f"SET search_path = {here.tenant.place.schema}")
        yield connection


async def differing(pool: Database, house: House) -> dict[tuple[UUID, str], tuple[object, object]]:
    found = await verify(pool, house.tenant)
    return {(one.aggregate_id, one.field): (one.row, one.replay) for one in found.differences}


async def moved(bus: Bus, house: House, post: UUID, *slugs: str) -> None:
    for slug in slugs:
        await bus.execute(house.tenant, UpdatePost(post, slug=slug), house.people["author"], correlation_id=new_id())


async def test_a_slug_that_several_posts_left_leads_to_the_last_one_and_that_is_no_difference(bus: Bus, pool: Database, here: House) -> None:
    first, second = await write_post(bus, here), await write_post(bus, here)

    await moved(bus, here, first, "wanted", "left")
    await moved(bus, here, second, "wanted", "also-left")
    await moved(bus, here, first, "wanted", "left-again")
    await moved(bus, here, second, "back", "also-left", "gone")

    assert await differing(pool, here) == {}


async def test_former_slugs_that_are_missing_or_lead_elsewhere_are_named_and_found_again(
    bus: Bus, pool: Database, owner: Owner, migrated: TenantSettings, here: House, there: House
) -> None:
    first, second = await write_post(bus, here), await write_post(bus, here)
    await moved(bus, here, first, "one", "two", "three")
    was = await owner.fetch("SELECT * FROM post_slugs ORDER BY slug")
    elsewhere = await owner.fetch(f"SELECT * FROM {there.tenant.place.schema}.post_slugs")
    await owner.execute("DELETE FROM post_slugs WHERE slug = 'one'")
    await owner.execute("UPDATE post_slugs SET post_id = $1 WHERE slug = 'two'", second)
    await owner.execute("INSERT INTO post_slugs VALUES ('never', $1, now())", second)

    named = await differing(pool, here)
    await rebuild(pool, migrated, here.tenant.slug, "former_slugs")

    assert named == {
        (first, "former_slugs.one"): ("missing", "leads here"),
        (first, "former_slugs.two"): (f"leads to {second}", "leads here"),
        (second, "former_slugs.two"): ("leads here", "missing"),
        (second, "former_slugs.never"): ("leads here", "missing"),
    }
    assert await differing(pool, here) == await differing(pool, there) == {}
    assert await owner.fetch("SELECT * FROM post_slugs ORDER BY slug") == was
    assert await owner.fetch(f"SELECT * FROM {there.tenant.place.schema}.post_slugs") == elsewhere


async def test_what_search_keeps_otherwise_than_the_posts_say_is_named_and_made_again(
    bus: Bus, pool: Database, owner: Owner, migrated: TenantSettings, here: House
) -> None:
    word = (await bus.execute(here.tenant, CreateTag("cormorants"), here.people["admin"], correlation_id=new_id())).aggregates[0]
    lost, stale, other = [
        (
            await bus.execute(here.tenant, CreatePost(new_id(), title, "Of *birds*.", tags=(word,)), here.people["author"], correlation_id=new_id())
        ).aggregates[0]
        for title in ("Lost", "Stale", "Other")
    ]
    await bus.execute(here.tenant, RenameTag(word, "shags"), here.people["admin"], correlation_id=new_id())
    assert await differing(pool, here) == {}
    await owner.execute("DELETE FROM post_search WHERE post_id = $1", lost)
    await owner.execute("UPDATE post_search SET document = to_tsvector('english', 'forged shags'), body = 'Of fish' WHERE post_id = $1", stale)
    await owner.execute("UPDATE post_search SET configuration = 'klingon' WHERE post_id = $1", other)

    named = await differing(pool, here)
    await rebuild(pool, migrated, here.tenant.slug, "search")

    assert named == {
        (lost, "search"): ("missing", "present"),
        (stale, "search.document"): ("forg", "bird stale"),
        (stale, "search.body"): ("Of fish", "Of birds ."),
        (other, "search.configuration"): ("klingon", "english"),
    }
    assert await differing(pool, here) == {}


@pytest.mark.parametrize(
    "edit",
    [
        {"title": "Harbours, and ships in them"},
        {"excerpt": "Of ships and harbours."},
        {"excerpt": None},
        {"title": "Ships", "excerpt": "Ships"},
        {"title": "Of", "content": "Harbours. " * 20_000},
    ],
    ids=["title", "excerpt", "no excerpt", "both", "with the content"],
)
async def test_a_title_or_an_excerpt_that_became_another_leaves_what_the_whole_post_read_anew_would(
    bus: Bus, pool: Database, here: House, edit: dict[str, Any]
) -> None:
    author = here.people["author"]
    tag = (await bus.execute(here.tenant, CreateTag(f"Piers {new_id()}"), here.people["admin"], correlation_id=new_id())).aggregates[0]
    command = CreatePost(new_id(), "Ships", "Ships come in. " * 200, excerpt="Piers and ships", tags=(tag,))
    post = (await bus.execute(here.tenant, command, author, correlation_id=new_id())).aggregates[0]

    await bus.execute(here.tenant, UpdatePost(post, **edit), author, correlation_id=new_id())

    assert {place: found for place, found in (await differing(pool, here)).items() if place[0] == post} == {}


async def test_views_likes_and_shares_are_counted_anew_from_their_raw_rows_and_older_days_stay(
    bus: Bus, pool: Database, owner: Owner, migrated: TenantSettings, here: House
) -> None:
    post = await write_post(bus, here)
    await publish_post(bus, here, post)
    for deed, reader in ((RecordPostView(post), "reader"), (LikePost(post), "reader"), (LikePost(post), "admin"), (SharePost(post), "admin")):
        await bus.execute(here.tenant, deed, here.people[reader], correlation_id=new_id())
    async with transaction(pool, here.tenant, Cause(new_id())) as tx:
        await projections.count(tx, tx.now)
    await bus.execute(here.tenant, RecordPostView(post), here.people["admin"], correlation_id=new_id())
    await owner.execute("INSERT INTO post_stats VALUES ($1, current_date - 200, 70, 9, 3)", post)
    await owner.execute("UPDATE post_stats SET view_count = 40, like_count = 0 WHERE post_id = $1 AND day > current_date - 2", post)

    named = await differing(pool, here)
    await rebuild(pool, migrated, here.tenant.slug, "engagement")
    days = await owner.fetch("SELECT view_count, like_count, share_count FROM post_stats WHERE post_id = $1 ORDER BY day", post)
    totals = await owner.fetchrow("SELECT view_count, like_count, share_count FROM post_totals WHERE post_id = $1", post)

    assert {field.rpartition(".")[2] for id, field in named if id == post} == {"view_count", "like_count", "share_count", "score"}
    assert [tuple(day) for day in days] == [(70, 0, 3), (1, 2, 1)]
    assert tuple(totals or ()) == (71, 2, 4)
    assert await differing(pool, here) == {}


async def test_every_projection_can_be_made_again_where_nothing_differs(pool: Database, migrated: TenantSettings, there: House) -> None:
    for projection in PROJECTIONS:
        await rebuild(pool, migrated, there.tenant.slug, projection)

    assert await differing(pool, there) == {}
