"""What is logged while a command works: on stderr, since results alone go to stdout, and for people."""

from __future__ import annotations

import sys

import structlog


def for_people() -> None:
    """For this process, until a server sets up its own. Never a frame's local variables: among them are passwords and keys."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ],
        logger_factory=_to_stderr,
    )


def _to_stderr(*_: object) -> structlog.PrintLogger:
    """Wherever that leads when something is said."""
    return structlog.PrintLogger(sys.stderr)
