"""Whether this process lives, may get requests, and what it stands on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import structlog
from redis.asyncio import Redis

from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from workers.heartbeat import workers_alive

REMEMBERED_SECONDS = 1.0
PATIENCE = 2.0
REGISTRY = statement("SELECT registry_version FROM control.installation")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """`database` and `cache`: ok or down; `workers`: ok, or absent when nobody delivers events."""

    database: str
    cache: str
    workers: str

    def as_json(self) -> dict[str, str]:
        healthy = self.database == self.cache == self.workers == "ok"
        status = "ok" if healthy else "down" if self.database == "down" else "degraded"
        return {"status": status, "database": self.database, "cache": self.cache, "workers": self.workers, "version": version("imprint")}


class Health:
    """Asks Postgres and Redis at most once a second, over connections of its own: a busy pool is not an unhealthy server."""

    def __init__(self, settings: TenantSettings) -> None:
        self.draining = False
        self._database = Database(settings, connections=1)
        self._redis: Redis = Redis.from_url(settings.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE)
        self._asking = asyncio.Lock()
        self._report = Report("down", "down", "absent")
        self._asked = -REMEMBERED_SECONDS

    async def close(self) -> None:
        await self._database.close()
        await self._redis.aclose()

    async def report(self) -> Report:
        async with self._asking:
            if time.monotonic() - self._asked >= REMEMBERED_SECONDS:
                database, cache = await asyncio.gather(self._answers(self._ask_registry()), self._answers(self._ask_redis()))
                workers = await self._answers(workers_alive(self._database)) if database else False
                self._report = Report("ok" if database else "down", "ok" if cache else "down", "ok" if workers else "absent")
                self._asked = time.monotonic()
            return self._report

    async def ready(self) -> bool:
        """Redis may be gone: it holds nothing that a request cannot do without."""
        return not self.draining and (await self.report()).database == "ok"

    async def _ask_registry(self) -> bool:
        async with self._database.control() as connection:
            return await connection.fetchval(REGISTRY) is not None

    async def _ask_redis(self) -> bool:
        answer: Any = await self._redis.ping()
        return bool(answer)

    @staticmethod
    async def _answers(question: Awaitable[bool]) -> bool:
        try:
            return await asyncio.wait_for(question, PATIENCE)
        except Exception as error:  # noqa: BLE001 - whatever keeps a part from answering, the part is down and the probe is answered
            log.warning("health", error=f"{type(error).__name__}: {error}")
            return False
