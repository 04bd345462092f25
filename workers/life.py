"""What both kinds of worker processes stand on, from their start to their end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog

from tenants.environment import Environment
from tenants.errors import RetryLater
from tenants.settings import TenantSettings
from workers.leases import new_holder
from workers.settings import WorkerSettings
from workers.sign_ups import Founder

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Process:
    """What both kinds stand on. `pulse` is where the supervisor listens for signs of life, None without one; `founder` makes organizations."""

    tenants: TenantSettings
    workers: WorkerSettings
    pulse: int | None
    holder: str
    founder: Founder | None = None

    @classmethod
    def from_environment(cls, pulse: int | None, founder: Founder | None = None) -> Process:
        env = Environment(os.environ)
        process = cls(TenantSettings.read(env), WorkerSettings.read(env), pulse, new_holder(), founder)
        env.finish()
        return process

    def beat(self, orphaned: Callable[[], None]) -> Coroutine[Any, Any, None]:
        return _beat(self.pulse, orphaned)


async def _beat(pulse: int | None, orphaned: Callable[[], None]) -> None:
    """A byte a second: the supervisor kills who stops, and whose supervisor is gone stops by itself."""
    while pulse is not None:
        try:
            os.write(pulse, b".")
        except BlockingIOError:
            log.debug("nobody reads the pulse just now")
        except BrokenPipeError:
            log.warning("supervisor gone, stopping")
            orphaned()
            return
        await asyncio.sleep(1)


async def cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def quietly(*work: Coroutine[Any, Any, None]) -> None:
    """Courtesies at the end; without the database they are left out."""
    for one in work:
        try:
            await one
        except RetryLater as error:
            log.warning("left without saying so", reason=error.message)
