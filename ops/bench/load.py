"""A small load generator: a few connections, each sending the next request as soon as it has an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

STATUS_AT = 9  # "HTTP/1.1 200 …"
READ_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests per second, and milliseconds within which half and 99 % of them were answered. `failed`: the first answer that was not 200, if any."""

    per_second: float
    p50: float
    p99: float
    failed: bytes | None


def request(target: Target, path: str, body: bytes, *, host: str = "", token: str = "") -> bytes:
    """The bytes of a POST (RFC 9112) with a JSON body."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host or target.host}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def measure(target: Target, requests: Sequence[bytes], *, connections: int, seconds: float) -> Figures:
    """Send the requests in turn for as long as told."""
    times: list[float] = []
    failed: list[bytes] = []
    sending = cycle(requests)
    end = time.perf_counter() + seconds
    started = time.perf_counter()
    await asyncio.gather(*(_one(target, sending, end, times, failed) for _ in range(connections)))
    passed = time.perf_counter() - started
    times.sort()
    return Figures(len(times) / passed, _at(times, 0.5), _at(times, 0.99), failed[0] if failed else None)


async def answer(target: Target, sent: bytes) -> bytes:
    """One request's whole answer, for looking at."""
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=READ_BYTES)
    writer.write(sent)
    head, body = await _read(reader)
    writer.close()
    return head + body


async def _one(target: Target, sending: Iterator[bytes], end: float, times: list[float], failed: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(target.host, target.port, limit=READ_BYTES)
    while (began := time.perf_counter()) < end:
        writer.write(next(sending))
        head, body = await _read(reader)
        times.append((time.perf_counter() - began) * 1000)
        if head[STATUS_AT : STATUS_AT + 3] != b"200":
            failed.append(head + body)
    writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:") + len(b"content-length:")
    return head, await reader.readexactly(int(lower[at : lower.index(b"\r\n", at)]))


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
