"""Reads over a thousand tenants, a few of them much read and most of them seldom (Zipf), through the pool and the compiler."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.management.decisions import Decisions
from auth.principal import ANONYMOUS
from ops.bench.floors.prepared import statements_prepared
from ops.bench.report import Line
from ops.bench.tenancy.places import Places
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant

CONNECTIONS, READERS = 8, 4  # as many readers as connections would measure how long two cores are busy, not how long a read takes
WARM, ROUNDS, READS = 20_000, 5, 4_000
QUERY = 'query One { post(slug: "post-7") { id title content author { name } tags { name } } }'
P99_MS, BACKEND_MB = 15.0, 150.0


@dataclass(frozen=True, slots=True)
class Read:
    """Milliseconds within which half (the rounds' median) and 99 % were answered; the largest backend in MB; statements prepared already."""

    p50: float
    p99: float
    megabytes: float
    hits: float


class Unaffine(Database):
    """The same pool, lending any idle backend."""

    async def _claim(self, key: str) -> int:
        return self._take(key, next(iter(self._idle))) if self._may_claim(key) else await self._wait_for_one(key)


class Side:
    """One pool, and whose posts are read through it."""

    def __init__(self, database: Database, tenants: Sequence[Tenant]) -> None:
        self.database = database
        self._engine = Engine(schema(), database, Bus(database), Decisions(database, oldest=3.0), dev=False)
        self._tenants = tenants
        self._weights = [1 / rank for rank in range(1, len(tenants) + 1)]
        self._chance = random.Random(7)  # noqa: S311 - no secret
        self._rounds: list[list[float]] = []
        self._prepared = 0

    async def warm(self) -> None:
        await self._all(WARM)

    async def round(self) -> None:
        before = statements_prepared()
        self._rounds.append(sorted(await self._all(READS)))
        self._prepared += statements_prepared() - before

    @property
    def medians(self) -> list[float]:
        """Of each round, in milliseconds."""
        return [median(times) for times in self._rounds]

    def read(self) -> Read:
        times = sorted(time for times in self._rounds for time in times)
        return Read(median(self.medians), times[int(len(times) * 0.99)], _largest(self.database), 1 - self._prepared / len(times))

    async def _all(self, count: int) -> list[float]:
        waiting = iter(self._chance.choices(self._tenants, self._weights, k=count))
        asked = Asked(QUERY, None, {})
        times: list[float] = []

        async def reader() -> None:
            for tenant in waiting:
                began = time.perf_counter()
                answer = await self._engine.answer(asked, Caller(tenant, ANONYMOUS, new_id()), queries_only=True)
                times.append((time.perf_counter() - began) * 1000)
                if b'"title"' not in answer.body:
                    raise RuntimeError(f"{tenant.slug} answered {answer.body!r}")

        await asyncio.gather(*(reader() for _ in range(READERS)))
        return times


async def measured(places: Places) -> list[Line]:
    """Each side is warm before the first round, and they take turns: right after so many were made and migrated, Postgres has work of its own."""
    tenants, settings = places.tenants, places.settings
    async with (
        Database(settings, connections=CONNECTIONS) as for_one,
        Database(settings, connections=CONNECTIONS) as for_many,
        Unaffine(settings, connections=CONNECTIONS) as lending_any,
    ):
        sides = [Side(for_one, tenants[:1]), Side(for_many, tenants), Side(lending_any, tenants)]
        for side in sides:
            await side.warm()
        for _ in range(ROUNDS):
            for side in sides:
                await side.round()
        return _lines(len(tenants), *sides)


def _lines(count: int, one_side: Side, many_side: Side, without_side: Side) -> list[Line]:
    one, many, without = one_side.read(), many_side.read(), without_side.read()
    over_one, over_any = _median_ratio(many_side, one_side), _median_ratio(many_side, without_side)
    hits = f"{many.hits:.1%} of statements prepared already"
    memory = f"{many.megabytes:.0f} MB"
    return [
        Line(f"reads over {count} tenants, p50 over one tenant's", _said(many), _said(one), over_one, 2.0, at_most=True),
        Line(f"reads over {count} tenants, p99", f"{many.p99:.1f} ms, {hits}", f"{P99_MS:g} ms", many.p99 / P99_MS, 1.0, at_most=True),
        Line(f"memory of the largest of {CONNECTIONS} backends", memory, f"{BACKEND_MB:g} MB", many.megabytes / BACKEND_MB, 1.0, at_most=True),
        Line("p50 with affinity, over without", _said(many), f"{_said(without)}, {without.megabytes:.0f} MB", over_any, 1.0, at_most=True),
    ]


def _median_ratio(side: Side, other: Side) -> float:
    return median(mine / theirs for mine, theirs in zip(side.medians, other.medians, strict=True))


def _said(read: Read) -> str:
    return f"p50 {read.p50:.2f} ms, p99 {read.p99:.1f} ms"


def _largest(database: Database) -> float:
    """Private memory of the largest backend, in MB; shared buffers are not its own."""
    pids = [backend.raw.get_server_pid() for backend in database._backends if backend.raw]  # noqa: SLF001 - a benchmark looks inside
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon:")]
    return max(int(line.split()[1]) for line in lines) / 1024
