"""The two kinds of worker processes, as the supervisor starts them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from workers.handler_process import run_handlers
from workers.heartbeat import Role
from workers.life import Process
from workers.relay_process import run_relay

RUN = {Role.RELAY: run_relay, Role.HANDLERS: run_handlers}


def main(arguments: list[str] | None = None) -> None:
    """`python -m workers.process relay|handlers [--pulse FD] [--prepare m:function] [--founder m:function]`: how the supervisor starts each.

    The prepared function is called with the role before anything else, to set up logs and exporters; what it returns is
    called at the end, to flush them. The founder makes the organizations that people ask for.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("role", type=Role, choices=list(Role))
    parser.add_argument("--pulse", type=int)
    parser.add_argument("--prepare", default="")
    parser.add_argument("--founder", default="")
    given = parser.parse_args(arguments)
    prepare = _named(given.prepare)
    flush: Callable[[], None] | None = prepare(str(given.role)) if prepare else None
    if given.pulse is not None:
        os.set_blocking(given.pulse, False)
    try:
        RUN[given.role](Process.from_environment(given.pulse, _named(given.founder)))
    finally:
        if flush:
            flush()


def _named(text: str) -> Any:
    """The function that `module:function` names; None where it names none."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name) if module else None


if __name__ == "__main__":
    main(sys.argv[1:])
