from __future__ import annotations

import asyncio
import resource
import subprocess
import sys

import pytest

from auth.errors import TooSlow
from ops.asgi import Message, Receive, Scope, Send
from ops.in_time import InTime


def test_a_low_soft_limit_of_descriptors_is_raised() -> None:
    script = (
        "import resource; from ops import limits; hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; "
        "resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard)); print(limits.connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    connections, soft = map(int, done.stdout.split())
    assert connections == soft - 256
    assert soft == (16_640 if hard == resource.RLIM_INFINITY else min(16_640, hard))


async def _read(messages: list[Message], pauses: float, times: int, headers: dict[bytes, bytes] | None = None) -> list[Message]:
    """What an application hears that reads `times` times from a client that sends after pauses."""
    heard: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(pauses)
        return messages.pop(0)

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        heard.extend([await receive() for _ in range(times)])

    async def send(_: Message) -> None:
        raise AssertionError

    await InTime(app, 0.1)({"type": "http", "headers": [*(headers or {}).items()]}, receive, send)
    return heard


def _part(*, more: bool) -> Message:
    return {"type": "http.request", "body": b"a", "more_body": more}


async def test_the_time_is_the_whole_bodys_not_each_parts() -> None:
    with pytest.raises(TooSlow):
        await _read([_part(more=True) for _ in range(9)], 0.03, 9)


async def test_waiting_for_the_client_to_leave_after_the_body_is_not_timed() -> None:
    heard = await _read([_part(more=False), {"type": "http.disconnect"}], 0.08, 2)

    assert [message["type"] for message in heard] == ["http.request", "http.disconnect"]


async def test_a_body_is_whole_with_the_last_byte_that_its_head_declares() -> None:
    coming = [_part(more=True), _part(more=True), {"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}]
    heard = await _read(coming, 0, 3, {b"content-length": b"2"})

    assert heard == [_part(more=True), _part(more=False), {"type": "http.disconnect"}]


@pytest.mark.parametrize("headers", [{}, {b"content-length": b"1", b"transfer-encoding": b"chunked"}, {b"content-length": b"two"}])
async def test_a_body_of_no_certain_length_is_whole_when_the_server_says_so(headers: dict[bytes, bytes]) -> None:
    heard = await _read([_part(more=True), _part(more=False)], 0, 2, headers)

    assert heard == [_part(more=True), _part(more=False)]
