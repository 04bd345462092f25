from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from tenants.database import Row
from tenants.errors import RetryLater
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line
from workers.broker import Broker
from workers.publisher import Publisher
from workers.relay import ROWS_OF_EACH, somewhere

EXPANDED = statement("SELECT expanded_at IS NOT NULL FROM control.outbox WHERE event_id = :event_id")
IN_FLIGHT = statement(
    "SELECT organization_id, count(*) AS number FROM control.deliveries WHERE state = 'waiting' AND published_at IS NOT NULL GROUP BY 1"
)

SAY = statement(
    "INSERT INTO control.outbox (id, event_id, event_type, aggregate_id, aggregate_version, correlation_id) "
    "VALUES (:id, :event, 'QuickTested', :aggregate, :version, :event)"
)
UNEXPANDED = statement("SELECT count(*) FROM control.outbox WHERE expanded_at IS NULL")
HOUR = 3_600_000 << 80  # in the milliseconds that a UUIDv7 begins with (RFC 9562, section 5.7)


async def _say(line: Line, house: House, event: UUID, *, aggregate: UUID, version: int, id: UUID | None = None) -> None:
    """Write an outbox row with ids of the test's choice, as a copied organization or a machine with another clock would."""
    async with line.pool.writing(house.tenant.place) as connection:
        await connection.execute(SAY, id=id or new_id(), event=event, aggregate=aggregate, version=version)


async def _of(line: Line, delivery: UUID) -> Row:
    async with line.pool.control() as connection:
        row = await connection.fetchrow(statement("SELECT * FROM control.deliveries WHERE id = :id"), id=delivery)
    assert row is not None
    return row


async def _in_flight(line: Line) -> dict[UUID, int]:
    async with line.pool.control() as connection:
        return {row["organization_id"]: row["number"] for row in await connection.fetch(IN_FLIGHT)}


async def test_an_event_becomes_one_delivery_for_each_reaction_of_its_own_organization(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "PostApproved")

    await line.expand()

    rows = await line.deliveries(event)
    assert [(row["handler"], row["organization_id"], row["state"]) for row in rows] == [
        ("users.mail_author", acme.tenant.id, "waiting"),
        ("users.notify_author", acme.tenant.id, "waiting"),
    ]


async def test_an_event_that_nobody_reacts_to_is_done_with(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "NobodyCares")

    await line.expand()

    assert await line.deliveries(event) == []
    async with line.pool.control() as connection:
        assert await connection.fetchval(EXPANDED, event_id=event) is True


async def test_two_relays_at_once_expand_every_event_once(line: Line, acme: House, globex: House) -> None:
    events = [event for house in (acme, globex) for _ in range(10) for event in await line.happened(house, "QuickTested", versions=3)]

    relays = [line.relay, line.relay]
    while any(await asyncio.gather(*(relay.step() for relay in relays))):
        continue

    assert [len(await line.deliveries(event)) for event in events] == [1] * 60


async def test_an_event_waits_for_an_earlier_one_that_another_relay_holds(line: Line, acme: House, globex: House) -> None:
    first, second = await line.happened(acme, "QuickTested", versions=2)
    hold = statement("SELECT id FROM control.outbox WHERE event_id = :event_id FOR UPDATE")
    async with line.pool.writing(None) as connection:
        await connection.fetch(hold, event_id=first)
        await line.expand()
        assert await line.deliveries(second) == []

    await line.expand()

    assert len(await line.deliveries(first)) == len(await line.deliveries(second)) == 1


async def test_deliveries_of_one_aggregate_are_published_in_order_one_after_the_other(line: Line, acme: House, globex: House) -> None:
    first, second = await line.happened(acme, "QuickTested", aggregate=new_id(), versions=2)
    await line.expand()
    await line.publisher.step()
    assert [(await line.delivery(event, "test.count"))["published_at"] is not None for event in (first, second)] == [True, False]

    await line.deliver(await line.delivery(second, "test.count"))
    assert (await line.delivery(second, "test.count"))["attempts"] == 0
    await line.deliver(await line.delivery(first, "test.count"))
    await line.publisher.step()

    assert (await line.delivery(second, "test.count"))["published_at"] is not None


async def test_a_flood_of_one_organization_leaves_room_for_the_other(line: Line, acme: House, globex: House) -> None:
    for _ in range(12):
        await line.happened(acme, "QuickTested", aggregate=new_id())
    await line.happened(globex, "QuickTested")
    await line.expand()

    await line.publisher.step()
    await line.publisher.step()

    assert await _in_flight(line) == {acme.tenant.id: line.settings.share, globex.tenant.id: 1}


async def test_two_publishers_publish_each_delivery_once(line: Line, acme: House, globex: House) -> None:
    wide = replace(line, settings=replace(line.settings, threads=64))
    for house in (acme, globex):
        for _ in range(10):
            await line.happened(house, "QuickTested", aggregate=new_id())
    await line.expand()

    await asyncio.gather(wide.publisher.step(), wide.publisher.step())

    assert await _in_flight(line) == {acme.tenant.id: 10, globex.tenant.id: 10}
    assert line.broker.client.llen("imprint:dramatiq:deliveries") == 20


