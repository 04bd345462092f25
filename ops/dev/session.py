"""One run of `imprint dev`, from the first server to the last child's end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops import env_file
from ops.commands import COMMANDS
from ops.dev import children, supervisor
from ops.dev.greeting import TENANTS, greeting, where_metrics_are
from ops.dev.variables import brings_own_servers, variables
from ops.observe.metrics import FOLDER as METRICS
from ops.settings import admin_settings
from ops.stack import Stack
from ops.stack.addresses import LOOPBACK
from ops.stack.binaries import installed
from ops.stack.children import Child
from ops.stack.leftovers import MARK
from ops.stack.memory import is_free, write_private
from tenants.database import Database
from tenants.errors import ConfigurationError
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.tiers import ENTERPRISE

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wishes:
    port: int
    data: Path
    demo: bool


class Session:
    """Starts everything in order; `close` stops it in the opposite one, whatever had been reached."""

    def __init__(self, wishes: Wishes, say: Say, show: Say) -> None:
        self._wishes = wishes
        self._say = say
        self._show = show
        self._stack = Stack(wishes.data, say)
        self._children: list[Child] = []
        self._own = brings_own_servers(os.environ)

    async def run(self) -> None:
        """Runs until cancelled. Raises ConfigurationError, AlreadyRunning, StackFailed and whatever migrating raises."""
        if not is_free(self._wishes.port):
            raise ConfigurationError([f"port {self._wishes.port} is in use: choose another with --port"])
        environment = await self._prepare()
        server, kept = self._start(environment)
        await children.ready(server, self._wishes.port)
        demo = self._wishes.demo and "demo" in COMMANDS
        if demo:
            await _let_people_in(admin_settings(environment))
        psql = None if self._own else installed()
        self._show(greeting(self._wishes.port, where_metrics_are(environment), self._stack.folder, psql, demo=demo))
        if demo:
            loader = children.imprint("demo", "demo", "load", env=environment)
            self._children.append(loader)
            loader.start()
        await supervisor.keep([*kept, *self._stack.children], self._say)

    async def close(self) -> None:
        if self._children or self._stack.children:
            self._say("stopping")
        await asyncio.gather(*(child.stop() for child in self._children))
        await self._stack.stop()
        self._env_file.unlink(missing_ok=True)

    @property
    def _env_file(self) -> Path:
        return self._stack.folder.path / env_file.NAME

    async def _prepare(self) -> dict[str, str]:
        """Servers, schemas and organizations; returns the children's environment."""
        addresses = await (self._stack.hold() if self._own else self._stack.start())
        folder = self._stack.folder.path
        said = variables(os.environ, addresses, self._stack.memory, self._wishes.port, folder)
        settings = admin_settings(said)
        write_private(self._env_file, env_file.text(said))
        from migrations import runner  # noqa: PLC0415 - half a second that the servers' start need not wait for
        from ops.progress import Lines  # noqa: PLC0415 - as above

        await runner.up(settings, listener=Lines(self._say))
        await _found_missing(settings, self._say)
        metrics = folder / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        return {**os.environ, **said, MARK: str(folder), METRICS: str(metrics)}

    def _start(self, environment: dict[str, str]) -> tuple[Child, list[Child]]:
        self._say("starting the server" + (" and the worker" if "worker" in COMMANDS else ""))
        logs = self._stack.folder.logs
        at = ("--host", LOOPBACK, "--port", str(self._wishes.port))
        server = children.imprint("the server", "serve", *at, env=environment, log=logs / "server.log")
        kept = [server]
        if "worker" in COMMANDS:
            kept.append(children.imprint("the worker", "worker", env=environment, log=logs / "worker.log"))
        self._children += kept
        for child in kept:
            child.start()
        return server, kept


async def _found_missing(settings: TenantSettings, say: Say) -> None:
    from ops.organizations.founding import found  # noqa: PLC0415 - as above

    async with Database(settings, connections=2) as database:
        there = {tenant.slug for tenant in await Registry(database, Keyring(settings.secret_keys)).all() if tenant.status != "provisioning"}
        for slug, name in TENANTS.items():
            if slug not in there:
                say(f"making the organization {slug}")
                await found(settings, database, slug=slug, name=name, owner_email=f"owner@{slug}.example", tier=ENTERPRISE)


async def _let_people_in(settings: TenantSettings) -> None:
    """Whoever the greeting names can sign in when it is printed; what they wrote comes while it is read."""
    from ops.demo.loading import load_logins  # noqa: PLC0415 - as above

    await asyncio.gather(*(load_logins(settings, slug) for slug in TENANTS))


async def run(wishes: Wishes, say: Say, show: Say) -> None:
    """Until Ctrl-C, SIGTERM or the terminal's end; nothing is left running, however it ends."""
    session = Session(wishes, say, show)
    working = asyncio.ensure_future(session.run())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        return
    finally:
        await session.close()
