"""Requests that sign somebody in let all others go first: whoever reads does not feel twenty who come in (record 69).

A sign-in costs the server some milliseconds of its one thread, in many small steps. Before each of them it looks whether
anybody else's request is under way, and waits until none is; but all in all no longer than PATIENCE, so that nobody stays outside.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from prometheus_client import Counter

from ops.asgi import Application, Receive, Scope, Send

PATIENCE = 0.1
PREFIX = "/auth/"
GAVE_WAY = Counter("imprint_steps_of_sign_ins_that_gave_way_total", "Steps of requests that sign somebody in which waited for other requests")


class GivingWay:
    """The application, whose requests that sign somebody in step back. One per process; `patience` in seconds for each of them."""

    def __init__(self, app: Application, *, patience: float = PATIENCE) -> None:
        self._app = app
        self._patience = patience
        self._going_first = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "POST" and scope["path"].startswith(PREFIX):
            await _Stepping(self._app(scope, receive, send), self, self._patience)
        else:
            self._going_first += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._going_first -= 1
                self.next()

    @property
    def clear(self) -> bool:
        """Whether nobody goes first."""
        return not self._going_first

    def next(self) -> None:
        """Let the one who has waited longest take a step, where nobody goes first."""
        while self._waiting and self.clear:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def wait(self, longest: float) -> None:
        """Until nobody goes first and those who waited before have taken their step; `longest` seconds at most."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await asyncio.wait([waiter], timeout=longest)
        finally:
            waiter.cancel()


class _Stepping:
    """A request that waits before each of its steps, as long as it has patience left. Whatever is thrown at it reaches it."""

    def __init__(self, request: Awaitable[None], way: GivingWay, patience: float) -> None:
        self._request = request
        self._way = way
        self._left = patience

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self._request.__await__()
        step: Callable[[Any], Any] = steps.send
        given: Any = None
        while True:
            try:
                if step == steps.send and self._left > 0 and not self._way.clear:
                    yield from self._give_way().__await__()
            except BaseException as error:  # noqa: BLE001 - the request's own to handle: that it is cancelled, too
                step, given = steps.throw, error
            try:
                awaited = step(given)
            except StopIteration:
                return
            finally:
                self._way.next()
            try:
                step, given = steps.send, (yield awaited)
            except BaseException as error:  # noqa: BLE001 - as above
                step, given = steps.throw, error

    async def _give_way(self) -> None:
        GAVE_WAY.inc()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self._way.wait(self._left)
        finally:
            self._left -= loop.time() - began
