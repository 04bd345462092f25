"""The HTTP server: granian's processes, each with the product behind the front."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import FrameType
from typing import cast

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server.mp import MPServer
from prometheus_client.multiprocess import mark_process_dead

from app.main import build
from migrations.history import History, head, is_behind
from migrations.serving import serves
from ops import limits, operators
from ops.asgi import Application, Message, Receive, Scope, Send
from ops.console.running import Running
from ops.front import Front
from ops.giving_way import GivingWay
from ops.health import Health
from ops.in_time import InTime
from ops.observe import logs, traces
from ops.observe.access import access_log
from ops.observe.http import Observed
from ops.observe.sampling import chooser
from ops.settings import Settings
from ops.stack.memory import is_free
from tenants.database import Database, DatabaseUnavailable
from tenants.errors import ConfigurationError
from tenants.lifecycle import NeverMigrated
from tenants.orphans import die_with_parent
from tenants.statements import statement
from workers.mailbox import mailbox_app

DRAIN = signal.SIGUSR1
STOP_SECONDS = 30
MAILBOX = "/dev/mail"
CONTROL_REVISION = statement("SELECT version_num FROM control.alembic_version")
MIGRATED = statement("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'control' AND tablename = 'installation')")


@dataclass(frozen=True, slots=True)
class Listening:
    host: str
    port: int
    workers: int


class Server(MPServer):
    """Granian, but on SIGTERM or Ctrl-C readiness goes red first; a second signal does not wait."""

    drain_seconds = 0

    def signal_handler_interrupt(self, *args: int | FrameType | None, **kwargs: object) -> None:  # noqa: ARG002 - granian's signature
        if self.drain_seconds:
            for worker in self.wrks:
                os.kill(worker.inner.pid, DRAIN)
            timer = threading.Timer(self.drain_seconds, super().signal_handler_interrupt)
            timer.daemon = True
            timer.start()
            self.drain_seconds = 0
        else:
            super().signal_handler_interrupt()  # type: ignore[no-untyped-call]


def run(settings: Settings, at: Listening) -> None:
    """Serves until it is told to stop. Raises ConfigurationError or NeverMigrated before anything listens."""
    if not is_free(at.port, at.host):
        raise ConfigurationError([f"port {at.port} is in use: choose another with --port"])
    logs.configure(dev=settings.tenants.dev)
    asyncio.run(check_migrated(settings))
    pages = Running(settings.tenants, settings.operators.url)
    console = operators.listen(settings.operators, pages, settings.auth.trusted_proxies) if settings.operators.port else None
    server = Server(
        "ops.serve:application",
        address=at.host,
        port=at.port,
        interface=Interfaces.ASGI,
        workers=at.workers,
        loop=Loops.uvloop,
        # Telling HTTP/2 apart waits for a first byte, for ever.
        http=HTTPModes.http1,
        http1_settings=limits.http1(settings.idle_seconds),
        backlog=limits.BACKLOG,
        backpressure=limits.connections(),
        websockets=False,
        factory=True,
        log_level=LogLevels.warning,
        log_dictconfig=logs.standard(dev=settings.tenants.dev),
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        process_name=None,
    )
    server.drain_seconds = settings.drain
    server.serve()
    if console:
        console.shutdown()
        pages.close()


async def check_migrated(settings: Settings) -> None:
    """Raises NeverMigrated, or ConfigurationError where the database does not answer or its control schema is an earlier release's."""
    async with Database(settings.tenants, connections=1) as database:
        try:
            async with database.control() as connection:
                migrated = await connection.fetchval(MIGRATED)
                revision = await connection.fetchval(CONTROL_REVISION) if migrated else None
        except DatabaseUnavailable as error:
            raise ConfigurationError(
                [f"IMPRINT_DATABASE_URL does not answer ({error.__cause__ or error}): start Postgres there, or correct it"]
            ) from error
    if not migrated:
        raise NeverMigrated("This database has no control schema yet: run `imprint migrate up` first.")
    if is_behind(History.CONTROL, revision):
        raise ConfigurationError(
            [f"the control schema is at revision {revision}, this release needs {head(History.CONTROL)}: run `imprint migrate up` first"]
        )


def application() -> Application:
    """One server process's ASGI application, from the environment."""
    if ask := die_with_parent(signal.SIGTERM, os.getppid()):
        ask()
    settings = Settings.read(os.environ)
    logs.configure(dev=settings.tenants.dev)
    flush = traces.configure(settings.otlp_endpoint, "imprint-server", dev=settings.tenants.dev)
    health = Health(settings.tenants)
    mail = settings.workers.smtp_url
    pages: dict[str, Application] = {MAILBOX: cast("Application", mailbox_app(mail))} if settings.tenants.dev and mail.startswith("file:") else {}
    product = GivingWay(InTime(cast("Application", build(settings, serves)), settings.body_seconds))
    front = Front(product, health, settings.operators.token, pages, base_host=settings.tenants.base_host)
    # Again: Litestar configures the standard library's logging while it is built.
    logs.configure(dev=settings.tenants.dev)
    dev = settings.tenants.dev
    return Observed(_Lifespan(front, health, flush), access_log(dev=dev), chooser(traced=bool(settings.otlp_endpoint), dev=dev))


class _Lifespan:
    """Opens and closes what the front itself holds, around the product's own start and end."""

    def __init__(self, app: Application, health: Health, flush: Callable[[], None]) -> None:
        self._app = app
        self._health = health
        self._flush = flush

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] != "lifespan":
            return self._app(scope, receive, send)
        asyncio.get_running_loop().add_signal_handler(DRAIN, self._drain)

        async def closing(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await self._close()
            await send(message)

        return self._app(scope, receive, closing)

    def _drain(self) -> None:
        self._health.draining = True

    async def _close(self) -> None:
        await self._health.close()
        await asyncio.to_thread(self._flush)
        mark_process_dead(os.getpid())  # type: ignore[no-untyped-call]
