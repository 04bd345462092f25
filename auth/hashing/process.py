"""The parent's side: starts the process that hashes, asks it, and starts it again where it ended."""

from __future__ import annotations

import asyncio
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket, socketpair
from typing import Self

import structlog

PROGRAM = Path(__file__).with_name("program.py")
HANDED_ON = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")
TRIES = 3
PATIENCE, HURRY, DEADLINE = 0.5, 10.0, 30.0
TUNED = {"GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=1048576:glibc.malloc.hugetlb=1"}
"""What a hash works in (19 MiB) goes back to the system after it, and comes in large pages: in small ones that costs half a hash."""
_LENGTH = struct.Struct(">I")

log = structlog.get_logger(__name__)


class Unanswered(Exception):
    """The process ended over a request, and so did its successor; or there is none because nobody wants one any more."""


class Hashing:
    """One process, `lanes` requests at a time, for one event loop. It is started by the first request, and by the first after its end.

    It stands behind whatever else wants the processor. Where it comes to nothing there within `patience`, another takes its place for
    `hurry` that does not; what that has not answered within `deadline` is given up. All in seconds.
    """

    def __init__(self, lanes: int, *, patience: float = PATIENCE, hurry: float = HURRY, deadline: float = DEADLINE, program: Path = PROGRAM) -> None:
        self._lanes = lanes
        self._program = program
        self._patience = patience
        self._hurry = hurry
        self._deadline = deadline
        self._hurried_until = 0.0
        self._turns = asyncio.Semaphore(lanes)
        self._running: _Process | None = None
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._running.pid if self._running else None

    def close(self) -> None:
        self._closed = True
        if self._running:
            self._end(self._running)

    async def ask(self, known: str, password: str) -> str:
        """See `auth.hashing.program`. Raises Unanswered."""
        request = f"{known}\0{password}".encode()
        async with self._turns:
            for _ in range(TRIES):
                if self._closed:
                    break
                try:
                    return (await self._asked(request)).decode()
                except TimeoutError:
                    self._hurried_until = time.monotonic() + self._hurry
                    log.info("the hashing process had no time; its successor takes its share", seconds=self._hurry)
                except (OSError, EOFError) as error:
                    log.warning("the hashing process did not answer; it is started again", reason=repr(error))
        raise Unanswered

    async def _asked(self, request: bytes) -> bytes:
        running = self._chosen()
        try:
            async with asyncio.timeout(self._patience if running.behind else self._deadline):
                return await running.ask(request)
        except BaseException:
            # Also when this task is cancelled: the answer to come would be taken for that of the next request.
            self._end(running)
            raise

    def _chosen(self) -> _Process:
        behind = time.monotonic() >= self._hurried_until
        if self._running and behind and not self._running.behind and self._running.idle:
            self._end(self._running)
        if self._running is None:
            self._running = _Process.started(self._program, self._lanes, behind=behind)
            self._running.watch(self._end)
        return self._running

    def _end(self, running: _Process) -> None:
        running.end()
        if self._running is running:
            self._running = None


@dataclass(slots=True, eq=False)
class _Process:
    """`free`: our ends of the lanes on which nothing is under way."""

    popen: subprocess.Popen[bytes]
    free: list[socket]
    lanes: int
    behind: bool
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    ended: bool = False

    @classmethod
    def started(cls, program: Path, lanes: int, *, behind: bool) -> Self:
        """Raises OSError."""
        pairs = [socketpair(AF_UNIX, SOCK_STREAM) for _ in range(lanes)]
        theirs = [there.fileno() for _, there in pairs]
        try:
            popen = subprocess.Popen(
                [sys.executable, "-P", program, "behind" if behind else "beside", *map(str, theirs)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                pass_fds=theirs,
                # In our environment there are secrets.
                env=TUNED | {name: os.environ[name] for name in HANDED_ON if name in os.environ},
                # A terminal's Ctrl-C goes to its whole foreground group; and see `auth.hashing.program` for the priority.
                start_new_session=True,
            )
        except BaseException:
            for ours, _ in pairs:
                ours.close()
            raise
        finally:
            for _, there in pairs:
                there.close()
        for ours, _ in pairs:
            ours.settimeout(0)
        return cls(popen, [ours for ours, _ in pairs], lanes, behind)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def idle(self) -> bool:
        return len(self.free) == self.lanes

    def watch(self, ended: Callable[[Self], None]) -> None:
        """Nothing is ever written to its stdout: that can only end, with the process."""
        self.loop.add_reader(self._life(), ended, self)

    async def ask(self, request: bytes) -> bytes:
        """Raises OSError, or EOFError where the process ended."""
        lane, kept = self.free.pop(), False
        try:
            await self.loop.sock_sendall(lane, _LENGTH.pack(len(request)) + request)
            answer = await self._received(lane, _LENGTH.unpack(await self._received(lane, _LENGTH.size))[0])
            kept = not self.ended
            return answer
        finally:
            if kept:
                self.free.append(lane)
            else:
                lane.close()

    async def _received(self, lane: socket, size: int) -> bytes:
        received = b""
        while len(received) < size:
            more = await self.loop.sock_recv(lane, size - len(received))
            if not more:
                raise EOFError("it ended")
            received += more
        return received

    def end(self) -> None:
        """At once; what is under way meets the end of its lane and closes it."""
        if self.ended:
            return
        self.ended = True
        if not self.loop.is_closed():
            self.loop.remove_reader(self._life())
        self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()
        for lane in self.free:
            lane.close()

    def _life(self) -> int:
        return self.popen.stdout.fileno() if self.popen.stdout else -1
