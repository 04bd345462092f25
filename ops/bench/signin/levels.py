"""What a refusal gives away by its time: as good as nothing, whoever was meant and whatever was wrong (docs/benchmarks.md)."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from statistics import median

from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.signin.asking import Client, sign_in
from ops.bench.signin.people import EACH, STANDINGS
from ops.bench.tenants import Measured

ROUNDS, WARM = 100, 5
LEVEL = 1.10
LOCKING, LOCKED_ROUNDS = 7, 300
REFUSED, LIMITED = 401, 429
WRONG = "not the password of anybody"

Name = Callable[[], str]


async def measured(bench: Bench, where: Measured) -> list[Line]:
    async with Client.at(bench.target, where.host(bench.port)) as client:
        names = {"unknown": _counted("nobody", 10_000), **{standing: _counted(standing, EACH) for standing in STANDINGS}}
        refused = await _medians(client, names, ROUNDS, REFUSED)
        for name in ("guest-1", "nobody-at-all"):
            for _ in range(LOCKING):
                await client.send(sign_in(client.host, name, WRONG))
        locked = await _medians(client, {"somebody": lambda: "guest-1", "nobody": lambda: "nobody-at-all"}, LOCKED_ROUNDS, LIMITED)
    return [_line("refusals, the slowest kind over the quickest", refused), _line("the same of a name that is locked", locked)]


async def _medians(client: Client, names: dict[str, Name], rounds: int, status: int) -> dict[str, float]:
    """Milliseconds; all kinds in turns. An answer of another status is passed over: that of a lock which has just ended locks for longer."""
    times: dict[str, list[float]] = {kind: [] for kind in names}
    for _ in range(WARM + rounds):
        for kind, name in names.items():
            sent = sign_in(client.host, name(), WRONG)
            began = time.perf_counter()
            reply = await client.send(sent)
            if reply.status == status:
                times[kind].append((time.perf_counter() - began) * 1000)
    if missing := [kind for kind, each in times.items() if len(each) < rounds * 0.9]:
        raise RuntimeError(f"too few answers of status {status} were seen for {', '.join(missing)}")
    return {kind: median(each[WARM:]) for kind, each in times.items()}


def _counted(standing: str, most: int) -> Name:
    """Another of them each time, so that nobody is tried often enough to be locked."""
    numbers = count()
    return lambda: f"{standing}-{next(numbers) % most + 1}"


def _line(what: str, medians: dict[str, float]) -> Line:
    slowest, quickest = max(medians.values()), min(medians.values())
    said = ", ".join(f"{kind} {each:.2f}" for kind, each in medians.items())
    return Line(f"{what}, medians", f"{said} ms", f"{quickest:.2f} ms", slowest / quickest, LEVEL, at_most=True)
