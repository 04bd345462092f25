from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line

EXPANDED = statement("SELECT expanded_at IS NOT NULL FROM control.outbox WHERE event_id = :event_id")
IN_FLIGHT = statement(
    "SELECT organization_id, count(*) AS number FROM control.deliveries WHERE state = 'waiting' AND published_at IS NOT NULL GROUP BY 1"
)


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
    assert published == [True, False, True]
