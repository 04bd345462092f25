"""What every HTTP request tells: its count and duration by route, a span, and a correlation id for whatever it causes."""

from __future__ import annotations

import time
from functools import lru_cache

import structlog
from opentelemetry import trace
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode
from prometheus_client import Counter, Histogram
from uuid_utils.compat import uuid7

from ops.asgi import Application, Message, Receive, Scope, Send
from ops.observe.access import AccessLog
from ops.observe.sampling import Choice

REQUESTS = Counter("http_requests_total", "HTTP requests by method, route and status.", ["method", "route", "status"])
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from a request's first byte to its answer's last.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Outsiders choose paths, so that raw ones would make endless label values.
ROUTES = frozenset({"auth", "admin", "graphql", "health", "metrics", "scim", "static", "dev", ".well-known"})
PROBES = frozenset({"/health", "/metrics"})
SERVER_ERRORS = 500
CORRELATION = "correlation_id"

tracer = trace.get_tracer("imprint.http")


def route(path: str) -> str:
    """The part of a path that may be a label: `/graphql`, `/auth`, … or `other`."""
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return f"/{first}" if first in ROUTES or not first else "other"


class Observed:
    """Wraps an ASGI application. The correlation id is bound to structlog's context and answered as `x-correlation-id`."""

    def __init__(self, app: Application, access: AccessLog, chosen: Choice) -> None:
        self._app = app
        self._access = access
        self._chosen = chosen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation = uuid7()
        # A dictionary of this request alone: what is noted in it decides whose data is read.
        scope["state"] = {**scope.get("state", {}), CORRELATION: correlation}
        structlog.contextvars.clear_contextvars()
        told = str(correlation)
        structlog.contextvars.bind_contextvars(**{CORRELATION: told})
        request = _Request(scope, told, self._access)
        await (request.traced if self._chosen(scope) else request.run)(self._app, receive, send)


class _Request:
    __slots__ = ("access", "correlation", "method", "route", "scope", "started", "status")

    def __init__(self, scope: Scope, correlation: str, access: AccessLog) -> None:
        self.scope = scope
        self.correlation = correlation
        self.access = access
        self.method = scope["method"] if scope["method"] in METHODS else "OTHER"
        self.route = route(scope["path"])
        self.status = 500
        self.started = time.perf_counter()

    async def run(self, app: Application, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", self.correlation.encode())]
            await send(message)

        try:
            await app(self.scope, receive, watched)
        finally:
            self._tell()

    async def traced(self, app: Application, receive: Receive, send: Send) -> None:
        attributes = {"http.request.method": self.method, "http.route": self.route}
        parent = extract({name.decode("latin-1"): value.decode("latin-1") for name, value in self.scope["headers"] if name == b"traceparent"})
        with tracer.start_as_current_span(f"{self.method} {self.route}", parent, SpanKind.SERVER, attributes) as span:
            try:
                await self.run(app, receive, send)
            finally:
                span.set_attribute("http.response.status_code", self.status)
                if self.status >= SERVER_ERRORS:
                    span.set_status(Status(StatusCode.ERROR))

    def _tell(self) -> None:
        seconds = time.perf_counter() - self.started
        count, duration = _measures(self.method, self.route, self.status)
        count.inc()
        duration.observe(seconds)
        # Probes come every few seconds and say nothing as long as they are answered.
        if self.route not in PROBES or self.status >= SERVER_ERRORS:
            tenant = self.scope["state"].get("tenant")
            self.access(self.method, self.scope["path"], self.status, seconds, self.correlation, tenant.slug if tenant else None)


@lru_cache(maxsize=4096)
def _measures(method: str, where: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, where, str(status)), DURATION.labels(method, where)
