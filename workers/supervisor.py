"""Keeping worker processes alive: one relay, one or more with handlers, in one group that starts and ends together."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import structlog

from tenants.environment import Environment
from tenants.settings import TenantSettings
from workers.settings import WorkerSettings

BOOT_SECONDS = 30.0
SILENT_SECONDS = 60.0
GRACE_SECONDS = 30.0
LOOK_SECONDS = 0.2
FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
SETTLED_SECONDS = 30.0

log = structlog.get_logger(__name__)


def run(variables: Mapping[str, str], *, threads: int | None = None, prepare: str = "", founder: str = "") -> int:
    """Run until SIGTERM or SIGINT, then let all processes finish; 0 when they have been told to.

    `variables` is the environment of the children; `prepare` names a function (`module:function`) that sets up each one's
    logs and exporters, `founder` one that makes organizations which people ask for.
    Raises ConfigurationError, before anything starts, with every problem of the environment.
    """
    env = Environment(variables)
    TenantSettings.read(env)
    settings = WorkerSettings.read(env)
    env.finish()
    children_see = {**os.environ, **variables, "IMPRINT_WORKER_THREADS": str(threads or settings.threads)}
    roles = ["relay", *("handlers" for _ in range(settings.processes))]
    command = [sys.executable, "-m", "workers.process"]
    return Supervisor([Child(role, [*command, role, "--prepare", prepare, "--founder", founder], children_see) for role in roles]).run()


@dataclass(slots=True)
class Child:
    """One process to keep alive. It shows life by writing to a pipe that it is told of with `--pulse`."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    boot_seconds: float = BOOT_SECONDS
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    pulse: int = field(default=-1, init=False)
    started: float = field(default=0.0, init=False)
    last_beat: float | None = field(default=None, init=False)
    wait: float = field(default=FIRST_WAIT, init=False)
    start_at: float = field(default=0.0, init=False)

    def start(self) -> None:
        self.pulse, write = os.pipe()
        try:
            # In a session of its own: a terminal's Ctrl-C is the supervisor's to pass on.
            command = [*self.command, "--pulse", str(write)]
            self.process = subprocess.Popen(command, env=dict(self.env), stdin=subprocess.DEVNULL, pass_fds=(write,), start_new_session=True)
        finally:
            os.close(write)
        self.started, self.last_beat = time.monotonic(), None

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def why_to_kill(self, now: float) -> str | None:
        """Silent since its start for too long, or since its last beat for much longer."""
        if self.last_beat is None:
            return "hangs at boot" if now - self.started > self.boot_seconds else None
        return "hangs" if now - self.last_beat > SILENT_SECONDS else None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.running:
            self.process.send_signal(number)

    def buried(self, now: float) -> int:
        """Clean up after its end and set when to start it again, later each time it dies soon; its exit code."""
        os.close(self.pulse)
        code = self.process.wait() if self.process else 0
        self.process, self.pulse = None, -1
        self.wait = FIRST_WAIT if now - self.started > SETTLED_SECONDS else min(LONGEST_WAIT, self.wait * 2)
        self.start_at = now + self.wait
        return code


class Supervisor:
    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def run(self) -> int:
        with self._told_to_stop():
            while not self._stopping:
                self._look()
            self._finish()
        return 0

    def _look(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is None:
                if now >= child.start_at:
                    self._start(child)
            elif not child.running:
                self._bury(child, now)
            elif why := child.why_to_kill(now):
                log.error("worker killed", process=child.name, reason=why)
                child.signal(signal.SIGKILL)
        self._listen()

    def _start(self, child: Child) -> None:
        child.start()
        self._selector.register(child.pulse, selectors.EVENT_READ, child)
        log.info("worker started", process=child.name, pid=child.process.pid if child.process else 0)

    def _bury(self, child: Child, now: float) -> None:
        self._selector.unregister(child.pulse)
        code = child.buried(now)
        log.error("worker ended", process=child.name, exit_code=code, again_in=child.wait)

    def _listen(self) -> None:
        for key, _ in self._selector.select(LOOK_SECONDS):
            if os.read(key.fd, 4096):
                key.data.last_beat = time.monotonic()
            else:
                # Its end of the pipe is closed: it is ending, which the next look sees.
                time.sleep(LOOK_SECONDS / 4)

    def _finish(self) -> None:
        """Everybody is told; whoever is not done in time is killed, and what it ran is handed out again by the sweeper."""
        log.info("stopping", processes=sum(child.running for child in self._children))
        for child in self._children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.exception("worker killed", process=child.name, reason="did not finish in time")
                child.process.kill()
            child.buried(time.monotonic())

    @contextmanager
    def _told_to_stop(self) -> Iterator[None]:
        def stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