async def test_what_was_published_and_never_arrived_is_published_again(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    await line.publisher.step()
    line.broker.client.flushdb()
    async with line.pool.control() as connection:
        await connection.execute(
            statement("UPDATE control.deliveries SET published_at = now() - interval '1 minute' WHERE event_id = :event"), event=event
        )

    await line.sweeper.step()
    await line.publisher.step()

    assert line.broker.client.llen("imprint:dramatiq:deliveries") == 1
    assert (await line.delivery(event, "test.count"))["published_at"] is not None


async def test_of_those_whose_worker_died_one_is_tried_at_a_time_and_the_others_go_on(line: Line, acme: House, globex: House) -> None:
    suspects = [(await line.happened(house, "QuickTested"))[0] for house in (acme, globex)]
    await line.expand()
    async with line.pool.control() as connection:
        await connection.execute(statement("UPDATE control.deliveries SET crashed = true WHERE event_id = ANY (:events)"), events=suspects)
    [healthy] = await line.happened(globex, "QuickTested")
    await line.expand()

    await line.publisher.step()
    await line.publisher.step()

    published = [(await line.delivery(event, "test.count"))["published_at"] is not None for event in (*suspects, healthy)]
    assert sorted(published[:2]) == [False, True]
    assert published[2]


async def test_a_turn_full_of_events_that_wait_for_others_with_later_ids_ends(line: Line, acme: House, globex: House) -> None:
    aggregates = [new_id() for _ in range(ROWS_OF_EACH)]
    for version in (1, 2):
        for aggregate in aggregates:
            ahead = new_id().int + (2 - version) * HOUR
            await _say(line, acme, new_id(), aggregate=aggregate, version=version, id=UUID(int=ahead))
    [other] = await line.happened(globex, "QuickTested")

    for _ in range(4):
        await line.relay.step()

    async with line.pool.control() as connection:
        assert await connection.fetchval(UNEXPANDED) == 0
    assert len(await line.deliveries(other)) == 1


async def test_relays_begin_at_different_organizations(line: Line, acme: House, globex: House) -> None:
    async with line.pool.control() as connection:
        places = {await somewhere(connection) for _ in range(60)}

    assert len(places) > 1
    assert all("_t_" in place for place in places)


async def test_organizations_that_use_the_same_ids_each_hear_of_their_own_events(line: Line, acme: House, globex: House) -> None:
    event, aggregate = new_id(), new_id()
    await _say(line, acme, event, aggregate=aggregate, version=1)
    await line.expand()
    await _say(line, globex, event, aggregate=aggregate, version=2)
    await line.expand()

    assert sorted(row["organization_id"] for row in await line.deliveries(event)) == sorted([acme.tenant.id, globex.tenant.id])
    await line.publisher.step()
    assert await _in_flight(line) == {acme.tenant.id: 1, globex.tenant.id: 1}
    theirs = next(row for row in await line.deliveries(event) if row["organization_id"] == globex.tenant.id)
    await line.deliver(theirs)
    assert (await _of(line, theirs["id"]))["attempts"] == 1


async def test_an_event_does_not_wait_for_another_organizations_aggregate_of_the_same_id(line: Line, acme: House, globex: House) -> None:
    event, aggregate = new_id(), new_id()
    await _say(line, acme, new_id(), aggregate=aggregate, version=1)
    await _say(line, globex, event, aggregate=aggregate, version=2)
    hold = statement("SELECT id FROM control.outbox WHERE aggregate_id = :aggregate AND aggregate_version = 1 FOR UPDATE")
    async with line.pool.writing(None) as connection:
        await connection.fetch(hold, aggregate=aggregate)
        await line.expand()

        assert len(await line.deliveries(event)) == 1


async def test_what_waits_for_a_delivery_that_will_be_tried_later_gives_the_publisher_nothing_to_do(line: Line, acme: House, globex: House) -> None:
    first, second = await line.happened(acme, "QuickTested", versions=2)
    await line.expand()
    async with line.pool.control() as connection:
        await connection.execute(
            statement("UPDATE control.deliveries SET next_attempt_at = now() + interval '1 hour' WHERE event_id = :event"), event=first
        )

    assert await line.publisher.step() is False
    assert (await line.delivery(second, "test.count"))["published_at"] is None


async def test_a_queue_that_nobody_empties_stays_short_while_its_messages_are_taken_for_lost(line: Line, acme: House, globex: House) -> None:
    for house in (acme, globex):
        for _ in range(line.settings.share):
            await line.happened(house, "QuickTested", aggregate=new_id())
    await line.expand()
    long_ago = statement(
        "UPDATE control.deliveries SET published_at = now() - interval '1 minute' WHERE state = 'waiting' AND published_at IS NOT NULL"
    )

    for _ in range(30):
        await line.publisher.step()
        async with line.pool.control() as connection:
            await connection.execute(long_ago)
        await line.sweeper.step()

    assert line.settings.window <= line.broker.waiting() < line.settings.window + 2 * line.settings.share


async def test_without_redis_nothing_is_marked_as_published(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    lost = Publisher(line.pool, Broker("redis://127.0.0.1:1/0"), line.settings)

    with pytest.raises(RetryLater, match="Redis does not answer"):
        await lost.step()

    assert (await line.delivery(event, "test.count"))["published_at"] is None
