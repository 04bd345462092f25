from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from tenants.ids import new_id
from tenants.lifecycle.states import resume, suspend
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line
from workers.heartbeat import Heartbeat, Role, workers_alive
from workers.leases import Lease
from workers.timers import TimerRunner

LET_GO = statement("UPDATE control.leases SET until = now() - interval '1 second' WHERE name = :name")
REMEMBERED = statement("SELECT count(*) FROM __tenant__.notifications WHERE subject_id = :subject AND kind = 'timer'")
TIMER = statement("SELECT id FROM control.timers WHERE subject_id = :subject")


async def _schedule(line: Line, house: House, seconds: int) -> UUID:
    subject = new_id()
    async with transaction(line.pool, house.tenant, Cause(new_id())) as tx:
        await tx.schedule("test.remember", subject, tx.now + timedelta(seconds=seconds), {"some": "data"})
    return subject


async def _fired(line: Line, subject: UUID) -> list[str]:
    """States of the timer's deliveries, after running those that wait."""
    async with line.pool.control() as connection:
        timer = await connection.fetchval(TIMER, subject=subject)
    for row in await line.deliveries(timer):
        await line.deliver(row)
    return [row["state"] for row in await line.deliveries(timer)]


async def _remembered(line: Line, house: House, subject: UUID) -> int:
    async with line.pool.reading(house.tenant.place) as connection:
        return int(await connection.fetchval(REMEMBERED, subject=subject))


async def _runner(line: Line, holder: str) -> TimerRunner:
    async with line.pool.control() as connection:
        await connection.execute(LET_GO, name="timers")
    return TimerRunner(line.pool, holder)


async def test_a_due_timer_fires_once_whoever_runs_it(line: Line, acme: House, globex: House) -> None:
    subject = await _schedule(line, acme, -1)
    runner = await _runner(line, "one")

    await asyncio.gather(runner.step(), runner.step(), TimerRunner(line.pool, "another").step())
    await runner.step()

    assert await _fired(line, subject) == ["done"]
    assert await _fired(line, subject) == ["done"]
    assert await _remembered(line, acme, subject) == 1
    assert await _remembered(line, globex, subject) == 0


async def test_a_timer_waits_until_the_databases_clock_says_so(line: Line, acme: House, globex: House) -> None:
    subject = await _schedule(line, acme, 60)

    await (await _runner(line, "one")).step()

    assert await _fired(line, subject) == []


async def test_a_timer_of_a_suspended_organization_fires_after_it_is_resumed(line: Line, acme: House, globex: House) -> None:
    subject = await _schedule(line, acme, -1)
    runner = await _runner(line, "one")
    await suspend(line.tenants, acme.tenant.slug)
    try:
        await runner.step()
        assert await _fired(line, subject) == []
    finally:
        await resume(line.tenants, acme.tenant.slug)

    await runner.step()

    assert await _fired(line, subject) == ["done"]


async def test_a_lease_belongs_to_one_until_its_holder_is_late(line: Line, acme: House, globex: House) -> None:
    one, two = Lease("tested", "one", 10), Lease("tested", "two", 10)
    async with line.pool.control() as connection:
        assert await one.take(connection)
        assert not await two.take(connection)
        assert await one.take(connection)

        await connection.execute(LET_GO, name="tested")
        assert await two.take(connection)
        assert not await one.take(connection)

        await two.give_up(connection)
        assert await one.take(connection)
        await one.give_up(connection)


async def test_workers_are_alive_while_both_kinds_say_so(line: Line, acme: House, globex: House) -> None:
    relay, handlers = Heartbeat(line.pool, Role.RELAY, "tested"), Heartbeat(line.pool, Role.HANDLERS, "tested")
    assert not await workers_alive(line.pool)

    await relay.step()
    assert not await workers_alive(line.pool)
    await handlers.step()
    assert await workers_alive(line.pool)

    await handlers.stop()
    assert not await workers_alive(line.pool)
    await relay.stop()
