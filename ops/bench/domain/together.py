"""Writers of one organization beside one another, in as many processes as the machine has cores, as an installation's server has them."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing.synchronize import Barrier
from statistics import median
from uuid import UUID

import uvloop

from ops.bench.domain.desk import Desk, per_second
from ops.bench.report import Line
from ops.bench.tenants import Measured
from tenants.database import Database
from tenants.settings import TenantSettings

WRITERS, ROUNDS, WARM_SECONDS, SECONDS = 8, 7, 0.5, 1.5
CONNECTIONS = 6  # of each process, of which one organization may have five
PROCESSES = min(os.cpu_count() or 1, WRITERS)

_beginning: list[Barrier] = []


async def measured(settings: TenantSettings, where: Measured, posts: Sequence[UUID]) -> Line:
    """Each writer edits a post of their own. `posts`: one for each of them, and one for who writes alone."""
    lone, shared = posts[:1], posts[1 : 1 + WRITERS]
    loop, context = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    alone: list[float] = []
    together: list[float] = []
    with ProcessPoolExecutor(PROCESSES, context, _begin_at, (context.Barrier(PROCESSES),)) as processes:
        for _ in range(ROUNDS):
            alone.append(await loop.run_in_executor(processes, partial(_written, settings, where, lone, at_once=False)))
            shares = [partial(_written, settings, where, shared[number::PROCESSES], at_once=True) for number in range(PROCESSES)]
            together.append(sum(await asyncio.gather(*(loop.run_in_executor(processes, share) for share in shares))))
    ratio = median(many / one for many, one in zip(together, alone, strict=True))
    what = f"{WRITERS} writers of one organization in {PROCESSES} processes, over one"
    return Line(what, f"{median(together):,.0f}/s", f"{median(alone):,.0f}/s", ratio, 2.0)


def _begin_at(barrier: Barrier) -> None:
    """In each of the processes."""
    _beginning.append(barrier)


def _written(settings: TenantSettings, where: Measured, posts: Sequence[UUID], *, at_once: bool) -> float:
    """Edits a second. `at_once`: begins when the other processes do."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_writing(settings, where, posts, at_once=at_once))


async def _writing(settings: TenantSettings, where: Measured, posts: Sequence[UUID], *, at_once: bool) -> float:
    numbers = iter(range(10_000_000))

    async with Database(settings, connections=CONNECTIONS) as database:
        desk = Desk(where, database)

        def writer(post: UUID) -> Callable[[], Awaitable[None]]:
            return lambda: desk.rename(post, f"Line {next(numbers)}")

        writers = [writer(post) for post in posts]
        await per_second(writers, WARM_SECONDS)
        if at_once:
            await asyncio.to_thread(_beginning[0].wait)
        return await per_second(writers, SECONDS)
