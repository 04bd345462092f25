"""Before the product: a request's body has to come within a time, whoever reads it.

A timer for each request would cost more than most requests' bodies; one look a second at those still coming costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

from auth.errors import TooSlow
from ops.asgi import Application, Message, Receive, Scope, Send

LOOK_SECONDS = 0.5

Headers = Iterable[tuple[bytes, bytes]]


class InTime:
    """Reading a body that has not come whole after `seconds` (and at most half a second more) raises TooSlow; nothing else is timed."""

    def __init__(self, app: Application, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._coming: dict[_Body, asyncio.Task[Any]] = {}
        self._looking = False

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._app(scope, _Body(self, scope["headers"], receive).receive if scope["type"] == "http" else receive, send)

    async def wait(self, body: _Body) -> Message:
        """The body's next part. Raises TooSlow."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a body is read within a task")
        self._coming[body] = task
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(min(LOOK_SECONDS, self._seconds), self._look)
        try:
            return await body.next()
        except asyncio.CancelledError:
            if not body.late:
                raise
            task.uncancel()
            # The server closes the connection once nobody can ask for the rest: not when what the refusal holds is collected some day.
            body.next = _gone
            raise TooSlow from None
        finally:
            del self._coming[body]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        for body, task in self._coming.items():
            if not body.late and loop.time() > body.since + self._seconds:
                body.late = True
                task.cancel()
        self._looking = bool(self._coming)
        if self._looking:
            loop.call_later(min(LOOK_SECONDS, self._seconds), self._look)


class _Body:
    """What is received of one request, whole as soon as all bytes came that its head declares.

    A server may say so with a further, empty message only (granian does), which costs each request another step through its threads.
    """

    __slots__ = ("_came", "_coming", "_headers", "_in_time", "late", "next", "since")

    def __init__(self, in_time: InTime, headers: Headers, receive: Receive) -> None:
        self._in_time = in_time
        self._headers = headers
        self.next = receive
        self.since = asyncio.get_running_loop().time()
        self.late = False
        self._coming = True
        self._came = 0

    async def receive(self) -> Message:
        if not self._coming:  # whoever asks now waits for the client to leave, which may take as long as it likes
            return await self._left()
        message = await self._in_time.wait(self)
        self._coming = message["type"] == "http.request" and message.get("more_body", False)
        if self._coming:
            self._came += len(message.get("body", b""))
            if self._came == _declared(self._headers):
                self._coming = False
                return {**message, "more_body": False}
        return message

    async def _left(self) -> Message:
        """Past the empty end of a body that was whole before it."""
        message = await self.next()
        return await self.next() if message["type"] == "http.request" else message


async def _gone() -> Message:
    return {"type": "http.disconnect"}


def _declared(headers: Headers) -> int | None:
    """The body's length in bytes; None where its head says none, or another framing goes before it (RFC 9112, 6.3)."""
    length = None
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length" and value.isdigit():
            length = int(value)
    return length
