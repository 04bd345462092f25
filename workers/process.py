"""The two kinds of worker processes, each from its start to its end."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dramatiq
import structlog
import uvloop
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

import workers.reactions  # noqa: F401 - fills the registry of reactions
from auth.realms.key import RealmKey
from auth.realms.realms import Realms
from tenants.database import Database
from tenants.environment import Environment
from tenants.errors import RetryLater
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from workers.actors import declare
from workers.anchoring import Anchoring
from workers.broker import Broker
from workers.certificates import CertificateWarnings
from workers.deliveries import Deliverer
from workers.front import FrontDesk
from workers.heartbeat import BEAT_SECONDS, Heartbeat, Role
from workers.leases import new_holder
from workers.loops import Pace, forever
from workers.mail import postman
from workers.publisher import Publisher
from workers.realms import RealmBuilding
from workers.relay import Relay
from workers.retention import Retention, TenantRetention
from workers.rounds import DailyRound, Visit
from workers.settings import WorkerSettings
from workers.sign_ups import Founder, SignUpMaker
from workers.stock import StockKeeper
from workers.sweeper import Sweeper
from workers.timers import TimerRunner

if TYPE_CHECKING:
    from dramatiq.worker import Worker

RELAY_CONNECTIONS = 4
IDLE_MILLISECONDS = 100
FINISH_SECONDS = 25

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


def run_relay(process: Process) -> None:
    """Relay, publisher, sweeper, timers and retention, until SIGTERM."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_relay(process))


async def _relay(process: Process) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    broker = Broker(process.tenants.redis_url)
    async with Database(process.tenants, connections=RELAY_CONNECTIONS) as database:
        heartbeat = Heartbeat(database, Role.RELAY, process.holder)
        timers = TimerRunner(database, process.holder)
        registry = Registry(database, Keyring(process.tenants.secret_keys))
        relay, publisher = Relay(database), Publisher(database, broker, process.workers)

        async def move() -> bool:
            expanded = await relay.step()
            return await publisher.step() or expanded

        loops = [
            forever("relay", move, Pace(0.005, 0.15)),
            forever("sweeper", Sweeper(database, process.workers).step, Pace(0.1, 1)),
            forever("timers", timers.step, Pace(0.05, 1)),
            forever("retention", Retention(database).step, Pace(1, 600)),
            *_rounds(process, database, registry),
            *_sign_ups(process, database),
            forever("front", _front(process, database).step, Pace(0.05, 1)),
            forever("heartbeat", heartbeat.step, Pace(BEAT_SECONDS, BEAT_SECONDS)),
            process.beat(stop.set),
            *_stock(process, database),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        await stop.wait()
        await _cancel(tasks)
        await _quietly(timers.stop(), heartbeat.stop())
    broker.close()


def _rounds(process: Process, database: Database, registry: Registry) -> list[Coroutine[Any, Any, None]]:
    """What is done for every organization once a day, or at all."""
    visits: dict[str, Visit] = {
        "tenant-retention": TenantRetention(database),
        "anchoring": Anchoring(database, registry, Keyring(process.tenants.secret_keys)),
        "home-realms": RealmBuilding(database, registry, Realms(database, registry.keyring)),
        "certificates": CertificateWarnings(database, registry, postman(process.tenants, process.workers)),
    }
    return [forever(name, DailyRound(name, database, registry, process.holder, visit).step, Pace(0.1, 600)) for name, visit in visits.items()]


def _front(process: Process, database: Database) -> FrontDesk:
    realms = Realms(database, Keyring(process.tenants.secret_keys))
    return FrontDesk(database, realms, postman(process.tenants, process.workers))


def _sign_ups(process: Process, database: Database) -> list[Coroutine[Any, Any, None]]:
    """The loop that makes organizations which people asked for, where that is possible."""
    if process.founder is None:
        return []
    if not process.tenants.admin_database_url:
        log.warning("nobody's organization is made: this worker has no IMPRINT_ADMIN_DATABASE_URL")
        return []
    maker = SignUpMaker(process.tenants, database, RealmKey(database, Keyring(process.tenants.secret_keys)), process.founder)
    return [forever("sign-ups", maker.step, Pace(0.05, 1))]


def _stock(process: Process, database: Database) -> list[Coroutine[Any, Any, None]]:
    """The loop that keeps places ready, where that is wanted and possible."""
    wanted = process.workers.stock
    if not wanted:
        return []
    if not process.tenants.admin_database_url:
        log.warning("no stock is kept: this worker has no IMPRINT_ADMIN_DATABASE_URL; organizations are made from nothing", wanted=wanted)
        return []
    return [forever("stock", StockKeeper(process.tenants, database, wanted, process.holder).step, Pace(0.5, 5))]


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
        await _cancel(self._tasks)
        await _quietly(self._heartbeat.stop())
        await self._database.close()


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


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _quietly(*work: Coroutine[Any, Any, None]) -> None:
    """Courtesies at the end; without the database they are left out."""
    for one in work:
        try:
            await one
        except RetryLater as error:
            log.warning("left without saying so", reason=error.message)


RUN = {Role.RELAY: run_relay, Role.HANDLERS: run_handlers}


def main(arguments: list[str] | None = None) -> None:
    """`python -m workers.process relay|handlers [--pulse FD] [--prepare m:function] [--founder m:function]`: how the supervisor starts each.

    The prepared function is called with the role before anything else, to set up logs and exporters; what it returns is
    called at the end, to flush them. The founder makes the organizations that people ask for.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("role", type=Role, choices=list(Role))
    parser.add_argument("--pulse", type=int)
    parser.add_argument("--prepare", default="")
    parser.add_argument("--founder", default="")
    given = parser.parse_args(arguments)
    prepare = _named(given.prepare)
    flush: Callable[[], None] | None = prepare(str(given.role)) if prepare else None
    if given.pulse is not None:
        os.set_blocking(given.pulse, False)
    try:
        RUN[given.role](Process.from_environment(given.pulse, _named(given.founder)))
    finally:
        if flush:
            flush()


def _named(text: str) -> Any:
    """The function that `module:function` names; None where it names none."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name) if module else None


if __name__ == "__main__":
    main(sys.argv[1:])
