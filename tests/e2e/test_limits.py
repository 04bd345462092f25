"""What one client may take of a server: it answers, or closes, and goes on serving the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from ops import limits
from ops.dev import children
from ops.dev.children import ready
from ops.stack.memory import free_port
from tests.e2e.conftest import Running

SILENT = 1200
IDLE_SECONDS, BODY_SECONDS = 1, 3
LIVE = "GET /health/live HTTP/1.1\r\nHost: acme.localhost\r\n\r\n"
POST = "POST {path} HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n"
QUERY = '{"query": "{ organization { slug } }"}'
BODIES = [("/graphql", "application/json"), ("/auth/token", "application/json"), ("/auth/login", "application/x-www-form-urlencoded")]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
async def impatient(running: Running) -> AsyncIterator[Running]:
    """A second server of the same installation, with little patience, listening everywhere; with a port for operators."""
    environment = {
        **running.environment,
        "IMPRINT_IDLE_SECONDS": str(IDLE_SECONDS),
        "IMPRINT_BODY_SECONDS": str(BODY_SECONDS),
        "IMPRINT_OPERATORS_PORT": str(free_port()),
    }
    second = Running(free_port(), environment, running.mail, running.server, running.worker)
    at = ("--host", "0.0.0.0", "--port", str(second.port))
    server = children.imprint("impatient server", "serve", *at, env=environment, log=running.mail.parent / "impatient.log")
    server.start()
    await ready(server, second.port)
    yield second
    await server.stop()


async def open_at(port: int, stack: AsyncExitStack) -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    return reader, writer


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    """One whole answer on a connection that stays open."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head + await reader.readexactly(length)


async def test_a_header_of_200_kb_is_refused(running: Running) -> None:
    async with AsyncExitStack() as stack:
        reader, writer = await open_at(running.port, stack)
        writer.write(b"GET /health/live HTTP/1.1\r\nHost: acme.localhost\r\nX-Long: " + b"a" * 200_000 + b"\r\n\r\n")

        assert (await asyncio.wait_for(reader.readline(), 60)).split()[1] == b"431"


@pytest.mark.parametrize(("path", "kind"), BODIES)
async def test_a_body_of_11_mb_is_refused_before_it_has_come(running: Running, path: str, kind: str) -> None:
    async with AsyncExitStack() as stack:
        reader, writer = await open_at(running.port, stack)
        writer.write(POST.format(path=path, kind=kind, length=11_000_000).encode() + b"a" * 1000)

        assert (await asyncio.wait_for(reader.readline(), 60)).split()[1] == b"413"


@pytest.mark.parametrize(("path", "kind"), BODIES)
async def test_a_body_sent_byte_by_byte_is_ended_with_a_coded_answer(impatient: Running, path: str, kind: str) -> None:
    async with AsyncExitStack() as stack:
        reader, writer = await open_at(impatient.port, stack)
        writer.write(POST.format(path=path, kind=kind, length=1000).encode())
        started, answering = time.monotonic(), asyncio.ensure_future(reader.read())
        while not answering.done() and time.monotonic() - started < BODY_SECONDS + 60:
            writer.write(b"a")
            await asyncio.sleep(0.1)
        seconds = time.monotonic() - started
        answer = (await asyncio.wait_for(answering, 60)).decode()

    assert answer.split()[1] == "408"
    assert "took too long to arrive" in answer
    assert path == "/auth/login" or "request_timeout" in answer.lower()
    assert seconds > BODY_SECONDS - 1


async def test_a_slow_body_that_comes_in_time_is_answered(impatient: Running) -> None:
    async with AsyncExitStack() as stack:
        reader, writer = await open_at(impatient.port, stack)
        writer.write(POST.format(path="/graphql", kind="application/json", length=len(QUERY)).encode())
        for part in (QUERY[:20], QUERY[20:]):
            await asyncio.sleep(IDLE_SECONDS * 1.2)
            writer.write(part.encode())

        assert b'{"data":{"organization":{"slug":"acme"}}}' in await asyncio.wait_for(answer_of(reader), 60)


async def test_a_silent_connection_is_closed_and_one_between_requests_quietly_and_only_when_it_was_idle(impatient: Running) -> None:
    async with AsyncExitStack() as stack:
        silent, _ = await open_at(impatient.port, stack)
        reader, writer = await open_at(impatient.port, stack)
        for _ in range(4):
            writer.write(LIVE.encode())
            assert b" 200 OK" in await answer_of(reader)
            await asyncio.sleep(IDLE_SECONDS * 0.6)

        assert await asyncio.wait_for(silent.read(), 60) == b""
        assert await asyncio.wait_for(reader.read(), 60) == b""


async def test_1200_silent_connections_do_not_keep_others_out(running: Running) -> None:
    assert limits.connections() > SILENT
    async with AsyncExitStack() as stack:
        for _ in range(SILENT // 100):
            await asyncio.gather(*(open_at(running.port, stack) for _ in range(100)))

        async with asyncio.timeout(60), running.client() as client:
            assert (await client.get("/health/live")).status_code == 200


async def test_operators_have_their_port_on_loopback_and_need_their_token_there(impatient: Running) -> None:
    port = int(impatient.environment["IMPRINT_OPERATORS_PORT"])
    (await asyncio.open_connection("127.0.0.2", impatient.port))[1].close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.2", port)

    for header, status in (
        ("", b"401"),
        ("Authorization: Bearer a-token-of-somebody\r\n", b"401"),
        ("Authorization: Bearer a-token-for-the-tests\r\n", b"200"),
    ):
        async with AsyncExitStack() as stack:
            reader, writer = await open_at(port, stack)
            writer.write(f"GET /metrics HTTP/1.1\r\n{header}Connection: close\r\n\r\n".encode())
            answer = await reader.read()
        assert answer.split()[1] == status
        assert (b"http_requests_total" in answer) is (status == b"200")
