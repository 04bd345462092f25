"""Who hears of a post that was published: followers of whatever it meets, once each, whatever happens to the workers meanwhile."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import ApprovePost, PublishPost, SubmitPost, UnpublishPost
from app.following.commands import Follow
from app.following.projections import BATCH
from app.following.values import Kind, Target
from app.taxonomy.commands import CreateCategory, CreateTag
from app.users.commands import InviteUser, RemoveUser, SuspendUser, UpdatePreferences
from auth.principal import SYSTEM
from ops.demo.people import ACME
from tenants.database import Database, connect_as_admin
from tenants.events import READ, from_row
from tenants.ids import new_id
from tenants.naming import quoted
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of, write_post
from tests.integration.workers.conftest import Line
from workers.reactions.followers import FOLLOWED, tell_followers
from workers.reactions.registry import Reacting
from workers.timers import TimerRunner

TOLD = statement("SELECT user_id, event_id, data FROM __tenant__.notifications WHERE subject_id = :post AND kind = :kind ORDER BY user_id")
FOLLOWS = statement("SELECT count(*) FROM __tenant__.subscriptions WHERE user_id = :user_id")
CROWD = statement(
    """
    WITH made AS (
      INSERT INTO __tenant__.users (id, created_at, updated_at, version, username, name, role, status)
      SELECT md5('crowd' || n)::uuid, now(), now(), 1, 'crowd-' || n, 'One of many', 'reader', 'active'
      FROM generate_series(1, CAST(:many AS integer)) n RETURNING id
    ), everything AS (
      INSERT INTO __tenant__.subscriptions (id, user_id, target, created_at) SELECT md5('all' || id)::uuid, id, 'ORGANIZATION', now() FROM made
    )
    INSERT INTO __tenant__.subscriptions (id, user_id, target, author_id, created_at)
    SELECT md5('author' || id)::uuid, id, 'AUTHOR', :author_id, now() FROM made
    """
)
AGAIN = statement("UPDATE control.deliveries SET state = 'waiting', published_at = NULL, next_attempt_at = now() WHERE id = :id")
LET_GO = statement("UPDATE control.leases SET until = now() - interval '1 second' WHERE name = 'timers'")
FIRED = statement("SELECT id FROM control.timers WHERE subject_id = :id AND kind = 'following.tell_more' ORDER BY id")


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    """An organization of the test's own."""
    return await house_of(migrated, pool, replace(ACME, slug=f"hearing-{new_id().hex[-12:]}"))


async def do(line: Line, bus: Bus, house: House, who: str | None, command: object) -> tuple[UUID, ...]:
    """The command, and whatever follows from it; its events."""
    outcome = await bus.execute(house.tenant, command, house.people[who] if who else SYSTEM, correlation_id=new_id())
    await line.expand()
    for event in outcome.events:
        for row in await line.deliveries(event):
            await line.deliver(row)
    return outcome.events


async def follow(bus: Bus, house: House, who: str, kind: Kind, id: UUID) -> None:
    await bus.execute(house.tenant, Follow(Target(kind, id)), house.people[who], correlation_id=new_id())


async def publish(line: Line, bus: Bus, house: House, post: UUID) -> UUID:
    await do(line, bus, house, "author", SubmitPost(post))
    await do(line, bus, house, "editor", ApprovePost(post))
    [event] = await do(line, bus, house, "lucia", PublishPost(post))
    return event


async def told(line: Line, house: House, post: UUID) -> list[UUID]:
    async with line.pool.reading(house.tenant.place) as connection:
        return [row["user_id"] for row in await connection.fetch(TOLD, post=post, kind=FOLLOWED)]


async def test_a_follower_of_all_that_a_post_meets_hears_of_it_once_and_who_knows_it_does_not(
    line: Line, bus: Bus, house: House, globex: House
) -> None:
    above, shelf = new_id(), new_id()
    await do(line, bus, house, "owner", CreateCategory(above, "Above"))
    await do(line, bus, house, "owner", CreateCategory(shelf, "Below", parent_id=above))
    word = (await bus.execute(house.tenant, CreateTag("Word"), house.people["owner"], correlation_id=new_id())).aggregates[0]
    everything = [(Kind.ORGANIZATION, house.tenant.id), (Kind.CATEGORY, above), (Kind.CATEGORY, shelf), (Kind.TAG, word)]
    for who in ("reader", "lucia", "author", "editor"):  # the one who publishes and the author among them
        for kind, id in [*everything, *([(Kind.AUTHOR, house.id_of("author"))] if who != "author" else [])]:
            await follow(bus, house, who, kind, id)
    await follow(bus, house, "moderator", Kind.CATEGORY, above)
    await follow(bus, globex, "reader", Kind.ORGANIZATION, globex.tenant.id)

    post = await write_post(bus, house, title="Heard of", tags=(word,), categories=(shelf,))
    event = await publish(line, bus, house, post)

    assert await told(line, house, post) == sorted(house.id_of(who) for who in ("reader", "editor", "moderator"))
    async with line.pool.reading(house.tenant.place) as connection:
        rows = await connection.fetch(TOLD, post=post, kind=FOLLOWED)
    assert {(row["event_id"], row["data"]["title"], row["data"]["authorId"]) for row in rows} == {(event, "Heard of", str(house.id_of("author")))}
    assert await told(line, globex, post) == []


