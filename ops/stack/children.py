"""Child processes that do not outlive us: started in a session of their own, stopped in order, told when we die."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ops.stack.service_user import ServiceUser, identity
from tenants.orphans import die_with_parent

POLL = 0.01
LOG_BYTES = 5_000_000


@dataclass(slots=True)
class Child:
    """One program to keep running. `stop_signals` are tried in turn, `grace` seconds each, before SIGKILL to its whole group.

    Without `log` the child writes where we write. `stdin` is handed to it at each start: secrets go there, not into arguments.
    """

    name: str
    command: Sequence[str | Path]
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    user: ServiceUser | None = None
    log: Path | None = None
    stdin: bytes = b""
    stop_signals: Sequence[signal.Signals] = (signal.SIGTERM,)
    grace: float = 10.0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts it, or starts it again. Raises OSError when the program cannot be started at all."""
        # What a killed leader had started lives on, and may hold the port that its successor needs.
        if self.process:
            self.kill()
        output = self._open_log()
        try:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                # A terminal's Ctrl-C goes to its whole foreground group; in a session of its own a child waits to be told.
                start_new_session=True,
                # Changing user clears the death signal, and the hook runs after that change.
                preexec_fn=die_with_parent(self.stop_signals[0], os.getpid()),  # noqa: PLW1509 - started from the main thread, before any other takes a lock
                **identity(self.user),
            )
        finally:
            if output:
                output.close()
        if self.process.stdin:
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    def exit_code(self) -> int | None:
        """None while it runs; 0 if it never ran; negative for a signal, as subprocess has it."""
        return self.process.poll() if self.process else 0

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    async def stop(self) -> None:
        for number in self.stop_signals:
            if not self.running:
                break
            os.kill(self.pid, number)
            await self._wait(self.grace)
        self._kill_group()
        await self._wait(self.grace)

    def kill(self) -> None:
        """Ends it at once, with all that it started. For a start that failed half-way."""
        self._kill_group()
        if self.process:
            self.process.wait()

    async def _wait(self, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        while self.running and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(POLL)

    def _kill_group(self) -> None:
        if self.pid:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return

    def _open_log(self) -> IO[bytes] | None:
        if self.log is None:
            return None
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        return self.log.open("ab")

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for a message."""
        if self.log is None or not self.log.exists():
            return ""
        return " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-lines:])
