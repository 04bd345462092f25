"""The process in which handlers run, on Dramatiq's threads."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import dramatiq
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

import workers.reactions  # noqa: F401 - fills the registry of reactions
from tenants.database import Database
from tenants.registry import Registry
from tenants.secrets import Keyring
from workers.actors import declare
from workers.broker import Broker
from workers.deliveries import Deliverer
from workers.heartbeat import BEAT_SECONDS, Heartbeat, Role
from workers.life import Process, cancel, quietly
from workers.loops import Pace, forever
from workers.mail import postman

if TYPE_CHECKING:
    from dramatiq.worker import Worker

IDLE_MILLISECONDS = 100
FINISH_SECONDS = 25


def run_handlers(process: Process) -> None:
    """Dramatiq's worker with its threads, until SIGTERM: what runs then is finished, what was fetched is handed back."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    broker = Broker(process.tenants.redis_url)
    # A delivery holds one connection at a time; two more are for the registry and the heartbeat.
    database = Database(process.tenants, connections=process.workers.threads + 2)
    registry = Registry(database, Keyring(process.tenants.secret_keys))
    deliverer = Deliverer(database, registry, postman(process.tenants, process.workers), process.workers)
    declare(broker, deliverer.deliver)
    broker.add_middleware(_Background(process, database, registry, stop.set))
    worker = dramatiq.Worker(broker, worker_threads=process.workers.threads, worker_timeout=IDLE_MILLISECONDS)
    worker.queue_prefetch = process.workers.threads
    worker.start()
    stop.wait()
    worker.stop(timeout=FINISH_SECONDS * 1000)
    broker.close()


class _Background(Middleware):
    """What runs beside deliveries on their event loop, from before the first to after the last."""

    def __init__(self, process: Process, database: Database, registry: Registry, orphaned: Callable[[], None]) -> None:
        self._process = process
        self._database = database
        self._registry = registry
        self._orphaned = orphaned
        self._heartbeat = Heartbeat(database, Role.HANDLERS, process.holder)
        self._tasks: list[asyncio.Task[None]] = []

    def before_worker_boot(self, _broker: dramatiq.Broker, _worker: Worker) -> None:
        self._on_loop(self._start())

    def after_worker_shutdown(self, _broker: dramatiq.Broker, _worker: Worker) -> None:
        self._on_loop(self._stop())

    @staticmethod
    def _on_loop(work: Coroutine[Any, Any, None]) -> None:
        thread = get_event_loop_thread()
        if thread is None:
            raise RuntimeError("the AsyncIO middleware stands before this one")
        asyncio.run_coroutine_threadsafe(work, thread.loop).result(timeout=10)

    async def _start(self) -> None:
        loops = [
            forever("registry", self._refresh, Pace(1, 1)),
            forever("heartbeat", self._heartbeat.step, Pace(BEAT_SECONDS, BEAT_SECONDS)),
            self._process.beat(self._orphaned),
        ]
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def _refresh(self) -> bool:
        await self._registry.refresh()
        return False

    async def _stop(self) -> None:
        await cancel(self._tasks)
        await quietly(self._heartbeat.stop())
        await self._database.close()
