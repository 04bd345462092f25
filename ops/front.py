"""What stands before the product in each server process: health, metrics, development pages; everything else goes through."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from ops.asgi import Application, Receive, Scope, Send
from ops.health import Health
from ops.observe.metrics import exposition
from ops.operators import holds_token
from tenants.hosts import MalformedHost, Place, read_host

Answer = tuple[HTTPStatus, str, bytes]


class Front:
    """Answers a few exact paths on every host, before any tenant is looked for.

    `pages` are ASGI applications by prefix. They are there on `base_host` alone: a name that somebody else points at this
    machine must not show a browser what they hold.
    """

    def __init__(self, app: Application, health: Health, operators_token: str, pages: Mapping[str, Application], *, base_host: str) -> None:
        self._app = app
        self._health = health
        self._token = operators_token
        self._pages = pages
        self._base_host = base_host
        self._answers: dict[str, Callable[[Scope], Awaitable[Answer | None]]] = {
            "/health": self._report,
            "/health/live": self._live,
            "/health/ready": self._ready,
            "/metrics": self._metrics,
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            answering = self._answers.get(scope["path"])
            if answering:
                return self._answered(answering(scope), scope, receive, send)
            if page := self._page(scope):
                return page(scope, receive, send)
        return self._app(scope, receive, send)

    async def _answered(self, answering: Awaitable[Answer | None], scope: Scope, receive: Receive, send: Send) -> None:
        answer = await answering
        if answer:
            await _send(send, answer)
        else:
            await self._app(scope, receive, send)

    def _page(self, scope: Scope) -> Application | None:
        for prefix, page in self._pages.items():
            if (scope["path"] == prefix or scope["path"].startswith(f"{prefix}/")) and _place(scope, self._base_host) is Place.BASE:
                return page
        return None

    async def _live(self, _: Scope) -> Answer:
        return _json(HTTPStatus.OK, {"status": "ok"})

    async def _ready(self, _: Scope) -> Answer:
        ready = await self._health.ready()
        status = "ok" if ready else "draining" if self._health.draining else "down"
        return _json(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, {"status": status})

    async def _report(self, _: Scope) -> Answer:
        report = await self._health.report()
        return _json(HTTPStatus.OK if report.database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE, report.as_json())

    async def _metrics(self, scope: Scope) -> Answer | None:
        """Without the token this path is as unknown as any other."""
        authorization = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not holds_token(authorization, self._token):
            return None
        body, kind = await asyncio.to_thread(exposition)
        return HTTPStatus.OK, kind, body


def _place(scope: Scope, base_host: str) -> Place | None:
    """None where the request does not name one host."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    try:
        return read_host(hosts[0].decode("latin-1"), base_host).place if len(hosts) == 1 else None
    except MalformedHost:
        return None


def _json(status: HTTPStatus, body: Mapping[str, str]) -> Answer:
    return status, "application/json", json.dumps(body).encode()


async def _send(send: Send, answer: Answer) -> None:
    status, kind, body = answer
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
