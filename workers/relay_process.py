"""The process that moves what is due: relay, publisher, sweeper, timers, rounds, and what only one process does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import structlog
import uvloop

import workers.reactions  # noqa: F401 - fills the registry of reactions
from auth.realms.key import RealmKey
from auth.realms.realms import Realms
from tenants.database import Database
from tenants.registry import Registry
from tenants.secrets import Keyring
from workers.anchoring import Anchoring
from workers.broker import Broker
from workers.certificates import CertificateWarnings
from workers.front import FrontDesk
from workers.heartbeat import BEAT_SECONDS, Heartbeat, Role
from workers.life import Process, cancel, quietly
from workers.loops import Pace, forever
from workers.mail import postman
from workers.publisher import Publisher
from workers.realms import RealmBuilding
from workers.relay import Relay
from workers.retention import Retention, TenantRetention
from workers.rounds import DailyRound, Visit
from workers.sign_ups import SignUpMaker
from workers.stock import StockKeeper
from workers.sweeper import Sweeper
from workers.timers import TimerRunner

RELAY_CONNECTIONS = 4

log = structlog.get_logger(__name__)


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
        await cancel(tasks)
        await quietly(timers.stop(), heartbeat.stop())
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
