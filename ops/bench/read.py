"""`imprint bench read`: compiled reads behind sessions, tenants and policies, against the same SQL written by hand."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from ops.bench.load import request
from ops.bench.report import Line
from ops.bench.rounds import Side, compare
from ops.bench.servers import Bench, bench_stack, floor, imprint
from ops.bench.tenants import Measured, prepare, token
from ops.stack.children import Child

POSTS = 10_000
TENANTS = 50
LIST = (
    "query Newest { posts(first: 100, where: {status: {eq: PUBLISHED}}, orderBy: PUBLISHED_AT_DESC) "
    "{ nodes { id title author { id name } tags { name } } } }"
)
ONE = 'query One { post(slug: "post-77") { id title content author { name } tags { name } } }'
MEGABYTE = 1024 * 1024
HELP_RUNS = 9


async def run() -> list[Line]:
    """About two minutes."""
    async with bench_stack() as bench:
        measured = await prepare(bench, TENANTS, POSTS)
        place = measured[0].tenant.place
        async with imprint(bench) as server, floor(bench, place.schema, bench.settings.owner_role) as by_hand:
            memory = Line("idle server process, MB", f"{(size := worker_megabytes(server)):.0f}", "130", size / 130, 1.0, at_most=True)
            tokens = [await token(bench.target, bench.port, one) for one in measured]
            plain = request(by_hand, "/list", b"{}"), request(by_hand, "/one", b"{}")
            lines = []
            for name, query, sent in (("list of 100 posts", LIST, plain[0]), ("one post by slug", ONE, plain[1])):
                alone = Side(bench.target, [_query(bench, measured[0], tokens[0], query)])
                many = Side(bench.target, [_query(bench, one, key, query) for one, key in zip(measured, tokens, strict=True)])
                lines.append(await compare(name, alone, Side(by_hand, [sent]), target=0.8))
                lines.append(await compare(f"{name}, {TENANTS} tenants interleaved", many, Side(by_hand, [sent]), target=0.6))
            return [*lines, memory, help_line()]


def _query(bench: Bench, measured: Measured, key: str, query: str) -> bytes:
    return request(bench.target, "/graphql", json.dumps({"query": query}).encode(), host=measured.host(bench.port), token=key)


def worker_megabytes(server: Child) -> float:
    """Resident memory of granian's one worker process, the youngest of the server's children."""
    return megabytes(_worker(server))


def hashing_megabytes(server: Child) -> tuple[float, float]:
    """Resident memory of the process in which that worker has passwords hashed: now, and at its highest."""
    pid = max(_children(_worker(server)))
    return megabytes(pid), megabytes(pid, "VmHWM")


def megabytes(pid: int, which: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{which}:"))
    return kilobytes * 1024 / MEGABYTE


def _worker(server: Child) -> int:
    return max(_children(server.pid))


def _children(pid: int) -> list[int]:
    return [int(child) for each in Path(f"/proc/{pid}/task").glob("*/children") for child in each.read_text().split()]


def help_line() -> Line:
    """How long `imprint --help` takes as a whole process, against the 0.3 s that a person should never notice."""
    times = []
    for _ in range(HELP_RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "ops", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    seconds = median(times)
    return Line("imprint --help, seconds", f"{seconds:.3f}", "0.3", seconds / 0.3, 1.0, at_most=True)
