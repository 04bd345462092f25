"""Password hashing that cannot be used to exhaust the machine, and the few rules a password must keep."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterable
from pathlib import Path

from auth.guessable import commonness
from auth.hashing.process import PATIENCE, PROGRAM, Hashing, Unanswered
from auth.measures import HASHES
from tenants.errors import RetryLater, ValidationFailed
from tenants.sentences import sentence

SHORTEST = 8
LONGEST = 256
WAITING_PER_WORKER = 32
BUSY_RETRY = 2

TODAYS = re.compile(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}")
"""Hashes as `auth.hashing.program` makes them."""
DUMMY = "$argon2id$v=19$m=19456,t=2,p=1$3PlIiZWfjtYIPYkh7uwD3w$+QU0L9CY6yO5ghwNNgr5BYFUlfBDStvGEogn1JHdg/s"
"""Nobody's: whoever is not there costs the same work."""


def check_new_password(password: str, *, shortest: int = SHORTEST, own: Iterable[str] = (), field: str = "password") -> None:
    """`shortest`: what the organization asks for; `own`: names of the person and the organization. Raises ValidationFailed.

    Length is what matters, and that guessers would not try it soon (NIST SP 800-63B, 3.1.1); nothing is said about its characters.
    """
    if not max(SHORTEST, shortest) <= len(password) <= LONGEST:
        raise ValidationFailed(
            {
                field: sentence(
                    "takes {least} to {most} characters, this has {given}", least=max(SHORTEST, shortest), most=LONGEST, given=len(password)
                )
            }
        )
    if "\0" in password or not _encodable(password):
        raise ValidationFailed({field: "holds a character that cannot be typed; choose another"})
    if common := commonness(password, own):
        raise ValidationFailed({field: common})


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Busy(RetryLater):
    """More people sign in at this moment than the machine can hash for."""


class Passwords:
    """argon2id (RFC 9106; 19 MiB, two passes, one lane) in a process of its own, a few at a time, with a bounded queue before them.

    For one event loop; close it when nobody asks any more.
    """

    def __init__(self, workers: int | None = None, waiting: int | None = None, *, patience: float = PATIENCE, program: Path = PROGRAM) -> None:
        workers = workers or max(1, _cores() - 1)
        self._most = workers + (workers * WAITING_PER_WORKER if waiting is None else waiting)
        self._hashing = Hashing(workers, patience=patience, program=program)
        self._inside: set[asyncio.Task[str]] = set()

    @property
    def pid(self) -> int | None:
        """Of the process that hashes, while there is one."""
        return self._hashing.pid

    def close(self) -> None:
        self._hashing.close()

    async def hash(self, password: str) -> str:
        """Raises Busy."""
        return await self._run("", password)

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; the same work where there is none. Raises Busy."""
        usable = len(password) <= LONGEST and "\0" not in password and _encodable(password)
        matched = await self._run(known or DUMMY, password if usable else "")
        return bool(matched) and usable and known is not None

    @staticmethod
    def outdated(known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return TODAYS.fullmatch(known) is None

    async def _run(self, known: str, password: str) -> str:
        if len(self._inside) >= self._most:
            raise Busy("Many people are signing in right now; try again in a few seconds.", retry_after=BUSY_RETRY)
        HASHES.inc()
        job = asyncio.create_task(self._hashing.ask(known, password))
        self._inside.add(job)
        job.add_done_callback(self._leave)
        try:
            # Whoever goes away meanwhile does not make room for others: the work goes on.
            return await asyncio.shield(job)
        except Unanswered as error:
            raise Busy("Passwords cannot be looked at right now; try again in a few seconds.", retry_after=BUSY_RETRY) from error

    def _leave(self, job: asyncio.Task[str]) -> None:
        self._inside.discard(job)
        if not job.cancelled():
            job.exception()


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
