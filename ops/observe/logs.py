"""Logs on stderr: JSON for machines, readable lines for a developer's terminal; with tenant, correlation id and trace."""

from __future__ import annotations

import logging.config
import sys
from typing import Any

import structlog
import structlog.tracebacks
from opentelemetry import trace
from structlog.typing import EventDict, Processor

# Third parties that say at INFO what nobody asked.
QUIET = ("httpx", "httpcore", "asyncio", "alembic", "dramatiq")


def configure(*, dev: bool) -> None:
    """Sets up structlog and the standard library's logging alike, for this process."""
    logging.config.dictConfig(standard(dev=dev))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def standard(*, dev: bool) -> dict[str, Any]:
    """The same as a logging.config dictionary, for servers that configure their own processes."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(), *_shared()],
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(readable=dev and sys.stderr.isatty())],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"imprint": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "imprint"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {name: {"level": "WARNING"} for name in QUIET},
    }


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]


def _renderers(*, readable: bool) -> list[Processor]:
    # Never a frame's local variables: among them are passwords, keys and people's texts.
    if readable:
        return [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)]
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=30)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer(ensure_ascii=False)]


def _add_trace(_: object, __: str, event: EventDict) -> EventDict:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
        event["span_id"] = format(context.span_id, "016x")
    return event
