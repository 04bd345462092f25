"""Who gets which backend: the pool's own rules, on backends that are never opened."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tenants.database import Database, DatabaseBusy, Place, wishes
from tenants.database.wishes import MOST_FOR_EACH, PRICE, Wishes
from tenants.naming import RoleName, SchemaName
from tenants.settings import TenantSettings

SETTINGS = TenantSettings(
    database_url="postgresql://x@127.0.0.1:1/x",
    admin_database_url="",
    owner_role="o",
    redis_url="",
    public_url="",
    secret_keys=(),
    mode="dev",
    pooling="session",
    acquire_timeout=1,
)


class Open:
    """Stands where a connection would; nothing is sent."""

    def is_closed(self) -> bool:
        return False

    def is_in_transaction(self) -> bool:
        return False

    def terminate(self) -> None: ...

    async def close(self, timeout: float) -> None: ...  # noqa: ASYNC109 - asyncpg's signature

    async def execute(self, *_: Any) -> str:
        return ""


def place(name: str) -> Place:
    return Place(SchemaName(f"t_{name}"), RoleName(f"r_{name}"))


@asynccontextmanager
async def lending(size: int) -> AsyncIterator[Database]:
    database = Database(SETTINGS, connections=size)
    for backend in database._backends:
        backend.raw, backend.born = Open(), asyncio.get_running_loop().time()  # type: ignore[assignment]
    yield database
    await database.close()


async def use(database: Database, name: str, seconds: float = 0.0) -> int:
    lease = database.reading(place(name))
    async with lease:
        backend: int = lease._backend.index  # type: ignore[attr-defined]
        await asyncio.sleep(seconds)
        return backend


async def hold(database: Database, name: str, enough: asyncio.Event) -> int:
    async with database.reading(place(name)) as lease:
        await enough.wait()
        return lease._backend.index


async def test_a_tenant_comes_back_to_the_backend_that_knows_it_also_when_another_is_idle() -> None:
    async with lending(4) as database:
        first = await use(database, "a")
        others = asyncio.create_task(use(database, "b", 0.003))
        assert {await use(database, "a") for _ in range(5)} == {first}
        await others


async def test_it_waits_a_moment_for_that_backend_rather_than_teach_another() -> None:
    async with lending(4) as database:
        first = await use(database, "a")
        busy = asyncio.create_task(use(database, "a", 0.002))
        await asyncio.sleep(0)

        assert await use(database, "a") == first

        assert await busy == first
        assert [backend.index for backend in database._backends if "t_a" in backend.met] == [first]


async def test_but_not_for_long_and_then_knows_two() -> None:
    async with lending(4) as database:
        first = await use(database, "a")
        busy = asyncio.create_task(use(database, "a", 0.05))
        await asyncio.sleep(0)

        second = await use(database, "a")

        assert second != first
        assert await busy == first


async def test_who_has_waited_as_long_as_it_takes_to_meet_another_backend_meets_one() -> None:
    wishes, waited = Wishes(), 0.0
    loop = asyncio.get_running_loop()
    while (wish := wishes.begin("t_a", [0])) is not None:
        await asyncio.sleep(0.002)
        wishes.end(wish)
        waited += loop.time() - wish.began
    assert waited >= PRICE

    other = wishes.begin("t_b", [0])
    assert other is not None
    wishes.end(other)
    again = wishes.begin("t_a", [0])
    assert again is not None
    wishes.end(again)


async def test_only_a_few_wait_for_one_backend() -> None:
    wishes = Wishes()
    begun = [wishes.begin("t_a", [0]) for _ in range(MOST_FOR_EACH)]

    assert all(begun)
    assert wishes.begin("t_b", [0]) is None
    for wish in begun:
        assert wish is not None
        wishes.end(wish)
    last = wishes.begin("t_b", [0])
    assert last is not None
    wishes.end(last)


async def test_who_may_not_have_a_backend_does_not_stand_in_the_way_of_who_may() -> None:
    wishes = Wishes()
    full, modest = wishes.begin("t_full", [0]), wishes.begin("t_modest", [0])

    assert wishes.next_for(0, lambda key: key != "t_full") is modest

    for wish in (full, modest):
        assert wish is not None
        wishes.end(wish)


async def test_whoever_waits_at_its_share_is_served_when_a_wish_takes_what_came_free(monkeypatch: pytest.MonkeyPatch) -> None:
    enough = asyncio.Event()
    async with lending(4) as database:
        leases = [database.reading(place("a")) for _ in range(3)]
        for lease in leases:
            await lease.__aenter__()
        first = leases[0]._backend  # type: ignore[attr-defined]
        monkeypatch.setattr(wishes, "PATIENCE", 60)  # the wish is to last until something comes free, however slow the machine
        first.met.add("t_b")
        waiter = asyncio.create_task(use(database, "a"))
        await asyncio.sleep(0)
        wish = asyncio.create_task(hold(database, "b", enough))
        await asyncio.sleep(0.001)

        await leases[0].__aexit__(None, None, None)

        async with asyncio.timeout(60):
            assert await waiter != first.index
        enough.set()
        assert await wish == first.index
        for lease in leases[1:]:
            await lease.__aexit__(None, None, None)


@pytest.mark.parametrize("seed", range(8))
async def test_under_any_load_with_cancellations_nobody_is_passed_over_and_nothing_is_lost(seed: int) -> None:
    dice, at_work = random.Random(seed), defaultdict[int, int](int)
    async with lending(4) as database:

        async def one(name: str) -> None:
            lease = database.reading(place(name))
            async with lease:
                index = lease._backend.index  # type: ignore[attr-defined]
                at_work[index] += 1
                assert at_work[index] == 1
                assert database._held[f"t_{name}"] <= database._share
                await asyncio.sleep(dice.choice((0, 0.0005, 0.002, 0.008)))
                at_work[index] -= 1

        tasks = []
        for _ in range(400):
            tasks.append(asyncio.create_task(one(dice.choice("aaaabbc"))))
            if dice.random() < 0.1:
                victim = dice.choice(tasks)
                if not at_work_of(victim):
                    victim.cancel()
            await asyncio.sleep(dice.choice((0, 0, 0.0003)))
            passed_over = [key for key, queue in database._waiting.items() if any(not w.done() for w in queue) and database._may_claim(key)]
            assert passed_over == []
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        assert [o for o in outcomes if o is not None and not isinstance(o, asyncio.CancelledError | DatabaseBusy)] == []
        assert (database._held, len(database._idle), database._waiting) == ({}, 4, {})


def at_work_of(task: asyncio.Task[None]) -> bool:
    """Whether it has a backend; one that is cancelled with it would be counted as at work for ever by the test."""
    return any(frame.f_locals.get("index") is not None for frame in task.get_stack())
