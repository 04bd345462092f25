"""One Redis: bound to loopback, with a password, keeping nothing on disk."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from ops.stack.addresses import LOOPBACK
from ops.stack.binaries import Binaries
from ops.stack.children import POLL, Child
from ops.stack.failures import StackFailed
from ops.stack.service_user import ServiceUser

START_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class RedisServer:
    binaries: Binaries
    services: Path
    sockets: Path
    user: ServiceUser | None
    log: Path

    @property
    def folder(self) -> Path:
        return self.services / "redis"

    @property
    def socket(self) -> Path:
        return self.sockets / "redis.sock"

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            self.user.own(self.folder)
        self.socket.unlink(missing_ok=True)

    def child(self, port: int, password: str) -> Child:
        settings = {
            "bind": LOOPBACK,
            "port": port,
            "unixsocket": f'"{self.socket}"',
            "unixsocketperm": 700,
            "dir": f'"{self.folder}"',
            "requirepass": password,
            "save": '""',
            "appendonly": "no",
            "daemonize": "no",
        }
        return Child(
            name="Redis",
            command=[self.binaries.redis_server, "-"],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            user=self.user,
            log=self.log,
            stdin="".join(f"{name} {value}\n" for name, value in settings.items()).encode(),
        )

    async def ready(self, child: Child, port: int, password: str) -> None:
        """Waits until it answers PING. Raises StackFailed when it stops instead."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while child.running and asyncio.get_running_loop().time() < deadline:
            if await _answers(port, password):
                return
            await asyncio.sleep(POLL)
        what = "takes too long to start" if child.running else "stopped while starting"
        raise StackFailed(f"Redis {what} ({child.last_words()}): see {self.log}")


async def _answers(port: int, password: str) -> bool:
    """Speaks the protocol by hand: the client library costs more to import than this server to start."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    try:
        writer.write(f"AUTH {password}\r\nPING\r\n".encode())
        await writer.drain()
        return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
    except OSError:
        return False
    finally:
        writer.close()
