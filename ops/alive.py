"""The container's health check: is what this container was started for at work? Nothing but the standard library, since it runs often.

A server is asked; a worker has its relay and its handlers running, which its supervisor ends when they hang. Any other
command lives as long as it runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

PATIENCE = 2.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses to listen on, none to go to
# `imprint serve` goes on as the second.
MODULES = {"ops", "ops.serving"}
DEFAULTS = {"--host": "127.0.0.1", "--port": "8000"}

Command = Sequence[str]


def alive(commands: Iterable[Command], answers: Callable[[str, int], bool]) -> bool:
    """Whether all is well with the command lines of a container's processes. `answers` asks a server at a host and port."""
    running = list(commands)
    for command in running:
        match _arguments(command):
            case ["serve", *options]:
                host = _option(options, "--host")
                return answers(EVERYWHERE.get(host, host), int(_option(options, "--port")))
            case ["worker", *_]:
                return {"relay", "handlers"} <= {role for other in running if (role := _role(other))}
    return True


def server_answers(host: str, port: int) -> bool:
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def processes(folder: Path = Path("/proc")) -> Iterator[Command]:
    """Command lines, the oldest process first; those that end meanwhile are left out."""
    for entry in sorted((entry for entry in folder.iterdir() if entry.name.isdecimal()), key=lambda entry: int(entry.name)):
        try:
            yield (entry / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue


def _arguments(command: Command) -> list[str]:
    """What follows `imprint` or `python -m ops`, the options of the whole command line left out; empty for anything else."""
    for position, word in enumerate(command[:4]):
        if word.rpartition("/")[2] == "imprint" or (word in MODULES and command[position - 1] == "-m"):
            rest = list(command[position + 1 :])
            while rest and rest[0].startswith("-"):
                rest.pop(0)
            return rest
    return []


def _role(command: Command) -> str | None:
    """`relay` or `handlers` for a worker's process."""
    place = command.index("workers.process") if "workers.process" in command else len(command)
    return command[place + 1] if place + 1 < len(command) else None


def _option(options: Sequence[str], name: str) -> str:
    found = DEFAULTS[name]
    for position, option in enumerate(options):
        if option == name and position + 1 < len(options):
            found = options[position + 1]
        elif option.startswith(f"{name}="):
            found = option.partition("=")[2]
    return found


if __name__ == "__main__":
    sys.exit(0 if alive(processes(), server_answers) else 1)