async def test_who_left_is_kept_out_or_wants_no_notice_here_is_not_told(line: Line, bus: Bus, house: House, globex: House) -> None:
    for who in ("reader", "moderator", "admin", "pavel"):
        await follow(bus, house, who, Kind.AUTHOR, house.id_of("author"))
    await do(line, bus, house, "owner", RemoveUser(house.id_of("reader")))
    await do(line, bus, house, "owner", SuspendUser(house.id_of("moderator")))
    await do(line, bus, house, "admin", UpdatePreferences(house.id_of("admin"), changes={"channels": ("EMAIL",)}))

    post = await write_post(bus, house)
    await publish(line, bus, house, post)

    assert await told(line, house, post) == [house.id_of("pavel")]
    async with line.pool.reading(house.tenant.place) as connection:
        assert [await connection.fetchval(FOLLOWS, user_id=house.id_of(who)) for who in ("reader", "moderator")] == [0, 1]


async def test_who_has_come_back_before_their_leaving_was_seen_to_keeps_what_they_follow(line: Line, bus: Bus, house: House, globex: House) -> None:
    await follow(bus, house, "reader", Kind.AUTHOR, house.id_of("author"))
    removed = await bus.execute(house.tenant, RemoveUser(house.id_of("reader")), house.people["owner"], correlation_id=new_id())
    await bus.execute(
        house.tenant, InviteUser(house.id_of("reader"), f"reader@{house.tenant.slug}.example", "Reader"), SYSTEM, correlation_id=new_id()
    )

    await line.expand()
    for event in removed.events:
        for row in await line.deliveries(event):
            await line.deliver(row)

    async with line.pool.reading(house.tenant.place) as connection:
        assert await connection.fetchval(FOLLOWS, user_id=house.id_of("reader")) == 1


async def test_what_is_published_again_is_not_told_again_and_what_was_taken_back_first_is_not_told(
    line: Line, bus: Bus, house: House, globex: House
) -> None:
    await follow(bus, house, "reader", Kind.AUTHOR, house.id_of("author"))
    post = await write_post(bus, house)
    for who, command in (("author", SubmitPost(post)), ("editor", ApprovePost(post))):
        await do(line, bus, house, who, command)
    published = await bus.execute(house.tenant, PublishPost(post), house.people["lucia"], correlation_id=new_id())
    await do(line, bus, house, "lucia", UnpublishPost(post))
    for row in await line.deliveries(published.events[0]):
        await line.deliver(row)
    assert await told(line, house, post) == []

    for _ in range(2):
        await do(line, bus, house, "lucia", PublishPost(post))
        await do(line, bus, house, "lucia", UnpublishPost(post))

    assert await told(line, house, post) == [house.id_of("reader")]


async def test_what_first_came_out_a_year_ago_is_no_news_when_it_is_published_again(
    line: Line, bus: Bus, house: House, globex: House, migrated: TenantSettings
) -> None:
    await follow(bus, house, "reader", Kind.AUTHOR, house.id_of("author"))
    post, later = await write_post(bus, house), await write_post(bus, house)
    for who, command in (("author", SubmitPost), ("editor", ApprovePost), ("lucia", PublishPost), ("lucia", UnpublishPost)):
        for one in (post, later):
            await do(line, bus, house, who, command(one))
    schema = quoted(house.tenant.place.schema)
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(migrated.owner_role)}")
        await admin.run(f"DELETE FROM {schema}.notifications")
        for age, one in (("366 days", post), ("364 days", later)):
            await admin.run(f"UPDATE {schema}.domain_events SET occurred_at = now() - interval '{age}' WHERE aggregate_id = '{one}'")

    for one in (post, later):
        await do(line, bus, house, "lucia", PublishPost(one))

    assert (await told(line, house, post), await told(line, house, later)) == ([], [house.id_of("reader")])


async def test_thousands_hear_once_each_in_batches_when_workers_are_killed_and_deliveries_repeated(
    line: Line, bus: Bus, house: House, globex: House
) -> None:
    many = 2 * BATCH + 7
    async with line.pool.writing(house.tenant.place) as connection:
        await connection.execute(CROWD, many=many, author_id=house.id_of("author"))
    post = await write_post(bus, house)
    for who, command in (("author", SubmitPost(post)), ("editor", ApprovePost(post))):
        await do(line, bus, house, who, command)
    [event] = (await bus.execute(house.tenant, PublishPost(post), house.people["lucia"], correlation_id=new_id())).events
    await line.expand()

    await killed_while_telling(line, house, event)
    assert await told(line, house, post) == []
    await twice(line, event, "following.tell_followers")
    assert len(await told(line, house, post)) == BATCH
    heard = [BATCH]
    while len(timers := await fired(line, post)) == len(heard):
        await twice(line, timers[-1], "timer:following.tell_more")
        heard.append(len(await told(line, house, post)))

    assert heard == [BATCH, 2 * BATCH, many]
    everybody = await told(line, house, post)
    assert len(set(everybody)) == many


async def killed_while_telling(line: Line, house: House, event: UUID) -> None:
    """What was written until then is gone with the transaction."""
    with suppress(KeyboardInterrupt):
        async with transaction(line.pool, house.tenant, Cause(new_id())) as tx:
            row = await tx.connection.fetchrow(READ, id=event)
            assert row is not None
            await tell_followers(Reacting(house.tenant, from_row(row), tx))
            raise KeyboardInterrupt


async def twice(line: Line, event: UUID, handler: str) -> None:
    """As when a worker dies after the commit and before it could say that it is done."""
    row = await line.delivery(event, handler)
    await line.deliver(row)
    async with line.pool.control() as connection:
        await connection.execute(AGAIN, id=row["id"])
    await line.deliver(row)
    assert (await line.delivery(event, handler))["state"] == "done"


async def fired(line: Line, post: UUID) -> list[UUID]:
    """The post's timers, those that were due among them fired."""
    async with line.pool.control() as connection:
        await connection.execute(LET_GO)
    while await TimerRunner(line.pool, "tested").step():
        continue
    async with line.pool.control() as connection:
        return [row["id"] for row in await connection.fetch(FIRED, id=post)]
