"""`imprint` in a process of its own, forked from one that has everything imported: as a shell would run it, without the half second of imports."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

_forking: list[ForkServerContext] = []


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


async def run(arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Until it has ended; with this environment alone, nothing on stdin, in this folder."""
    return await asyncio.to_thread(run_and_wait, arguments, environment)


def run_and_wait(arguments: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """The same, where nothing else goes on meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _context().Process(target=_imprint, args=(list(arguments), dict(environment), str(Path.cwd()), str(out), str(err)))
        process.start()
        process.join()
        code = process.exitcode or 0
        process.close()
        return Ended(code, out.read_text(), err.read_text())


def _context() -> ForkServerContext:
    if not _forking:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.imported"])
        _forking.append(context)
    return _forking[0]


def _imprint(arguments: list[str], environment: dict[str, str], folder: str, out: str, err: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for path, number in ((os.devnull, 0), (out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.argv = ["imprint", *arguments]
    from ops.cli import main

    raise SystemExit(main(arguments))
