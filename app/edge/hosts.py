"""Before anything else: which organization a request is for. Unknown hosts never reach a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from app.edge import moved
from app.edge.refusals import refuse
from auth.addresses import Addresses
from auth.http.context import place_at
from tenants.errors import Refusal, RetryLater
from tenants.resolver import Resolver, UnknownHost

GRAPHQL = "/graphql"
PUBLIC = "/static/"  # the same files on every host, so that refusals look like everything else

Refuse = Callable[[Scope, Receive, Send, Refusal], Awaitable[None]]


class Hosts:
    """Wraps the application; leaves the tenant in the scope's state for `auth.http.context.tenant_of`.

    `graphql` answers its one path itself: the busiest address does without a router; `refuse_graphql` says there, in GraphQL's
    shape, why an organization cannot be served now. The host of a slug that an organization
    no longer has leads on to the one it has, and goes on serving what others have written down.
    """

    def __init__(self, pages: ASGIApp, graphql: ASGIApp, refuse_graphql: Refuse, resolver: Resolver, addresses: Addresses) -> None:
        self._pages = pages
        self._graphql = graphql
        self._refuse_graphql = refuse_graphql
        self._resolver = resolver
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http":
            await self._pages(scope, receive, send)
            return
        path = scope["path"]
        if not path.startswith(PUBLIC):
            try:
                resolved = await self._resolver.resolve(_host(scope))
            except Refusal as refusal:
                say = self._refuse_graphql if path == GRAPHQL and isinstance(refusal, RetryLater) else refuse
                await say(scope, receive, send, refusal)
                return
            if resolved.former and resolved.tenant is not None and not moved.stays(path):
                await moved.redirect(scope, send, self._addresses.of(resolved.tenant))
                return
            place_at(scope, resolved)
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
