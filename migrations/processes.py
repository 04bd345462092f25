"""Revisions with Python in them, run by Alembic in processes of their own: its `op` is a global of the module, never for threads.

`python -m migrations.processes` reads one order a line (JSON) from its standard input, answers each with a line, and ends
when its input does: whoever started it may die in any way and leaves nothing behind but the tenant at hand, which is done
whole or not at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from migrations.history import History
from migrations.replay import Attempt, MovedMeanwhile, OverBudget
from migrations.stages import Stage
from migrations.survey import Standing
from migrations.version_row import VersionRowDiffers
from tenants.database import DatabaseUnavailable, LockedOut
from tenants.errors import Conflict, Refusal
from tenants.orphans import die_with_parent

LINE_BYTES = 1 << 20
READY = b"ready\n"
# Importing Alembic takes about a second; whatever takes as long as this does not work at all.
STARTS_WITHIN = 60.0
ENDS_WITHIN = 5.0


class RevisionFailed(Refusal):
    """Python in a revision raised."""

    code = "REVISION_FAILED"


class Processes:
    """At most so many; each is started when it is first needed and does one tenant at a time."""

    def __init__(self, url: str, owner: str, most: int) -> None:
        self._url = url
        self._owner = owner
        self._idle: list[Process] = []
        self._free = asyncio.Semaphore(most)

    async def run(self, tenant: Standing, stage: Stage, attempt: Attempt) -> None:
        """Carry the stage out in the tenant.

        Nothing has changed when it raises RevisionFailed, OverBudget, LockedOut, Conflict, MovedMeanwhile, VersionRowDiffers or
        DatabaseUnavailable.
        """
        order = {
            "url": self._url,
            "owner": self._owner,
            "tenant": {"id": str(tenant.id), "slug": tenant.slug, "schema": tenant.schema, "role": tenant.role},
            "start": stage.start,
            "to": stage.to,
            "down": stage.down,
            "run": str(attempt.run),
            "number": attempt.number,
            "lock_ms": attempt.lock_ms,
            "budget": attempt.budget,
            "folders": [str(folder) for folder in History.TENANT.folders[1:]],
        }
        async with self._free, self._one() as process:
            answer = await _answer(process, order, attempt.budget)
        if answer.get("error"):
            raise _ERRORS.get(answer["code"], RevisionFailed)(answer["error"])

    @asynccontextmanager
    async def _one(self) -> AsyncIterator[Process]:
        """A process to itself; one that broke, or that nobody waits for any more, is ended and not used again."""
        process = self._idle.pop() if self._idle else await _start()
        try:
            yield process
        except BaseException:
            _kill(process)
            raise
        self._idle.append(process)

    async def close(self) -> None:
        """Let them end by themselves; a thread that a revision left behind may keep one from it."""
        for process in self._idle:
            if process.stdin:
                process.stdin.close()
        await asyncio.gather(*(_ended(process) for process in self._idle))
        self._idle.clear()


_ERRORS: dict[str, type[Refusal]] = {
    "LOCKED_OUT": LockedOut,
    "CONFLICT": Conflict,
    "MOVED_MEANWHILE": MovedMeanwhile,
    VersionRowDiffers.code: VersionRowDiffers,
    "UNAVAILABLE": DatabaseUnavailable,
}


async def _start() -> Process:
    """One that is ready for orders. Raises RevisionFailed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "migrations.processes", stdin=PIPE, stdout=PIPE, limit=LINE_BYTES, cwd=Path(__file__).parents[1], start_new_session=True
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            said = await process.stdout.readline()
    except BaseException:
        _kill(process)
        raise
    if said != READY:
        _kill(process)
        raise RevisionFailed("The process that runs revisions with Python in them could not be started; what it said is above.")
    return process


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()


async def _ended(process: Process) -> None:
    try:
        await asyncio.wait_for(process.wait(), ENDS_WITHIN)
    except TimeoutError:
        _kill(process)
        await process.wait()


async def _answer(process: Process, order: dict[str, Any], budget: float) -> dict[str, Any]:
    """Raises OverBudget, with which the process has to end: its transaction ends with it."""
    try:
        async with asyncio.timeout(budget):
            return await _ask(process, order)
    except TimeoutError:
        raise OverBudget(
            f"Its Python took more than {budget:g} s, in which its requests would have waited; it was broken off and nothing was changed. "
            "Split the revision, or allow more with --budget SECONDS in a quiet hour."
        ) from None


async def _ask(process: Process, order: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(json.dumps(order).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise RevisionFailed(f"The process that ran the revision ended with code {await process.wait()}: it ran out of memory, or was killed.")
    answer: dict[str, Any] = json.loads(line)
    return answer


def main(arguments: Sequence[str] = ()) -> None:  # noqa: ARG001 - the shape of every main
    """Answer orders until there are no more. What revisions print goes to standard error."""
    if ask := die_with_parent(signal.SIGKILL, os.getppid()):
        ask()  # Python that never returns does not see its input end
    from migrations.python import carried_out  # noqa: PLC0415 - Alembic is loaded in these processes alone

    answers, sys.stdout = sys.stdout, sys.stderr
    answers.write(READY.decode())
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps(carried_out(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
