"""What a killed run left behind: servers at work in the data folder, and our own children that lost their parent."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

MARK = "IMPRINT_DEV_FOLDER"
SERVERS = frozenset({"postgres", "redis-server"})
GRACE = 8.0
POLL = 0.02


async def clear(folder: Path, services: Path, say: Callable[[str], None]) -> None:
    """Ends them, gently first. The caller holds the folder's lock, so that none of them can be in use."""
    found = set(_servers_in(services)) | set(_marked(folder))
    if found:
        say(f"ending {len(found)} processes of a run that was killed")
        await _end(found, lambda: set(_servers_in(services)) | set(_marked(folder)))
    _forget(services)


def _forget(services: Path) -> None:
    """With nobody at work here a process id on file can only belong to a stranger by now, and Postgres would trust it."""
    if _has_proc():
        for stale in (services / "postgres/postmaster.pid", *services.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)


async def _end(found: set[int], still: Callable[[], set[int]]) -> None:
    for pid in found:
        # SIGINT is Postgres' fast shutdown; SIGTERM would wait for its clients.
        _signal(pid, signal.SIGINT if _name(pid) == "postgres" else signal.SIGTERM)
    await _until_gone(still)
    for pid in still():
        _signal(pid, signal.SIGKILL)
    await _until_gone(still)


async def _until_gone(still: Callable[[], set[int]]) -> None:
    deadline = asyncio.get_running_loop().time() + GRACE
    while still() and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(POLL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _has_proc() -> bool:
    return Path("/proc/self/cwd").exists()


def _pids() -> Iterator[int]:
    if _has_proc():
        yield from (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and int(entry.name) != os.getpid())


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
    except OSError:
        return ""


def _servers_in(services: Path) -> Iterator[int]:
    """Postgres and Redis both work from within their data folder."""
    for pid in _pids():
        try:
            cwd = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            continue
        if cwd.is_relative_to(services) and _name(pid) in SERVERS:
            yield pid


def _marked(folder: Path) -> Iterator[int]:
    mark = f"{MARK}={folder}".encode()
    for pid in _pids():
        try:
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in variables:
            yield pid
