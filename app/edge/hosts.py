"""Before anything else: which organization a request is for. Unknown hosts never reach a handler."""

from __future__ import annotations

from typing import cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.edge.refusals import refuse
from auth.http.context import place_at
from tenants.errors import Refusal
from tenants.resolver import Resolver, UnknownHost

GRAPHQL = "/graphql"
PUBLIC = "/static/"  # the same files on every host, so that refusals look like everything else


class Hosts:
    """Wraps the application; leaves the tenant in the scope's state for `auth.http.context.tenant_of`.

    `graphql` answers its one path itself: the busiest address does without a router.
    """

    def __init__(self, pages: ASGIApp, graphql: ASGIApp, resolver: Resolver) -> None:
        self._pages = pages
        self._graphql = graphql
        self._resolver = resolver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            await self._pages(scope, receive, send)
            return
        path = scope["path"]
        if not path.startswith(PUBLIC):
            try:
                place_at(scope, await self._resolver.resolve(_host(scope)))
            except Refusal as refusal:
                await refuse(scope, receive, send, refusal)
                return
        if path == GRAPHQL:
            await self._graphql(scope, receive, send)
        elif (http := cast("HTTPScope", scope))["method"] == "HEAD":
            http["method"] = "GET"
            await self._pages(scope, receive, _without_body(send))
        else:
            await self._pages(scope, receive, send)


def _host(scope: Scope) -> str:
    """The one Host header. Raises UnknownHost for none or several (RFC 9112, 3.2)."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    if len(hosts) != 1:
        raise UnknownHost
    return hosts[0].decode("latin-1")


def _without_body(send: Send) -> Send:
    """The answer to GET, its content left out (RFC 9110, 9.3.2)."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    return sending
