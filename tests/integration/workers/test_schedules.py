"""Posts are published, and expire, when the database's clock says so."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app.bus import Bus
from app.content.commands import ApprovePost, PublishPost, SchedulePost, SetPostExpiry, SubmitPost, UnpublishPost
from tenants.database import Row
from tenants.ids import new_id
from tenants.lifecycle.states import resume, suspend
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from tests.integration.workers.conftest import Line, until
from workers.timers import TimerRunner

LET_GO = statement("UPDATE control.leases SET until = now() - interval '1 second' WHERE name = 'timers'")
NOW = statement("SELECT clock_timestamp()")
POST = statement("SELECT status, scheduled_at, published_at, expires_at, version FROM __tenant__.posts WHERE id = :id")
TIMERS = statement("SELECT id FROM control.timers WHERE subject_id = :id AND fired_at IS NOT NULL ORDER BY due_at")
AGAIN = statement("UPDATE control.timers SET fired_at = NULL WHERE subject_id = :id")
EVENTS = statement("SELECT event_type, user_id FROM __tenant__.domain_events WHERE aggregate_id = :id ORDER BY aggregate_version")
CAUSES = statement("SELECT event_type, causation_id, correlation_id FROM __tenant__.domain_events WHERE aggregate_id = :id")
SOON = timedelta(milliseconds=400)


async def _do(bus: Bus, house: House, who: str, command: object) -> None:
    await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())


async def _approved(bus: Bus, house: House) -> UUID:
    post = await write_post(bus, house)
    await _do(bus, house, "author", SubmitPost(post))
    await _do(bus, house, "editor", ApprovePost(post))
    return post


async def _now(line: Line) -> datetime:
    async with line.pool.control() as connection:
        moment: datetime = await connection.fetchval(NOW)
    return moment


async def _post(line: Line, house: House, post: UUID) -> Row:
    async with line.pool.reading(house.tenant.place) as connection:
        row = await connection.fetchrow(POST, id=post)
    assert row is not None
    return row


async def _turn(line: Line, post: UUID) -> int:
    """Fire what is due and run it; how many of the post's timers have fired by now."""
    async with line.pool.control() as connection:
        await connection.execute(LET_GO)
    await TimerRunner(line.pool, "tested").step()
    async with line.pool.control() as connection:
        fired = await connection.fetch(TIMERS, id=post)
    for timer in fired:
        for row in await line.deliveries(timer["id"]):
            await line.deliver(row)
    return len(fired)


async def _until_fired(line: Line, post: UUID, timers: int) -> None:
    async def fired() -> bool:
        return await _turn(line, post) >= timers

    await until(fired)


async def test_a_scheduled_post_is_published_and_expires_by_itself_each_once(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post = await _approved(bus, acme)
    publish_at = await _now(line) + SOON
    await _do(bus, acme, "editor", SchedulePost(post, publish_at=publish_at, expires_at=publish_at + SOON))

    await _until_fired(line, post, 2)

    row = await _post(line, acme, post)
    assert (row["status"], row["scheduled_at"]) == ("EXPIRED", None)
    async with line.pool.reading(acme.tenant.place) as connection:
        told = [(event["event_type"], event["user_id"]) for event in await connection.fetch(EVENTS, id=post)]
    assert told[-1] == ("PostExpired", None)
    if row["published_at"] is not None:
        assert told[-2] == ("PostPublished", None)
        assert row["published_at"] >= publish_at


async def test_what_a_timer_does_belongs_to_the_event_that_set_it_and_to_the_request_behind_that(
    line: Line, bus: Bus, acme: House, globex: House
) -> None:
    post, scheduling, ending = await _approved(bus, acme), new_id(), new_id()
    publish_at = await _now(line) + SOON
    editor = acme.people["editor"]
    scheduled = await bus.execute(acme.tenant, SchedulePost(post, publish_at=publish_at), editor, correlation_id=scheduling)
    await _until_fired(line, post, 1)
    ended = await bus.execute(acme.tenant, SetPostExpiry(post, expires_at=await _now(line) + SOON), editor, correlation_id=ending)
    await _until_fired(line, post, 2)

    async with line.pool.reading(acme.tenant.place) as connection:
        told = {event["event_type"]: (event["causation_id"], event["correlation_id"]) for event in await connection.fetch(CAUSES, id=post)}

    assert told["PostPublished"] == (scheduled.events[0], scheduling)
    assert told["PostExpired"] == (ended.events[0], ending)
    assert told["PostScheduled"] == (None, scheduling)


async def test_a_scheduled_post_waits_until_it_is_due(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post = await _approved(bus, globex)
    await _do(bus, globex, "editor", SchedulePost(post, publish_at=await _now(line) + timedelta(hours=1)))

    assert await _turn(line, post) == 0
    assert (await _post(line, globex, post))["status"] == "SCHEDULED"


async def test_a_timer_of_an_earlier_schedule_does_nothing(line: Line, bus: Bus, acme: House, globex: House) -> None:
    moved, taken_back = await _approved(bus, acme), await _approved(bus, acme)
    soon, later = await _now(line) + SOON, await _now(line) + timedelta(hours=1)
    for post in (moved, taken_back):
        await _do(bus, acme, "editor", SchedulePost(post, publish_at=soon))
    await _do(bus, acme, "editor", SchedulePost(moved, publish_at=later))
    await _do(bus, acme, "editor", UnpublishPost(taken_back))

    await _until_fired(line, moved, 1)
    await _until_fired(line, taken_back, 1)

    row = await _post(line, acme, moved)
    assert (row["status"], row["scheduled_at"]) == ("SCHEDULED", later)
    assert (await _post(line, acme, taken_back))["status"] == "APPROVED"


async def test_a_timer_that_fires_again_publishes_nothing_twice(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post = await _approved(bus, acme)
    await _do(bus, acme, "editor", SchedulePost(post, publish_at=await _now(line) + SOON))
    await _until_fired(line, post, 1)
    published = await _post(line, acme, post)
    assert published["status"] == "PUBLISHED"

    async with line.pool.control() as connection:
        await connection.execute(AGAIN, id=post)
        await connection.execute(
            statement("DELETE FROM control.deliveries WHERE event_id IN (SELECT id FROM control.timers WHERE subject_id = :id)"), id=post
        )
        timers = [row["id"] for row in await connection.fetch(statement("SELECT id FROM control.timers WHERE subject_id = :id"), id=post)]
    async with line.pool.writing(acme.tenant.place) as connection:
        await connection.execute(statement("DELETE FROM __tenant__.handled WHERE event_id = ANY (CAST(:ids AS uuid[]))"), ids=timers)
    await _until_fired(line, post, 1)

    assert dict((await _post(line, acme, post)).items()) == dict(published.items())


async def test_what_comes_due_while_an_organization_is_suspended_happens_when_it_is_back(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post, gone = await _approved(bus, acme), await _approved(bus, acme)
    soon = await _now(line) + SOON
    await _do(bus, acme, "editor", SchedulePost(post, publish_at=soon))
    await _do(bus, acme, "editor", PublishPost(gone))
    await _do(bus, acme, "editor", SetPostExpiry(gone, expires_at=soon))
    await suspend(line.tenants, acme.tenant.slug)
    try:

        async def due() -> bool:
            return await _now(line) > soon

        await until(due)
        assert (await _turn(line, post), await _turn(line, gone)) == (0, 0)
    finally:
        await resume(line.tenants, acme.tenant.slug)

    await _until_fired(line, post, 1)
    await _until_fired(line, gone, 1)

    assert [(await _post(line, acme, each))["status"] for each in (post, gone)] == ["PUBLISHED", "EXPIRED"]
