"""One line for each request. It is written on every one of them, so it takes the short way past the logging machinery."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import structlog
from opentelemetry import trace

AccessLog = Callable[[str, str, int, float, str, str | None], None]


def access_log(*, dev: bool) -> AccessLog:
    """Takes method, path, status, seconds, correlation id and the tenant's slug, if any."""
    return _readable if dev and sys.stderr.isatty() else _as_json


def _readable(method: str, path: str, status: int, seconds: float, correlation: str, tenant: str | None) -> None:
    log = structlog.get_logger("imprint.http")
    log.info("request", method=method, path=path, status=status, ms=round(seconds * 1000, 2), correlation_id=correlation, tenant=tenant)


def _as_json(method: str, path: str, status: int, seconds: float, correlation: str, tenant: str | None) -> None:
    line = {
        "event": "request",
        "level": "info",
        "logger": "imprint.http",
        "timestamp": datetime.now(UTC).isoformat(),
        "method": method,
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 2),
        "correlation_id": correlation,
        "tenant": tenant,
    }
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        line["trace_id"], line["span_id"] = format(context.trace_id, "032x"), format(context.span_id, "016x")
    sys.stderr.write(json.dumps(line) + "\n")
