"""Reads over a thousand tenants, a few of them much read and most of them seldom (Zipf), through the pool and the compiler."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

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
WARM, READS = 20_000, 20_000
QUERY = 'query One { post(slug: "post-7") { id title content author { name } tags { name } } }'
P99_MS, BACKEND_MB = 15.0, 150.0


@dataclass(frozen=True, slots=True)
class Read:
    """Milliseconds within which half and 99 % were answered; the largest backend in MB; the share of statements that were prepared already."""

    p50: float
    p99: float
    megabytes: float
    hits: float


class Unaffine(Database):
    """The same pool, lending any idle backend."""

    async def _claim(self, key: str) -> int:
        return self._take(key, next(iter(self._idle))) if self._may_claim(key) else await self._wait_for_one(key)


async def measured(places: Places) -> list[Line]:
    tenants = places.tenants
    one = await _read(Database(places.settings, connections=CONNECTIONS), tenants[:1])
    many = await _read(Database(places.settings, connections=CONNECTIONS), tenants)
    without = await _read(Unaffine(places.settings, connections=CONNECTIONS), tenants)
    count = len(tenants)
    hits = f"{many.hits:.1%} of statements prepared already"
    return [
        Line(f"reads over {count} tenants, p50 over one tenant's", _said(many), _said(one), many.p50 / one.p50, 2.0, at_most=True),
        Line(f"reads over {count} tenants, p99", f"{many.p99:.1f} ms, {hits}", f"{P99_MS:g} ms", many.p99 / P99_MS, 1.0, at_most=True),
        Line(
            f"memory of the largest of {CONNECTIONS} backends",
            f"{many.megabytes:.0f} MB",
            f"{BACKEND_MB:g} MB",
            many.megabytes / BACKEND_MB,
            1.0,
            at_most=True,
        ),
        Line(
            "p50 with affinity, over without", _said(many), f"{_said(without)}, {without.megabytes:.0f} MB", many.p50 / without.p50, 1.0, at_most=True
        ),
    ]


def _said(read: Read) -> str:
    return f"p50 {read.p50:.2f} ms, p99 {read.p99:.1f} ms"


async def _read(database: Database, tenants: Sequence[Tenant]) -> Read:
    engine = Engine(schema(), database, Bus(database), Decisions(database, oldest=3.0), dev=False)
    chosen = random.Random(7).choices(tenants, [1 / rank for rank in range(1, len(tenants) + 1)], k=WARM + READS)  # noqa: S311 - no secret
    async with database:
        await _all(engine, chosen[:WARM])
        before = statements_prepared()
        times = sorted(await _all(engine, chosen[WARM:]))
        hits = 1 - (statements_prepared() - before) / READS
        return Read(times[len(times) // 2], times[int(len(times) * 0.99)], _largest(database), hits)


async def _all(engine: Engine, chosen: Sequence[Tenant]) -> list[float]:
    waiting = iter(chosen)
    asked = Asked(QUERY, None, {})
    times: list[float] = []

    async def reader() -> None:
        for tenant in waiting:
            began = time.perf_counter()
            answer = await engine.answer(asked, Caller(tenant, ANONYMOUS, new_id()), queries_only=True)
            times.append((time.perf_counter() - began) * 1000)
            if b'"title"' not in answer.body:
                raise RuntimeError(f"{tenant.slug} answered {answer.body!r}")

    await asyncio.gather(*(reader() for _ in range(READERS)))
    return times


def _largest(database: Database) -> float:
    """Private memory of the largest backend, in MB; shared buffers are not its own."""
    pids = [backend.raw.get_server_pid() for backend in database._backends if backend.raw]  # noqa: SLF001 - a benchmark looks inside
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("RssAnon:")]
    return max(int(line.split()[1]) for line in lines) / 1024
