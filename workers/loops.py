"""Doing one step again and again, fast while there is work, slowly while there is none, and never giving up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from tenants.errors import RetryLater

log = structlog.get_logger(__name__)

LONGEST_AFTER_FAILURE = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between steps: `busy` after one that found work, rising to `idle` while none does."""

    busy: float
    idle: float

    def after(self, pause: float, *, worked: bool) -> float:
        return self.busy if worked else min(self.idle, max(pause, self.busy) * 1.5)


async def forever(name: str, step: Callable[[], Awaitable[bool]], pace: Pace) -> None:
    """Until cancelled. A step says whether it found work; one that fails is logged and repeated after a longer pause."""
    pause, trouble = pace.busy, 0.5
    while True:
        try:
            pause = pace.after(pause, worked=await step())
            trouble = 0.5
        except RetryLater as error:
            log.warning("step postponed", step=name, reason=error.message)
            pause = trouble = min(LONGEST_AFTER_FAILURE, trouble * 2)
        except Exception:
            log.exception("step failed", step=name)
            pause = trouble = min(LONGEST_AFTER_FAILURE, trouble * 2)
        await asyncio.sleep(pause)
