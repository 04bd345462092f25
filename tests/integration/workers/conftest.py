"""The parts of delivering, to be moved by hand, and the worker processes as they really run."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tenants.database import Database, Row
from tenants.events import NewEvent
from tenants.ids import new_id
from tenants.registry import Registry
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House
from tests.integration.workers import peculiar
from workers.broker import Broker
from workers.deliveries import Deliverer
from workers.mail import postman
from workers.publisher import Publisher
from workers.relay import Relay
from workers.settings import WorkerSettings
from workers.sweeper import Sweeper

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0

OF_EVENT = statement("SELECT * FROM control.deliveries WHERE event_id = :event_id ORDER BY handler")
OF_HANDLER = statement("SELECT * FROM control.deliveries WHERE event_id = :event_id AND handler = :handler")
COUNTED = statement("SELECT coalesce(max(published), 0) FROM __tenant__.publication_counts WHERE author_id = :author_id")
TIDY = statement("UPDATE control.deliveries SET state = 'done', done_at = now() WHERE state IN ('waiting', 'running')")
FORGET_THE_DEAD = statement("DELETE FROM control.leases")


@dataclass(frozen=True)
class Line:
    """Everything between a commit and its effect, on the session's database."""

    tenants: TenantSettings
    settings: WorkerSettings
    pool: Database
    broker: Broker
    registry: Registry

    @property
    def relay(self) -> Relay:
        return Relay(self.pool)

    @property
    def publisher(self) -> Publisher:
        return Publisher(self.pool, self.broker, self.settings)

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(self.pool, self.settings)

    @property
    def deliverer(self) -> Deliverer:
        return Deliverer(self.pool, self.registry, postman(self.tenants, self.settings), self.settings)

    async def happened(self, house: House, kind: str, *, author: str = "author", aggregate: UUID | None = None, versions: int = 1) -> list[UUID]:
        """Commit events of a test's own aggregate; their ids."""
        data = {"author_id": str(house.id_of(author))}
        events = [NewEvent(new_id(), kind, 1, data) for _ in range(versions)]
        async with transaction(self.pool, house.tenant, Cause(new_id(), house.id_of(author))) as tx:
            await tx.append("Tested", aggregate or new_id(), versions, events)
        return [event.id for event in events]

    async def expand(self) -> None:
        while await self.relay.step():
            continue

    async def deliveries(self, event_id: UUID) -> list[Row]:
        async with self.pool.control() as connection:
            return await connection.fetch(OF_EVENT, event_id=event_id)

    async def delivery(self, event_id: UUID, handler: str) -> Row:
        async with self.pool.control() as connection:
            row = await connection.fetchrow(OF_HANDLER, event_id=event_id, handler=handler)
        assert row is not None
        return row

    async def deliver(self, row: Row) -> None:
        await self.deliverer.deliver(row["id"], row["organization_id"], row["event_id"], row["handler"])

    async def counted(self, house: House, author: str = "author") -> int:
        async with self.pool.reading(house.tenant.place) as connection:
            return int(await connection.fetchval(COUNTED, author_id=house.id_of(author)))

    async def turn(self) -> None:
        """One step of everything that runs beside the handlers."""
        await self.relay.step()
        await self.publisher.step()
        await self.sweeper.step()


@pytest.fixture
async def line(migrated: TenantSettings, pool: Database, registry: Registry, tmp_path: Path) -> AsyncIterator[Line]:
    """Begins with nothing waiting from elsewhere, and leaves nothing behind."""
    settings = WorkerSettings(threads=4, attempts=3, deadline=20, orphan_seconds=1, first_retry=0, smtp_url=(tmp_path / "mail").as_uri())
    broker = Broker(migrated.redis_url)
    broker.client.flushdb()
    line = Line(migrated, settings, pool, broker, registry)
    await line.expand()
    async with pool.control() as connection:
        await connection.execute(TIDY)
        await connection.execute(FORGET_THE_DEAD)
    yield line
    async with pool.control() as connection:
        await connection.execute(TIDY)
    broker.close()


class Workers:
    """Worker processes of one test, started as the supervisor starts them."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, role: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "workers.process", role, "--prepare", f"{peculiar.__name__}:prepare"]
        return self._popen(command)

    def supervise(self) -> subprocess.Popen[bytes]:
        code = f"import os, sys, workers.supervisor as s; sys.exit(s.run(os.environ, threads=4, prepare='{peculiar.__name__}:prepare'))"
        return self._popen([sys.executable, "-c", code])

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        self.processes.append(subprocess.Popen(command, env=self._env, cwd=ROOT))
        return self.processes[-1]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for process in self.processes:
            process.wait(30)


@pytest.fixture
def start_workers(line: Line, environment: dict[str, str]) -> Iterator[Callable[[WorkerSettings], Workers]]:
    started: list[Workers] = []

    def start(settings: WorkerSettings) -> Workers:
        own = {
            "IMPRINT_WORKER_THREADS": str(settings.threads),
            "IMPRINT_DELIVERY_ATTEMPTS": str(settings.attempts),
            "IMPRINT_DELIVERY_DEADLINE": str(settings.deadline),
            "IMPRINT_DELIVERY_ORPHAN": str(settings.orphan_seconds),
            "IMPRINT_DELIVERY_RETRY": str(settings.first_retry),
            "IMPRINT_SMTP_URL": settings.smtp_url,
        }
        started.append(Workers(environment | own))
        return started[-1]

    yield start
    for workers in started:
        workers.stop()


@pytest.fixture
def environment(migrated: TenantSettings) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT),
        "IMPRINT_ENV": "dev",
        "IMPRINT_DATABASE_URL": migrated.database_url,
        "IMPRINT_OWNER_ROLE": migrated.owner_role,
        "IMPRINT_REDIS_URL": migrated.redis_url,
        "IMPRINT_SECRET_KEY": base64.b64encode(migrated.secret_keys[0]).decode(),
    }


async def until(check: Callable[[], Awaitable[object]], between: Callable[[], Awaitable[None]] | None = None) -> None:
    """Wait for something to become true; fail when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not await check():
        assert time.monotonic() < deadline, "it never happened"
        if between:
            await between()
        await asyncio.sleep(0.05)
