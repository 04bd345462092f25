"""How long operations take, by names that the schema knows, and their spans."""

from __future__ import annotations

import time
from functools import lru_cache

from opentelemetry import context, trace
from prometheus_client import Histogram

from app.api.documents import Operation

DURATION = Histogram(
    "query_duration_seconds",
    "Time to answer a GraphQL operation, by kind and by its root field (several: more than one).",
    ["kind", "field"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_tracer = trace.get_tracer("imprint.graphql")


class Timed:
    """Observes what runs inside; with a span where somebody traces."""

    __slots__ = ("_operation", "_span", "_started", "_token")

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._span: trace.Span | None = None

    def __enter__(self) -> None:
        self._started = time.perf_counter()
        if trace.get_current_span().is_recording():
            operation = self._operation
            attributes = {"graphql.operation.type": operation.kind, "graphql.operation.name": operation.name or ""}
            self._span = _tracer.start_span(f"{operation.kind} {operation.label}", attributes=attributes)
            self._token = context.attach(trace.set_span_in_context(self._span))

    def __exit__(self, *_: object) -> None:
        _child(self._operation.kind, self._operation.label).observe(time.perf_counter() - self._started)
        if self._span is not None:
            context.detach(self._token)
            self._span.end()


@lru_cache(maxsize=256)
def _child(kind: str, field: str) -> Histogram:
    return DURATION.labels(kind, field)
