"""How fast an organization's history is proven."""

from __future__ import annotations

import time

from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenants import Measured
from ops.events.verifying import verify_all
from tenants.database import Database

TARGET = 20_000
ROUNDS = 3


async def measured(bench: Bench, where: Measured) -> list[Line]:
    """Events over the seconds of one core that this process was busy with them; Postgres reads meanwhile on another."""
    best, slowest, events = 0.0, 0.0, 0
    async with Database(bench.settings, connections=2) as database:  # the history, and beside it what is known of it outside
        for _ in range(ROUNDS):
            began, busy = time.perf_counter(), time.process_time()
            [verified] = await verify_all(database, bench.settings, where.tenant.slug)
            if verified.found is None or not verified.clean:
                raise RuntimeError(f"not clean: {list(verified.lines())[:5]}")
            events = verified.found.events
            best = max(best, events / (time.process_time() - busy))
            slowest = max(slowest, events / (time.perf_counter() - began))
    said = f"{best:,.0f}/s of one core, {slowest:,.0f}/s by the clock, {events:,} events"
    return [Line("events verify", said, f"{TARGET:,}/s", best / TARGET, 1.0)]
