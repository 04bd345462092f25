"""The process that hashes. It is started by its path and imports nothing of ours, so that it is small and ready at once.

A lane is a socket that it inherits: a request comes, its answer goes back, then the next. Both are framed by their length (four bytes,
big-endian). A request is a known hash, NUL, a password; the answer is that hash where the password matches, else nothing. Without a known
hash the answer is a new one. When its parent ends, however that ends, the lanes end, and so does this.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from socket import MSG_WAITALL, socket
from threading import Event, Thread

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

LENGTH = struct.Struct(">I")
BEHIND = "behind"
LINUX = sys.platform == "linux"
LOWEST = 19
A_GLANCE = 0.0002
"""Seconds for which a hash holds its processor before somebody else's claim to it is looked at."""
_ARGON2ID = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


def main(lanes: list[int], *, behind: bool) -> None:
    """Until its parent has closed them all. `behind`: whatever else wants the processor goes first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever stops all of us at once lets the parent answer what it has begun.
        signal.signal(number, signal.SIG_IGN)
    if behind:
        _step_back()
    serving = [_started(socket(fileno=lane), place if behind else None) for place, lane in enumerate(lanes)]
    for each in serving:
        each.join()


def _step_back() -> None:
    """As far as the system lets it, for some sandboxes do not. Before there are threads, which take after the one that starts them."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    if LINUX:
        with suppress(OSError):
            # Where it weighs sessions against each other (sched(7), autogroup), a process's own niceness counts within its session alone.
            Path("/proc/self/autogroup").write_text(str(LOWEST))


def _started(lane: socket, place: int | None) -> Thread:
    """`place`: of the lane among those that stand behind; each has a processor of its own, the last one first."""
    busy = Event()
    serving = Thread(target=_serve, args=(lane, busy, place))
    serving.start()
    if place is not None and LINUX:
        Thread(target=_interrupt, args=(busy, place), daemon=True).start()
    return serving


def _interrupt(busy: Event, place: int) -> None:
    """Wake again and again where that lane's hash runs: each time the scheduler chooses anew who does, else only at a tick (record 70)."""
    _stay_at(place)
    while True:
        busy.wait()
        time.sleep(A_GLANCE)


def _stay_at(place: int) -> None:
    """On one processor, this thread alone."""
    with suppress(OSError):
        allowed = sorted(os.sched_getaffinity(0), reverse=True)
        os.sched_setaffinity(0, {allowed[place % len(allowed)]})


def _serve(lane: socket, busy: Event, place: int | None) -> None:
    if place is not None and LINUX:
        _stay_at(place)
        with suppress(OSError):
            # Others are put on its processor as on one that is idle.
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    try:
        while request := _received(lane):
            busy.set()
            answer = _answered(*request.decode().split("\0", 1)).encode()
            busy.clear()
            lane.sendall(LENGTH.pack(len(answer)) + answer)
    except ConnectionError:
        return
    except BaseException:  # noqa: BLE001 - half a process would keep its parent waiting; a whole one is started anew
        traceback.print_exc()
        os._exit(1)


def _received(lane: socket) -> bytes:
    """Nothing at the end."""
    head = lane.recv(LENGTH.size, MSG_WAITALL)
    return lane.recv(LENGTH.unpack(head)[0], MSG_WAITALL) if len(head) == LENGTH.size else b""


def _answered(known: str, password: str) -> str:
    if not known:
        return _ARGON2ID.hash(password)
    try:
        _ARGON2ID.verify(known, password)
    except (VerificationError, InvalidHashError):
        return ""
    return known


if __name__ == "__main__":
    main([int(number) for number in sys.argv[2:]], behind=sys.argv[1] == BEHIND)
