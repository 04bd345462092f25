"""What is asked at an address that somebody else has entered: in time, of a bounded size, and nowhere else than there."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from auth.sso import fetching
from auth.sso.fetching import LARGEST, Fetcher, NotFetched

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(answer: Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """An address on this machine, and the paths that were asked for there."""
    asked: list[str] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())
        try:
            await answer(writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
    finally:
        server.close()


def sending(body: bytes, *headers: str, status: str = "200 OK") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers))
        writer.write(head.encode() + b"\r\n\r\n" + body)

    return answer


async def test_as_much_as_belongs_there_is_taken_and_no_more() -> None:
    async with served(sending(b"a" * LARGEST)) as (url, _):
        assert len((await Fetcher(dev=True).get(url)).body) == LARGEST
    async with served(sending(b"a" * (LARGEST + 1))) as (url, _):
        with pytest.raises(NotFetched, match="more than"):
            await Fetcher(dev=True).get(url)


async def test_what_is_small_only_while_it_is_compressed_is_not_taken() -> None:
    async with served(sending(gzip.compress(b"\0" * 4 * LARGEST), "Content-Encoding: gzip")) as (url, _):
        with pytest.raises(NotFetched, match="more than"):
            await Fetcher(dev=True).get(url)


async def test_whoever_begins_to_answer_and_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    ended = asyncio.Event()

    async def never(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        await writer.drain()
        await ended.wait()

    async with served(never) as (url, _):
        with pytest.raises(NotFetched):
            await Fetcher(dev=True).get(url)
        ended.set()


async def test_a_redirect_is_followed_nowhere() -> None:
    async with served(sending(b"", "Location: /elsewhere", status="302 Found")) as (url, asked):
        for ask in (Fetcher(dev=True).get(f"{url}/here"), Fetcher(dev=True).post(f"{url}/here", {"code": "secret"})):
            with pytest.raises(NotFetched, match="redirect"):
                await ask
    assert asked == ["/here", "/here"]
