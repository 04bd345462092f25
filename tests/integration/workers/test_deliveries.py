from __future__ import annotations

import asyncio
from dataclasses import replace

from tenants.lifecycle.deletion import delete, undelete
from tenants.lifecycle.states import resume, suspend
from tenants.statements import statement
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line

OVERDUE = statement("UPDATE control.deliveries SET deadline = now() - interval '1 second' WHERE id = :id")


async def test_one_delivery_published_fifty_times_at_once_has_one_effect(line: Line, acme: House, globex: House) -> None:
    before, others = await line.counted(acme), await line.counted(globex)
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    row = await line.delivery(event, "test.count")

    await asyncio.gather(*(line.deliver(row) for _ in range(50)))

    done = await line.delivery(event, "test.count")
    assert (done["state"], done["attempts"]) == ("done", 1)
    assert await line.counted(acme) == before + 1
    assert await line.counted(globex) == others


async def test_an_effect_is_not_repeated_when_only_the_bookkeeping_was_lost(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    row = await line.delivery(event, "test.count")
    await line.deliver(row)
    async with line.pool.control() as connection:
        await connection.execute(statement("UPDATE control.deliveries SET state = 'waiting' WHERE id = :id"), id=row["id"])

    await line.deliver(row)

    assert (await line.delivery(event, "test.count"))["state"] == "done"
    assert await line.counted(acme) == before + 1


async def test_a_failing_handler_is_tried_again_then_quarantined_while_others_go_on(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(globex)
    [failing] = await line.happened(acme, "FailingTested")
    [other] = await line.happened(globex, "QuickTested")
    await line.expand()
    states = []

    for _ in range(3):
        await line.deliver(await line.delivery(failing, "test.fail"))
        states.append((await line.delivery(failing, "test.fail"))["state"])
    await line.deliver(await line.delivery(other, "test.count"))

    row = await line.delivery(failing, "test.fail")
    assert states == ["waiting", "waiting", "quarantined"]
    assert (row["attempts"], row["error"]) == (3, "ValueError: no luck")
    assert (await line.delivery(other, "test.count"))["state"] == "done"
    assert await line.counted(globex) == before + 1


async def test_a_failed_handler_leaves_nothing_it_wrote(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    [event] = await line.happened(acme, "FailingTested")
    await line.expand()

    await line.deliver(await line.delivery(event, "test.fail"))

    assert await line.counted(acme) == before


async def test_a_handler_that_no_release_knows_is_quarantined_at_once(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    async with line.pool.control() as connection:
        await connection.execute(statement("UPDATE control.deliveries SET handler = 'gone' WHERE event_id = :event"), event=event)

    await line.deliver(await line.delivery(event, "gone"))

    row = await line.delivery(event, "gone")
    assert (row["state"], row["attempts"]) == ("quarantined", 1)
    assert "start a release that has it" in row["error"]


async def test_a_run_past_its_deadline_is_handed_out_again_and_cannot_report_any_more(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    [event] = await line.happened(acme, "SlowTested")
    await line.expand()
    row = await line.delivery(event, "test.count")
    first = asyncio.create_task(line.deliver(row))
    while (await line.delivery(event, "test.count"))["state"] != "running":
        await asyncio.sleep(0.01)
    async with line.pool.control() as connection:
        await connection.execute(OVERDUE, id=row["id"])

    await line.sweeper.step()
    await line.deliver(row)
    await first

    done = await line.delivery(event, "test.count")
    assert (done["state"], done["attempts"]) == ("done", 2)
    assert await line.counted(acme) == before + 1


async def test_the_last_attempt_that_never_ended_is_quarantined(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "QuickTested")
    await line.expand()
    row = await line.delivery(event, "test.count")
    async with line.pool.control() as connection:
        await connection.execute(statement("UPDATE control.deliveries SET state = 'running', attempts = 3 WHERE id = :id"), id=row["id"])
        await connection.execute(OVERDUE, id=row["id"])

    await line.sweeper.step()

    assert (await line.delivery(event, "test.count"))["state"] == "quarantined"


async def test_what_waits_for_a_suspended_organization_waits_on_until_it_is_resumed(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    [event] = await line.happened(acme, "QuickTested")
    [other] = await line.happened(globex, "QuickTested")
    await suspend(line.tenants, acme.tenant.slug)
    try:
        await line.expand()
        await line.deliver(await line.delivery(event, "test.count"))
        for _ in range(3):
            await line.turn()
        row = await line.delivery(event, "test.count")
    finally:
        await resume(line.tenants, acme.tenant.slug)
    assert (row["state"], row["attempts"], row["published_at"]) == ("waiting", 0, None)
    assert (await line.delivery(other, "test.count"))["published_at"] is not None
    assert await line.counted(acme) == before

    await line.deliver(await line.delivery(event, "test.count"))

    assert (await line.delivery(event, "test.count"))["state"] == "done"
    assert await line.counted(acme) == before + 1


async def test_what_waits_for_a_deleted_organization_is_archived_and_comes_back_with_it(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    [event] = await line.happened(acme, "QuickTested")
    [late] = await line.happened(acme, "QuickTested")
    async with line.pool.control() as connection:
        await connection.execute(statement("UPDATE control.outbox SET expanded_at = now() WHERE event_id = :event"), event=late)
    await line.expand()
    await delete(line.tenants, acme.tenant.slug, confirm=acme.tenant.slug)
    try:
        async with line.pool.control() as connection:
            await connection.execute(statement("UPDATE control.outbox SET expanded_at = NULL WHERE event_id = :event"), event=late)
        for _ in range(3):
            await line.turn()
        archived, waiting = [await line.delivery(each, "test.count") for each in (event, late)]
        for row in (archived, waiting):
            await line.deliver(row)
        assert await line.counted(acme) == before
    finally:
        await undelete(line.tenants, acme.tenant.slug)
    assert [(row["state"], row["attempts"], row["published_at"]) for row in (archived, waiting)] == [("archived", 0, None), ("waiting", 0, None)]

    for each in (event, late):
        await line.deliver(await line.delivery(each, "test.count"))

    assert await line.counted(acme) == before + 2


async def test_a_handler_that_takes_too_long_is_stopped_and_says_so(line: Line, acme: House, globex: House) -> None:
    before = await line.counted(acme)
    hasty = replace(line, settings=replace(line.settings, deadline=1, attempts=1))
    [event] = await line.happened(acme, "SlowTested")
    await line.expand()

    await hasty.deliver(await line.delivery(event, "test.count"))

    row = await line.delivery(event, "test.count")
    assert (row["state"], row["error"]) == ("quarantined", "The handler took longer than 0.75 seconds.")
    assert await line.counted(acme) == before


async def test_a_mail_to_an_address_that_cannot_be_written_to_is_quarantined_at_once(line: Line, acme: House, globex: House) -> None:
    [event] = await line.happened(acme, "UnwritableTested")
    await line.expand()

    await line.deliver(await line.delivery(event, "test.write"))

    row = await line.delivery(event, "test.write")
    assert (row["state"], row["attempts"]) == ("quarantined", 1)
    assert row["error"].startswith("UnusableAddress: The recipient's address is none that mail can be sent to; correct it")
    assert "jürgen" not in row["error"]
