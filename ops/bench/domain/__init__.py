"""`imprint bench domain`: commands, writers beside one another, replay, and search."""

from __future__ import annotations

from ops.bench.domain import replaying, searching, writing
from ops.bench.report import Line
from ops.bench.servers import bench_stack
from ops.bench.tenants import prepare

SEARCHED = 10_000


async def run() -> list[Line]:
    """About three minutes."""
    async with bench_stack() as bench:
        written, searched = await prepare(bench, 2, 0)
        lines = await writing.measured(bench, written)
        lines += await replaying.measured(bench, written)
        return lines + await searching.measured(bench, searched, SEARCHED)
