"""Many at the door: readers do not feel twenty who sign in, and a thousand at once all get an answer that they can go by."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from itertools import count
from statistics import median

from ops.bench.load import request
from ops.bench.read import ONE, worker_megabytes
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.signin.asking import Client, Reply, sign_in
from ops.bench.signin.people import GUESTS
from ops.bench.tenants import Measured, token
from ops.stack.children import Child

ROUNDS, SECONDS, READERS, READ_EVERY = 5, 3.0, 4, 0.02
SIGNING_IN, SLOWER = 20, 1.5
CROWD, BURSTS, ANSWERED_WITHIN, FLAT = 1_000, 4, 60.0, 1.1
OK, BUSY = 200, 503


async def measured(bench: Bench, where: Measured, server: Child) -> list[Line]:
    return [await _readers(bench, where), *await _bursts(bench, where, server)]


async def _readers(bench: Bench, where: Measured) -> Line:
    """A read every few milliseconds, alone and beside twenty of whom each signs in again as soon as they are in, in turns."""
    key = await token(bench.target, bench.port, where)
    sent = request(bench.target, "/graphql", json.dumps({"query": ONE}).encode(), host=where.host(bench.port), token=key)
    await _read(bench, where, sent)
    alone, beside, came = [], [], 0
    for _ in range(ROUNDS):
        alone.append(await _read(bench, where, sent))
        done = asyncio.Event()
        crowd = [asyncio.create_task(_again_and_again(bench, where, number, done)) for number in range(SIGNING_IN)]
        beside.append(await _read(bench, where, sent))
        done.set()
        came += sum(await asyncio.gather(*crowd))
    ratio = median(slow / quick for slow, quick in zip(beside, alone, strict=True))
    said = f"p95 {median(beside):.1f} ms, {came / ROUNDS / SECONDS:.0f} signed in a second"
    return Line(f"reads beside {SIGNING_IN} who sign in at once", said, f"p95 {median(alone):.1f} ms", ratio, SLOWER, at_most=True)


async def _read(bench: Bench, where: Measured, sent: bytes) -> float:
    """The milliseconds within which 95 of 100 reads were answered."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    async def reader() -> None:
        async with Client.at(bench.target, where.host(bench.port)) as client:
            while (began := time.perf_counter()) < end:
                if (reply := await client.send(sent)).status != OK:
                    raise RuntimeError(f"a read was answered {reply.status}: {reply.body.decode(errors='replace')}")
                times.append((time.perf_counter() - began) * 1000)
                await asyncio.sleep(READ_EVERY)

    await asyncio.gather(*(reader() for _ in range(READERS)))
    return sorted(times)[int(len(times) * 0.95)]


async def _again_and_again(bench: Bench, where: Measured, first: int, done: asyncio.Event) -> int:
    came = 0
    async with Client.at(bench.target, where.host(bench.port)) as client:
        for number in count(first, SIGNING_IN):
            if done.is_set():
                return came
            reply = await client.send(sign_in(client.host, f"guest-{number % GUESTS + 1}"))
            came += reply.status == OK
    return came


async def _bursts(bench: Bench, where: Measured, server: Child) -> list[Line]:
    """The first burst makes what is kept; the later ones must not add to it."""
    answers: Counter[str] = Counter()
    slowest, megabytes = 0.0, []
    for _ in range(BURSTS):
        replies, seconds = await _burst(bench, where)
        answers.update(map(_kind, replies))
        slowest = max(slowest, seconds)
        megabytes.append(worker_megabytes(server))
    errors = sum(many for kind, many in answers.items() if kind not in {"in", "asked to wait"})
    said = ", ".join(f"{many:,} {kind}" for kind, many in answers.most_common())
    return [
        Line(f"{CROWD:,} sign-ins at once, {BURSTS} times: other answers", said, "none", float(errors), 0.0, at_most=True),
        Line("the last of them answered", f"{slowest:.1f} s", f"{ANSWERED_WITHIN:g} s", slowest / ANSWERED_WITHIN, 1.0, at_most=True),
        Line(
            "memory after the last such crowd, over the first",
            f"{megabytes[-1]:.0f} MB",
            f"{megabytes[0]:.0f} MB",
            megabytes[-1] / megabytes[0],
            FLAT,
            at_most=True,
        ),
    ]


async def _burst(bench: Bench, where: Measured) -> tuple[list[Reply | None], float]:
    """All connections stand before the first asks; None for one that got no answer in time."""
    start = asyncio.Event()
    standing = asyncio.Semaphore(0)

    async def one(number: int) -> Reply | None:
        try:
            async with Client.at(bench.target, where.host(bench.port)) as client:
                standing.release()
                await start.wait()
                return await asyncio.wait_for(client.send(sign_in(client.host, f"guest-{number % GUESTS + 1}")), ANSWERED_WITHIN)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            standing.release()
            return None

    crowd = [asyncio.create_task(one(number)) for number in range(CROWD)]
    for _ in crowd:
        await standing.acquire()
    began = time.perf_counter()
    start.set()
    replies = await asyncio.gather(*crowd)
    return replies, time.perf_counter() - began


def _kind(reply: Reply | None) -> str:
    if reply is None:
        return "without an answer"
    if reply.status == BUSY and reply.headers.get("retry-after", "").isdecimal():
        return "asked to wait"
    return "in" if reply.status == OK else f"answered {reply.status}"
