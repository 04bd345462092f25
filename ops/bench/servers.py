"""The servers under measurement, each one granian worker on a port of its own, with its own children's environment."""

from __future__ import annotations

import asyncio
import compileall
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.bench.collector import collector
from ops.bench.load import Target
from ops.dev import children
from ops.stack import Addresses, Stack
from ops.stack.addresses import LOOPBACK
from ops.stack.children import Child
from ops.stack.memory import Memory, free_port
from tenants.environment import Environment
from tenants.naming import RoleName, SchemaName
from tenants.settings import TenantSettings

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "auth", "migrations", "ops", "tenants", "workers")
READY_TRIES = 400
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Bench:
    """A stack of its own, empty, with the environment that `imprint` commands on it need."""

    folder: Path
    environment: Mapping[str, str]
    settings: TenantSettings
    port: int

    @property
    def target(self) -> Target:
        return Target(LOOPBACK, self.port)


@asynccontextmanager
async def bench_stack(**postgres: str) -> AsyncIterator[Bench]:
    """Postgres and Redis in a temporary folder, gone afterwards; the code compiled, as an installation has it. `postgres`: settings of its own."""
    for package in PACKAGES:
        compileall.compile_dir(ROOT / package, quiet=2)
    with tempfile.TemporaryDirectory(prefix="imprint-bench-") as folder:
        stack = Stack(Path(folder), postgres={"max_connections": 200, **postgres})
        addresses = await stack.start()
        try:
            port = free_port()
            environment = _environment(addresses, stack.memory, port)
            env = Environment(environment)
            settings = TenantSettings.read(env)
            env.finish()
            yield Bench(Path(folder), environment, settings, port)
        finally:
            await stack.stop()
            stack.discard()


@asynccontextmanager
async def imprint(bench: Bench, **more: str) -> AsyncIterator[Child]:
    """With its request log, its metrics, and traces of one request in a hundred on their way to a collector, as in production.

    `more`: variables beside those.
    """
    with collector() as endpoint:
        production = {
            "IMPRINT_ENV": "production",
            "IMPRINT_PUBLIC_URL": f"https://localhost:{bench.port}",
            "IMPRINT_DRAIN_SECONDS": "0",
            "IMPRINT_OTLP_ENDPOINT": endpoint,
        }
        environment = {**os.environ, **bench.environment, **production, **more}
        server = children.imprint("imprint", "serve", "--port", str(bench.port), env=environment, log=bench.folder / "server.log")
        server.start()
        try:
            await children.ready(server, bench.port)
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def floor(bench: Bench, schema: SchemaName, role: RoleName | str) -> AsyncIterator[Target]:
    """The hand-written server on one tenant's schema."""
    target = Target(LOOPBACK, free_port())
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--no-ws", "--log-level", "error"]
    command += ["--host", target.host, "--port", str(target.port), "ops.bench.floors.serving:application"]
    told = {"IMPRINT_BENCH_URL": bench.settings.admin_database_url, "IMPRINT_BENCH_SCHEMA": schema, "IMPRINT_BENCH_ROLE": role}
    server = Child(name="the floor", command=command, env={**os.environ, **told})
    server.start()
    try:
        await _listening(target)
        yield target
    finally:
        await server.stop()


async def _listening(target: Target) -> None:
    for _ in range(READY_TRIES):
        try:
            _, writer = await asyncio.open_connection(target.host, target.port)
        except OSError:
            await asyncio.sleep(PAUSE)
        else:
            writer.close()
            return
    raise TimeoutError(f"nothing listens on port {target.port}")


def _environment(addresses: Addresses, memory: Memory, port: int) -> dict[str, str]:
    return {
        "IMPRINT_ENV": "dev",
        "IMPRINT_DATABASE_URL": addresses.database_url,
        "IMPRINT_ADMIN_DATABASE_URL": addresses.admin_url,
        "IMPRINT_REDIS_URL": addresses.redis_url,
        "IMPRINT_SECRET_KEY": memory.secret_key,
        "IMPRINT_PUBLIC_URL": f"http://localhost:{port}",
        "IMPRINT_OPERATORS_TOKEN": memory.operators_token,
    }
