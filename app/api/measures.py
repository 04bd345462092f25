"""How long operations take, by names that the schema knows, and their spans."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from prometheus_client import Histogram

from app.api.documents import Operation

DURATION = Histogram(
    "query_duration_seconds",
    "Time to answer a GraphQL operation, by kind and by its root field (several: more than one).",
    ["kind", "field"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
_tracer = trace.get_tracer("imprint.graphql")


@contextmanager
def timed(operation: Operation) -> Iterator[None]:
    """Observe what runs inside; with a span where somebody traces."""
    started = time.perf_counter()
    try:
        if trace.get_current_span().is_recording():
            attributes = {"graphql.operation.type": operation.kind, "graphql.operation.name": operation.name or ""}
            with _tracer.start_as_current_span(f"{operation.kind} {operation.label}", attributes=attributes):
                yield
        else:
            yield
    finally:
        DURATION.labels(operation.kind, operation.label).observe(time.perf_counter() - started)
