"""The address /graphql: from an ASGI request to an answer, with as little between as can be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog
from litestar import Request
from litestar.handlers import HTTPRouteHandler

from app.api.answers import Answer, encoded, internal_error, refused
from app.api.engine import Engine, MutationNotAllowed
from app.api.http import graphiql
from app.api.http.exports import export_handler
from app.api.http.negotiation import GRAPHQL, JSON, response_type, takes_body, wants_page
from app.api.http.refusals import Malformed, MediaNotTaken, MethodNotTaken, NotAcceptable, NotTaken
from app.api.http.requests import check_length, from_body, from_query_string
from app.api.idempotency import HEADER
from app.api.reading import Caller
from app.api.schema import schema
from auth.http.context import correlation_of, header_of, place_of, tenant_of
from auth.http.statuses import refusal_headers, retry_headers, status_of
from tenants.errors import Refusal, RetryLater
from tenants.hosts import Place

if TYPE_CHECKING:
    from litestar.types import Receive, Scope, Send

    from app.bus import Bus
    from auth.http.context import AnyRequest
    from auth.policies import Policies
    from auth.service import Auth
    from tenants.database import Database
    from tenants.registry import Tenant
    from tenants.settings import TenantSettings

log = structlog.get_logger(__name__)
IDEMPOTENCY_KEY = HEADER.lower().encode()
_NO_HEADERS: Mapping[str, str] = {}


class Api:
    """GraphQL for every tenant's host, and for the API's host, where only the token tells which organization's quota it is."""

    def __init__(
        self, *, database: Database, bus: Bus, settings: TenantSettings, auth: Auth, policies: Policies, admit: Callable[[Tenant], Awaitable[None]]
    ) -> None:
        self._engine = Engine(schema(), database, bus, policies, auth.parts.invitations, dev=settings.dev)
        self._auth = auth
        self._admit = admit
        self._dev = settings.dev
        self._export = export_handler(auth, database)

    def answer(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """/graphql itself, mounted before any router."""
        return self._handle(Request(scope, receive, send), receive, send)

    async def refuse(self, scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
        """A refusal of whoever stands before this address, in GraphQL's shape."""
        kind = response_type(header_of(Request(scope, receive, send), b"accept") or "") or JSON
        await _send(send, kind, status_of(refusal), refused(refusal).body, refusal_headers(refusal))

    def handlers(self) -> list[HTTPRouteHandler]:
        """The audit log's export, and what GraphiQL loads in development."""
        return [self._export, *([graphiql.serve_file] if self._dev else [])]

    async def _handle(self, request: AnyRequest, receive: Receive, send: Send) -> None:
        correlation = correlation_of(request)
        accept = header_of(request, b"accept") or ""
        kind = response_type(accept)
        try:
            if request.method == "GET" and self._dev and wants_page(accept) and b"query=" not in request.scope["query_string"]:
                await _send_page(send, graphiql.page(tenant_of(request).name, await self._auth.form_token(request)))
                return
            answer = await self._answer(request, receive, kind, correlation)
            await _send(send, kind or JSON, _status(answer, kind), answer.body, _retry(answer.retry_after))
        except NotTaken as refusal:
            await _send(send, kind or JSON, refusal.status, refused(refusal).body, refusal.headers)
        except Refusal as refusal:
            await _send(send, kind or JSON, status_of(refusal), refused(refusal).body, refusal_headers(refusal))
        except Exception:
            log.exception("a GraphQL request failed")
            await _send(send, kind or JSON, 500, encoded({"errors": [internal_error(correlation).formatted]}))

    async def _answer(self, request: AnyRequest, receive: Receive, kind: str | None, correlation: UUID) -> Answer:
        if kind is None:
            raise NotAcceptable(f"Accept {GRAPHQL} or {JSON}.")
        posted = request.method == "POST"
        if posted:
            if not takes_body(header_of(request, b"content-type") or ""):
                raise MediaNotTaken("Send a body of type application/json.")
            asked = from_body(await _body(request, receive), idempotency_key=header_of(request, IDEMPOTENCY_KEY))
        elif request.method == "GET":
            asked = from_query_string(request.scope["query_string"])
        else:
            raise MethodNotTaken("Send GraphQL by POST, or queries by GET.")
        principal = await self._auth.principal_of(request)
        tenant = tenant_of(request)
        if place_of(request) is Place.API:
            await self._admit(tenant)
        structlog.contextvars.bind_contextvars(tenant=tenant.slug)
        try:
            caller = Caller(tenant, principal, correlation, partial(self._auth.visitor_of, request), partial(self._auth.address_of, request))
            return await self._engine.answer(asked, caller, queries_only=not posted)
        except MutationNotAllowed as refusal:
            raise MethodNotTaken(refusal.message) from None


async def _body(request: AnyRequest, receive: Receive) -> bytes:
    """Raises TooLarge as soon as that is known, Malformed where the client went away."""
    declared = header_of(request, b"content-length") or ""
    if declared.isdecimal():
        check_length(int(declared[:12]))
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Malformed({"body": "ended early"})
        body += message["body"]
        check_length(len(body))
        if not message["more_body"]:
            return body


def _status(answer: Answer, kind: str | None) -> int:
    """GraphQL over HTTP, 6.4: a refused document is the client's error only in the newer media type."""
    if answer.retry_after is not None:
        return 503
    return 200 if answer.executed or kind == JSON else 400


def _retry(seconds: int | None) -> Mapping[str, str]:
    return _NO_HEADERS if seconds is None else retry_headers(RetryLater("", retry_after=seconds))


async def _send(send: Send, kind: str, status: int, body: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> None:
    sent = [
        (b"content-type", b"application/json; charset=utf-8" if kind == JSON else b"application/graphql-response+json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if headers:
        sent += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def _send_page(send: Send, body: bytes) -> None:
    sent = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    sent += [(name.lower().encode(), value.encode()) for name, value in graphiql.HEADERS.items()]
    await send({"type": "http.response.start", "status": 200, "headers": sent})
    await send({"type": "http.response.body", "body": body, "more_body": False})
