"""The stack: one data folder's Postgres and Redis, started together and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ops.stack import databases, leftovers, service_user
from ops.stack.addresses import Addresses, postgres_url, redis_url
from ops.stack.binaries import Binaries, reachable
from ops.stack.children import Child
from ops.stack.databases import Database
from ops.stack.failures import StackFailed
from ops.stack.folder import Folder, places, sockets
from ops.stack.memory import Memory
from ops.stack.postgres import SUPERUSER, Postgres
from ops.stack.redis_server import RedisServer

ATTEMPTS = 3
# Of Postgres where nothing of what it holds has to survive the machine: nobody waits for its disk.
THROWN_AWAY = MappingProxyType({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})


def _silent(_: str) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True)
class _Servers:
    postgres: Postgres
    redis: RedisServer


class Stack:
    """Starts and stops the servers of one data folder; a folder belongs to one stack at a time.

    `postgres`: settings of the server besides those it has, or others (postgresql.conf).

    `children` are for whoever supervises them. `start` raises ConfigurationError (folder, version, programs),
    AlreadyRunning, or StackFailed; whatever it raises, nothing of it is left running.
    """

    def __init__(self, data: Path, say: Callable[[str], None] = _silent, *, postgres: Mapping[str, object] = MappingProxyType({})) -> None:
        self.folder = Folder(data.absolute())
        self.children: list[Child] = []
        self._say = say
        self._postgres = postgres
        self._lock: int | None = None
        self._memory: Memory | None = None

    @property
    def memory(self) -> Memory:
        """The secrets and ports in use. Only after `start`."""
        if self._memory is None:
            raise RuntimeError("the stack has not been started")
        return self._memory

    async def start(self) -> Addresses:
        self.folder.prepare()
        self._lock = self.folder.lock()
        try:
            return await self._start()
        except BaseException:
            await self.stop()
            raise

    async def hold(self) -> None:
        """Takes the folder for its secrets alone, where the servers are somebody else's."""
        self.folder.prepare()
        self._lock = self.folder.lock()
        self._memory = Memory.load(self.folder.memory).with_free_ports()
        self._memory.save(self.folder.memory)
        await leftovers.clear(self.folder.path, self.folder.services.resolve(), self._say)

    async def stop(self) -> None:
        await asyncio.gather(*(child.stop() for child in self.children))
        self.children.clear()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def discard(self) -> None:
        """Removes the stopped stack's data."""
        self.folder.discard()

    async def _start(self) -> Addresses:
        memory = Memory.load(self.folder.memory)
        servers = self._servers()
        await leftovers.clear(self.folder.path, servers.postgres.services, self._say)
        servers.redis.prepare()
        # Saved first: a run killed right after initdb must find the password that the cluster was made with.
        memory = memory.with_free_ports()
        memory.save(self.folder.memory)
        if not servers.postgres.exists:
            self._say("making a Postgres cluster")
            await asyncio.to_thread(servers.postgres.initialize, memory.superuser_password)
        self._memory = await self._start_children(servers, memory)
        return await self._addresses(servers, self._memory)

    def _servers(self) -> _Servers:
        user = service_user.choose(self.folder.services)
        unlinked = Postgres(Binaries(Path()), self.folder.services, Path(), user, self.folder.logs / "postgres.log")
        unlinked.check_version(self.folder.path, self.folder.path / "postgres")
        binaries = reachable(user, places()) if user else reachable(None, self.folder.path)
        services = self.folder.make_services(user)
        at = sockets(services)
        logs = self.folder.logs
        return _Servers(
            Postgres(binaries, services, at, user, logs / "postgres.log", self._postgres),
            RedisServer(binaries, services, at, user, logs / "redis.log"),
        )

    async def _start_children(self, servers: _Servers, memory: Memory) -> Memory:
        """Somebody may take a port between our look and the server's bind: then others are tried."""
        for attempt in range(ATTEMPTS):
            try:
                await self._start_once(servers, memory)
            except StackFailed:
                if attempt == ATTEMPTS - 1 or memory == (moved := memory.with_free_ports()):
                    raise
                memory = moved
                memory.save(self.folder.memory)
            else:
                break
        return memory

    async def _start_once(self, servers: _Servers, memory: Memory) -> None:
        self._say("starting Postgres and Redis")
        postgres = servers.postgres.child(memory.postgres_port)
        redis = servers.redis.child(memory.redis_port, memory.redis_password)
        self.children = [postgres, redis]
        with contextlib.ExitStack() as on_failure:
            for child in self.children:
                child.start()
                on_failure.callback(child.kill)
            await servers.postgres.ready(postgres)
            await servers.redis.ready(redis, memory.redis_port, memory.redis_password)
            on_failure.pop_all()

    async def _addresses(self, servers: _Servers, memory: Memory) -> Addresses:
        port = memory.postgres_port
        superuser = postgres_url(SUPERUSER, memory.superuser_password, port, "postgres")
        database = Database(admin_password=memory.admin_password, app_password=memory.app_password)
        psql = servers.postgres.binaries.postgres("psql")
        await asyncio.to_thread(databases.make, psql, superuser, database, host=str(servers.postgres.sockets))
        return Addresses(
            superuser_url=superuser,
            admin_url=database.admin_url(port),
            database_url=database.app_url(port),
            redis_url=redis_url(memory.redis_password, memory.redis_port),
            postgres_port=port,
            postgres_sockets=servers.postgres.sockets,
            redis_port=memory.redis_port,
            redis_socket=servers.redis.socket,
        )
