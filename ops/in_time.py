"""Before the product: a request's body has to come within a time, whoever reads it."""

from __future__ import annotations

import asyncio

from auth.errors import TooSlow
from ops.asgi import Application, Message, Receive, Scope, Send


class InTime:
    """Reading a body that has not come whole after `seconds` raises TooSlow; nothing else is timed."""

    def __init__(self, app: Application, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, _Body(receive, self._seconds).receive if scope["type"] == "http" else receive, send)


class _Body:
    __slots__ = ("_coming", "_receive", "_until")

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._until = asyncio.get_running_loop().time() + seconds
        self._coming = True

    async def receive(self) -> Message:
        if not self._coming:  # whoever asks now waits for the client to leave, which may take as long as it likes
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._coming = message["type"] == "http.request" and message.get("more_body", False)
        return message
