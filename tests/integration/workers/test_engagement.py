"""What readers do is added up by worker processes as they really run: by timers, after an erasure, and in a copy."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from app.bus import Bus
from app.content.commands import ApprovePost, PublishPost, SubmitPost, UnpublishPost
from app.engagement import projections
from app.engagement.commands import LikePost, RecordPostView
from app.engagement.projections import Work
from app.replay.verifying import verify
from app.users.commands import EraseUser
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from ops.organizations.importing import clone
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of, write_post
from tests.integration.workers.conftest import Line, Workers, until
from workers.settings import WorkerSettings

Start = Callable[[WorkerSettings], Workers]
TOTALS = statement("SELECT view_count, like_count, share_count FROM __tenant__.post_totals WHERE post_id = :id")
TRENDING = statement("SELECT post_id FROM __tenant__.trending_posts")
PENDING = statement("SELECT due_at FROM __tenant__.pending_work WHERE name = :name")
REACTED = statement("SELECT count(*) FROM control.deliveries WHERE organization_id = :id AND handler LIKE 'engagement.%' AND state = 'done'")


async def _do(bus: Bus, house: House, who: str, command: object) -> None:
    await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())


async def _published(bus: Bus, house: House) -> UUID:
    post = await write_post(bus, house)
    for who, command in (("author", SubmitPost(post)), ("editor", ApprovePost(post)), ("editor", PublishPost(post))):
        await _do(bus, house, who, command)
    return post


async def _totals(pool: Database, tenant: Tenant, post: UUID) -> tuple[int, ...]:
    async with pool.reading(tenant.place) as connection:
        row = await connection.fetchrow(TOTALS, id=post)
    return tuple(value for _, value in row.items()) if row else (0, 0, 0)


async def _pending(pool: Database, tenant: Tenant, work: Work) -> bool:
    async with pool.reading(tenant.place) as connection:
        return await connection.fetchval(PENDING, name=work) is not None


async def _trending(pool: Database, tenant: Tenant) -> set[UUID]:
    async with pool.reading(tenant.place) as connection:
        return {row["post_id"] for row in await connection.fetch(TRENDING)}


async def _reacted(line: Line, tenant: Tenant) -> int:
    async with line.pool.control() as connection:
        return int(await connection.fetchval(REACTED, id=tenant.id))


async def test_workers_count_what_readers_do_then_rest_and_count_again_when_somebody_who_liked_is_erased(
    line: Line, bus: Bus, migrated: TenantSettings, globex: House, start_workers: Start
) -> None:
    house = await house_of(migrated, line.pool, Cast("worked-likes", "Worked", ACME.people))
    post, other = await _published(bus, house), await _published(bus, globex)
    start_workers(line.settings).supervise()
    for who in ("reader", "author"):
        await _do(bus, house, who, LikePost(post))
    await _do(bus, house, "reader", RecordPostView(post))
    await _do(bus, globex, "reader", LikePost(other))

    async def counted_and_resting() -> bool:
        counted = await _totals(line.pool, house.tenant, post), await _totals(line.pool, globex.tenant, other)
        return counted == ((1, 2, 0), (0, 1, 0)) and not await _pending(line.pool, house.tenant, Work.COUNT)

    async def counted_without() -> bool:
        return await _totals(line.pool, house.tenant, post) == (1, 1, 0)

    await until(counted_and_resting)
    await _do(bus, house, "owner", EraseUser(house.id_of("reader"), confirm="reader"))
    await until(counted_without)

    assert await _reacted(line, house.tenant) == 1
    assert await _totals(line.pool, globex.tenant, other) == (0, 1, 0)
    assert (await verify(line.pool, house.tenant)).differences == []


async def test_workers_count_in_a_copy_what_was_not_counted_yet_and_rank_what_trends(
    line: Line, bus: Bus, migrated: TenantSettings, start_workers: Start
) -> None:
    house = await house_of(migrated, line.pool, Cast("worked-copy", "Copied", ACME.people))
    counted, gone, waiting = [await _published(bus, house) for _ in range(3)]
    for post in (counted, gone):
        await _do(bus, house, "reader", LikePost(post))
    async with transaction(line.pool, house.tenant, Cause(new_id())) as tx:
        assert await projections.count(tx, tx.now) == 2
    await _do(bus, house, "reader", LikePost(waiting))
    copy = (await clone(migrated, "worked-copy", "worked-copy-two", lambda _line: None)).tenant
    await bus.execute(copy, UnpublishPost(gone), house.people["editor"], correlation_id=new_id())
    before = await _totals(line.pool, copy, waiting), await _trending(line.pool, copy), await _pending(line.pool, copy, Work.RANK_DAILY)

    start_workers(line.settings).supervise()

    async def begun_again() -> bool:
        liked = [await _totals(line.pool, copy, post) for post in (counted, gone, waiting)]
        return liked == [(0, 1, 0)] * 3 and gone not in await _trending(line.pool, copy)

    await until(begun_again)
    assert before == ((0, 0, 0), {counted, gone}, False)
    assert await _reacted(line, copy) == 1
    assert counted in await _trending(line.pool, copy)
    assert await _pending(line.pool, copy, Work.RANK_DAILY)
    assert (await verify(line.pool, copy)).differences == []
