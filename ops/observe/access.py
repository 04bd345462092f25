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
    """Only the path can hold a character that JSON writes otherwise."""
    now = datetime.now(UTC).isoformat()
    whose = f'"{tenant}"' if tenant else "null"
    sys.stderr.write(
        f'{{"event": "request", "level": "info", "logger": "imprint.http", "timestamp": "{now}", "method": "{method}", "path": {json.dumps(path)}, '
        f'"status": {status}, "ms": {seconds * 1000:.2f}, "correlation_id": "{correlation}", "tenant": {whose}{_trace()}}}\n'
    )


def _trace() -> str:
    context = trace.get_current_span().get_span_context()
    return f', "trace_id": "{context.trace_id:032x}", "span_id": "{context.span_id:016x}"' if context.is_valid else ""
