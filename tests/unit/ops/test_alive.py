from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.alive import alive, processes
from ops.cli.serve import server

SERVE = ["python", "/imprint/.venv/bin/imprint", "serve", "--host", "0.0.0.0", "--port", "8000"]
WORKER = ["/imprint/.venv/bin/python", "/imprint/.venv/bin/imprint", "worker"]
RELAY = ["python", "-m", "workers.process", "relay", "--prepare", "x:y", "--pulse", "3"]
HANDLERS = ["python", "-m", "workers.process", "handlers", "--prepare", "x:y", "--pulse", "4"]


@pytest.mark.parametrize(
    ("command", "where"),
    [
        (SERVE, ("127.0.0.1", 8000)),
        (["imprint", "serve"], ("127.0.0.1", 8000)),
        (["python", "-m", "ops", "--debug", "serve", "--port=9000", "--host", "::"], ("::1", 9000)),
        (server("0.0.0.0", 8080, 2, debug=True), ("127.0.0.1", 8080)),
        (["/sbin/tini", "--", "imprint", "serve", "--host=10.0.0.7", "--port", "80"], ("10.0.0.7", 80)),
    ],
)
def test_a_server_is_asked_where_it_listens(command: list[str], where: tuple[str, int]) -> None:
    asked: list[tuple[str, int]] = []

    def answers(host: str, port: int) -> bool:
        asked.append((host, port))
        return False

    assert not alive([command], answers)
    assert asked == [where]
    assert alive([command], lambda *_: True)


def test_a_worker_has_both_its_processes_and_nobody_asks_a_port() -> None:
    def nobody(_: str, __: int) -> bool:
        raise AssertionError

    assert alive([WORKER, RELAY, HANDLERS], nobody)
    assert not alive([WORKER, RELAY], nobody)
    assert not alive([WORKER, HANDLERS], nobody)


def test_other_commands_live_as_long_as_they_run() -> None:
    assert alive([["imprint", "migrate", "up"], ["sh"]], lambda *_: False)


def test_processes_are_read_from_proc() -> None:
    assert any(list(command) == Path("/proc/self/cmdline").read_bytes().decode().rstrip("\0").split("\0") for command in processes())


def test_the_check_starts_nothing_heavy() -> None:
    script = "import sys, ops.alive; sys.exit(any(name in sys.modules for name in ('litestar', 'redis', 'structlog', 'granian')))"
    assert subprocess.run([sys.executable, "-c", script], check=False, env=dict(os.environ)).returncode == 0
