"""The server, the worker and the demo's loader as children of `imprint dev`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from ops.dev.supervisor import how_it_ended
from ops.stack.addresses import LOOPBACK
from ops.stack.children import Child
from ops.stack.failures import StackFailed

READY_SECONDS = 60.0
LOOK_SECONDS = 0.05


def imprint(name: str, *arguments: str, env: Mapping[str, str], log: Path | None = None) -> Child:
    return Child(name=name, command=[sys.executable, "-m", "ops", *arguments], env=env, grace=35.0, log=log)


async def ready(server: Child, port: int) -> None:
    """Waits until the server may get requests. Raises StackFailed when it ends instead; its last words are in the message."""
    deadline = asyncio.get_running_loop().time() + READY_SECONDS
    while server.running and asyncio.get_running_loop().time() < deadline:
        if await asyncio.to_thread(_is_ready, port):
            return
        await asyncio.sleep(LOOK_SECONDS)
    ended = "did not get ready in time" if server.running else how_it_ended(server)
    raise StackFailed(f"The server {ended}: {server.last_words() or 'see above'}")


def _is_ready(port: int) -> bool:
    connection = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
