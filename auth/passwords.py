"""Password hashing that cannot be used to exhaust the machine, and the few rules a password must keep."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from auth.common import commonness
from auth.measures import HASHES
from tenants.errors import RetryLater, ValidationFailed
from tenants.sentences import sentence

SHORTEST = 8
LONGEST = 256
MEMORY_KIB = 19 * 1024
WAITING_PER_WORKER = 32
BUSY_RETRY = 2
NICENESS = 10

_Work = Callable[[str, str], str]
_ARGON2ID = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
DUMMY = _ARGON2ID.hash("nobody's password: whoever is not there costs the same work")


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
    """argon2id (RFC 9106; 19 MiB, two passes, one lane) on a few threads, with a bounded queue before them."""

    def __init__(self, workers: int | None = None, waiting: int | None = None) -> None:
        self._workers = workers or max(1, _cores() - 1)
        self._most = self._workers + (self._workers * WAITING_PER_WORKER if waiting is None else waiting)
        self._inside = 0
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="argon2", initializer=_step_back)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Raises Busy."""
        return await self._run(_hash, password, "")

    async def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; the same work where there is none. Raises Busy."""
        usable = len(password) <= LONGEST and "\0" not in password and _encodable(password)
        matched = await self._run(_verify, password if usable else "", known or DUMMY)
        return bool(matched) and usable and known is not None

    @staticmethod
    def outdated(known: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return _ARGON2ID.check_needs_rehash(known)

    async def _run(self, work: _Work, password: str, known: str) -> str:
        if self._inside >= self._most:
            raise Busy("Many people are signing in right now; try again in a few seconds.", retry_after=BUSY_RETRY)
        self._inside += 1
        HASHES.inc()
        job = asyncio.get_running_loop().run_in_executor(self._pool, work, password, known)
        job.add_done_callback(self._leave)
        return await asyncio.shield(job)

    def _leave(self, job: asyncio.Future[str]) -> None:
        self._inside -= 1
        if not job.cancelled():
            job.exception()


def _step_back() -> None:
    """Let readers go first: whoever signs in waits for tens of milliseconds anyway. A thread has a priority of its own on Linux alone (sched(7))."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _hash(password: str, _: str) -> str:
    return _ARGON2ID.hash(password)


def _verify(password: str, known: str) -> str:
    """The hash again where the password matches, else nothing."""
    try:
        _ARGON2ID.verify(known, password)
    except (VerificationError, InvalidHashError):
        return ""
    return known


def _cores() -> int:
    """Those that this process may use, where the system tells."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
