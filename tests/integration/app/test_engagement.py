"""Views, likes and shares: counted once each, a few seconds later, and never otherwise than their raw rows say."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.bus import Bus, Outcome
from app.content.commands import UnpublishPost
from app.engagement import projections, retention
from app.engagement.commands import LikePost, RecordPostView, SharePost, UnlikePost
from app.engagement.errors import PostNotFound, PostNotPublished
from app.engagement.projections import Work
from app.engagement.values import MOST_SHARES_A_DAY
from app.replay.verifying import verify
from app.users.commands import EraseUser
from auth.principal import ANONYMOUS, Principal
from migrations import runner
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.errors import RateLimited, Unauthenticated
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of, publish_post, write_post
from tests.integration.installations import new_database, settings_for
from tests.postgres15 import Postgres15

TOTALS = statement("SELECT view_count, like_count, share_count, score FROM __tenant__.post_totals WHERE post_id = :id")
TRENDING = statement("SELECT post_id FROM __tenant__.trending_posts ORDER BY score DESC")
PENDING = statement("SELECT due_at FROM __tenant__.pending_work WHERE name = :name")
TIMERS = statement("SELECT count(*) FROM control.timers WHERE kind = :kind AND subject_id = :id")
FORGE = statement("UPDATE __tenant__.post_stats SET view_count = view_count + 1 WHERE post_id = :id")
FORGE_TOTAL = statement("UPDATE __tenant__.post_totals SET like_count = like_count + 1 WHERE post_id = :id")
AGE = statement("UPDATE __tenant__.post_stats SET day = day - CAST(:days AS integer) WHERE post_id = :id")
VIEWERS = statement("SELECT viewer FROM __tenant__.post_views WHERE post_id = :id")
OLDER = statement("UPDATE __tenant__.post_views SET day = day - CAST(:days AS integer) WHERE post_id = :id")
OLDER_SALT = statement("UPDATE __tenant__.viewer_salts SET day = day - 1")
SALTS = statement("SELECT count(*) FROM __tenant__.viewer_salts")


@pytest.fixture(scope="module")
async def here(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("engaged", "Engaged", ACME.people))


@pytest.fixture(scope="module")
async def there(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("elsewhere", "Elsewhere", ACME.people))


async def do(bus: Bus, house: House, who: Principal | str, command: object) -> Outcome:
    principal = house.people[who] if isinstance(who, str) else who
    return await bus.execute(house.tenant, command, principal, correlation_id=new_id())


async def published(bus: Bus, house: House) -> UUID:
    post = await write_post(bus, house)
    await publish_post(bus, house, post)
    return post


async def pending(pool: Database, house: House, work: Work) -> datetime | None:
    async with pool.reading(house.tenant.place) as connection:
        due: datetime | None = await connection.fetchval(PENDING, name=work)
    return due


async def count_all(pool: Database, house: House) -> int:
    """What the timers do, one after the other, until there is nothing left to count; how many changes that were."""
    counted = 0
    while due := await pending(pool, house, Work.COUNT):
        async with transaction(pool, house.tenant, Cause(new_id())) as tx:
            counted += await projections.count(tx, due)
    return counted


async def rank(pool: Database, house: House) -> list[UUID]:
    async with transaction(pool, house.tenant, Cause(new_id())) as tx:
        await projections.rank(tx, tx.now)
    async with pool.reading(house.tenant.place) as connection:
        return [row["post_id"] for row in await connection.fetch(TRENDING)]


async def totals(pool: Database, house: House, post: UUID) -> tuple[int, ...]:
    async with pool.reading(house.tenant.place) as connection:
        row = await connection.fetchrow(TOTALS, id=post)
    return tuple(value for _, value in row.items()) if row else (0, 0, 0, 0)


async def test_a_viewer_counts_once_a_day_however_many_requests_come_at_once(pool: Database, bus: Bus, here: House, there: House) -> None:
    post = await published(bus, here)
    readers = [(here.people["reader"], b""), (here.people["author"], b""), (ANONYMOUS, b"one"), (ANONYMOUS, b"other")]

    outcomes = await asyncio.gather(*(do(bus, here, who, RecordPostView(post, visitor)) for who, visitor in readers * 6))
    before = await totals(pool, here, post)
    await count_all(pool, here)

    assert sum(outcome.changed for outcome in outcomes) == 4
    assert before == (0, 0, 0, 0)
    assert await totals(pool, here, post) == (4, 0, 0, 4)
    assert await totals(pool, there, post) == (0, 0, 0, 0)
    assert (await verify(pool, here.tenant)).differences == []


async def test_no_raw_view_says_who_it_was(pool: Database, bus: Bus, here: House) -> None:
    post = await published(bus, here)
    await do(bus, here, "reader", RecordPostView(post))

    async with pool.reading(here.tenant.place) as connection:
        [row] = await connection.fetch(VIEWERS, id=post)

    assert row["viewer"] not in {here.id_of(key) for key in here.people}
    await count_all(pool, here)


async def test_one_timer_is_asked_for_whoever_comes_and_the_last_one_rests(pool: Database, bus: Bus, there: House) -> None:
    post = await published(bus, there)

    await asyncio.gather(*(do(bus, there, ANONYMOUS, RecordPostView(post, bytes([number]))) for number in range(8)))
    async with pool.control() as connection:
        asked = await connection.fetchval(TIMERS, kind=Work.COUNT, id=there.tenant.id)
    counted = await count_all(pool, there)

    assert asked == 1
    assert counted == 8
    assert await pending(pool, there, Work.COUNT) is None
    await do(bus, there, ANONYMOUS, RecordPostView(post, b"later"))
    assert await pending(pool, there, Work.COUNT) is not None
    assert await count_all(pool, there) == 1


async def test_a_like_stands_until_it_is_taken_back_and_counts_once(pool: Database, bus: Bus, here: House) -> None:
    post = await published(bus, here)
    likes = await asyncio.gather(*(do(bus, here, "reader", LikePost(post)) for _ in range(5)))
    await do(bus, here, "author", LikePost(post))
    await count_all(pool, here)
    liked = await totals(pool, here, post)

    await do(bus, here, "editor", UnpublishPost(post))
    taken = [await do(bus, here, "author", UnlikePost(post)) for _ in range(2)]
    await count_all(pool, here)

    assert [sum(one.changed for one in likes), *[one.changed for one in taken]] == [1, True, False]
    assert liked == (0, 2, 0, 10)
    assert await totals(pool, here, post) == (0, 1, 0, 5)
    with pytest.raises(PostNotFound):  # it is public no longer
        await do(bus, here, "reader", LikePost(post))
    with pytest.raises(PostNotPublished):
        await do(bus, here, "author", LikePost(post))
    with pytest.raises(Unauthenticated):
        await do(bus, here, ANONYMOUS, LikePost(post))


async def test_shares_count_each_time_up_to_the_days_limit_at_whatever_haste(pool: Database, bus: Bus, here: House) -> None:
    post = await published(bus, here)

    answers = await asyncio.gather(
        *(do(bus, here, "reader", SharePost(post)) for _ in range(MOST_SHARES_A_DAY + 5)),
        return_exceptions=True,
    )
    await do(bus, here, ANONYMOUS, SharePost(post, b"another"))
    await count_all(pool, here)

    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert len(refused) == 5
    assert 0 < refused[0].retry_after <= timedelta(days=1).total_seconds() + 1
    assert (await totals(pool, here, post))[2] == MOST_SHARES_A_DAY + 1
    assert (await verify(pool, here.tenant)).differences == []


async def test_verify_names_counts_that_are_not_what_the_raw_rows_say(pool: Database, bus: Bus, there: House) -> None:
    post = await published(bus, there)
    await do(bus, there, "reader", RecordPostView(post))
    await count_all(pool, there)
    async with pool.writing(there.tenant.place) as connection:
        await connection.execute(FORGE, id=post)
        await connection.execute(FORGE_TOTAL, id=post)

    found = (await verify(pool, there.tenant)).differences

    assert [(one.aggregate_type, one.aggregate_id, one.field.split(".")[-1], one.row, one.replay) for one in found] == [
        ("Post", post, "view_count", 2, 1),
        ("Post", post, "like_count", 1, 0),
        ("Post", post, "score", 1, 2),
        ("Post", post, "view_count", 1, 2),
    ]


async def test_what_trends_is_ranked_by_what_counts_and_how_long_ago_while_readers_read(pool: Database, bus: Bus, here: House, there: House) -> None:
    liked, seen, faded, taken_back = [await published(bus, here) for _ in range(4)]
    for who in ("reader", "author", "editor"):
        await do(bus, here, who, LikePost(liked))
        await do(bus, here, ANONYMOUS, SharePost(faded, who.encode()))
        await do(bus, here, who, LikePost(taken_back))
    for who in ("reader", "author"):
        await do(bus, here, who, RecordPostView(seen))
    await count_all(pool, here)
    async with pool.writing(here.tenant.place) as connection:
        await connection.execute(AGE, id=faded, days=8)
    await do(bus, here, "editor", UnpublishPost(taken_back))

    async with pool.snapshot(here.tenant.place) as reader:
        await reader.fetch(TRENDING)
        trending = await rank(pool, here)
        await reader.fetch(TRENDING)

    mine = [post for post in trending if post in {liked, seen, faded, taken_back}]
    assert mine == [liked, seen, faded]  # 15, 2, and 30 halved four times
    assert not set(mine) & set(await rank(pool, there))
    assert await pending(pool, here, Work.RANK_DAILY) is not None
    async with pool.writing(here.tenant.place) as connection:  # as it was: others verify
        await connection.execute(AGE, id=faded, days=-8)


async def test_raw_views_are_let_go_of_after_ninety_days_and_salts_after_one_but_counts_stay(
    pool: Database, bus: Bus, migrated: TenantSettings
) -> None:
    house = await house_of(migrated, pool, Cast("forgetful", "Forgetful", ACME.people))
    old, kept = await published(bus, house), await published(bus, house)
    for post in (old, kept):
        await do(bus, house, "reader", RecordPostView(post))
    await count_all(pool, house)
    async with pool.writing(house.tenant.place) as connection:
        for older in (OLDER, AGE):
            await connection.execute(older, id=old, days=91)
            await connection.execute(older, id=kept, days=89)
        await connection.execute(OLDER_SALT)

    async with pool.reading(house.tenant.place) as connection:
        deleted = [await retention.let_go(connection, 10), await retention.let_go(connection, 10)]
        salts = await connection.fetchval(SALTS)

    assert deleted == [1, 0]
    assert salts == 0
    assert [await totals(pool, house, post) for post in (old, kept)] == [(1, 0, 0, 1)] * 2
    assert (await verify(pool, house.tenant)).differences == []


async def test_erasing_somebody_takes_their_likes_back(pool: Database, bus: Bus, migrated: TenantSettings) -> None:
    house = await house_of(migrated, pool, Cast("erasing-likes", "Erasing", ACME.people))
    post = await published(bus, house)
    for who in ("reader", "author"):
        await do(bus, house, who, LikePost(post))
    await count_all(pool, house)

    await do(bus, house, "owner", EraseUser(house.id_of("reader"), confirm="reader"))
    async with transaction(pool, house.tenant, Cause(new_id())) as tx:
        await projections.count_soon(tx)
    await count_all(pool, house)

    assert await totals(pool, house, post) == (0, 1, 0, 5)
    assert (await verify(pool, house.tenant)).differences == []


async def test_what_trends_is_refreshed_beside_readers_by_an_admin_without_superuser_rights_on_postgres_15(
    postgres15: Postgres15, worker_name: str
) -> None:
    own = new_database(worker_name)
    postgres15.make(own)
    port = int(postgres15.superuser_url.rpartition(":")[2].partition("/")[0])
    settings = settings_for(own.admin_url(port), own.app_url(port), f"owner_{own.name}")
    await runner.up(settings)
    async with Database(settings, connections=3) as pool:
        house = await house_of(settings, pool, Cast("fifteen", "Fifteen", ACME.people))
        bus = Bus(pool)
        post = await published(bus, house)
        await do(bus, house, "reader", LikePost(post))
        await count_all(pool, house)
        async with pool.snapshot(house.tenant.place) as reader:
            await reader.fetch(TRENDING)
            assert await rank(pool, house) == [post]
