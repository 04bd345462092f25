"""The servers that tests run against: one embedded stack for the whole run, one database with roles of its own per process."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from ops.stack import THROWN_AWAY, Addresses, Stack, databases
from ops.stack.addresses import redis_url
from ops.stack.binaries import installed
from ops.stack.databases import Database
from tenants.environment import Environment
from tenants.settings import TenantSettings
from tests import postgres15 as debian
from tests.proofs import Proofs

# How long an example takes says how busy the machine is.
hypothesis.register_profile("imprint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("imprint")

FORGETFUL = {**THROWN_AWAY, "max_connections": 300, "max_wal_size": "4GB"}
WORKER_INPUT = "imprint_stack"


class SharedStack:
    """Started by the process that hands out the tests; the others are told its addresses."""

    def __init__(self) -> None:
        self._stack = Stack(Path(tempfile.mkdtemp(prefix="imprint-tests-")), postgres=FORGETFUL)
        self.addresses = asyncio.run(self._stack.start())

    def stop(self) -> None:
        for child in self._stack.children:
            os.kill(child.pid, child.stop_signals[-1])  # at once: what it would still write is thrown away
        asyncio.run(self._stack.stop())
        self._stack.discard()

    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput[WORKER_INPUT] = json.dumps(dataclasses.asdict(self.addresses), default=str)


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a background job of a shell is begun: what tests start would be deaf too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Proofs(config), "imprint-proofs")
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        shared = SharedStack()
        config.pluginmanager.register(shared, "imprint-stack")
        config.add_cleanup(shared.stop)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.scheduling import OneInstallation  # only where xdist is

    return OneInstallation(config, log)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[Addresses]:
    """Addresses of this run's Postgres 18 and Redis."""
    given = getattr(request.config, "workerinput", {}).get(WORKER_INPUT)
    if given:
        told = json.loads(given)
        yield Addresses(**{**told, "postgres_sockets": Path(told["postgres_sockets"]), "redis_socket": Path(told["redis_socket"])})
    else:
        shared = SharedStack()
        yield shared.addresses
        shared.stop()


@pytest.fixture(scope="session")
def worker_name() -> str:
    """gw0, gw1 … under xdist, else main: part of the names of whatever this process has for itself."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def database(stack: Addresses, worker_name: str) -> Database:
    """An empty database of this process, with an admin role that is no superuser and a login role that owns nothing."""
    passwords = {"admin_password": secrets.token_urlsafe(12), "app_password": secrets.token_urlsafe(12)}
    own = Database(f"imprint_test_{worker_name}", f"imprint_admin_{worker_name}", f"imprint_app_{worker_name}", **passwords)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    return own


@pytest.fixture(scope="session")
def settings(stack: Addresses, database: Database, worker_name: str) -> TenantSettings:
    """Settings for this process's database, its own owner role and its own numbered Redis database."""
    number = 0 if worker_name == "main" else int(worker_name.removeprefix("gw")) + 1
    password = stack.redis_url.split(":")[2].split("@")[0]
    env = Environment(
        {
            "IMPRINT_ENV": "dev",
            "IMPRINT_ADMIN_DATABASE_URL": database.admin_url(stack.postgres_port),
            "IMPRINT_DATABASE_URL": database.app_url(stack.postgres_port),
            "IMPRINT_OWNER_ROLE": f"imprint_owner_{worker_name}",
            "IMPRINT_REDIS_URL": redis_url(password, stack.redis_port, number),
            "IMPRINT_SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
        }
    )
    read = TenantSettings.read(env)
    env.finish()
    return dataclasses.replace(read, acquire_timeout=60)  # a loaded machine is slow, not exhausted


@pytest.fixture(scope="session")
def postgres15() -> Iterator[debian.Postgres15]:
    """A throwaway cluster of Debian's Postgres 15."""
    if not debian.BIN.is_dir():
        pytest.skip("peer postgresql-15 is not installed")  # outside Debian with root the peer is named, and only its tests are left out
    server = debian.start()
    yield server
    server.stop()
