"""Before anything else: which organization a request is for. Unknown hosts never reach a handler."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import cast

from litestar.types import ASGIApp, Receive, Scope, Send

from auth.http.context import place_at
from auth.http.statuses import retry_headers, status_of
from tenants.errors import Refusal
from tenants.resolver import Resolver, UnknownHost

_PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><p>{message}</p></html>'


class Hosts:
    """Wraps the application; leaves the tenant in the scope's state for `auth.http.context.tenant_of`."""

    def __init__(self, app: ASGIApp, resolver: Resolver) -> None:
        self._app = app
        self._resolver = resolver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if cast("str", scope["type"]) == "http":  # servers give plain text, Litestar annotates its enum
            try:
                place_at(scope, await self._resolver.resolve(_host(scope)))
            except Refusal as refusal:
                await _refuse(scope, send, refusal)
                return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    """The one Host header. Raises UnknownHost for none or several (RFC 9112, 3.2)."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1:
        raise UnknownHost
    return hosts[0].decode("latin-1")


async def _refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    wants_page = any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
    status = HTTPStatus(status_of(refusal))
    if wants_page:
        kind, body = "text/html; charset=utf-8", _PAGE.format(title=status.phrase, message=refusal.message)
    else:
        kind, body = "application/json", json.dumps({"error": refusal.code.lower(), "message": refusal.message})
    content = body.encode()
    headers = {"content-type": kind, "content-length": str(len(content)), "cache-control": "no-store", **retry_headers(refusal)}
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": content, "more_body": False})
