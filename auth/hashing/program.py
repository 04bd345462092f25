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
import traceback
from contextlib import suppress
from pathlib import Path
from socket import MSG_WAITALL, socket
from threading import Thread

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

LENGTH = struct.Struct(">I")
BEHIND = "behind"
LOWEST = 19
_ARGON2ID = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


def main(lanes: list[int], *, behind: bool) -> None:
    """Until its parent has closed them all. `behind`: whatever else wants the processor goes first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # Whoever stops all of us at once lets the parent answer what it has begun.
        signal.signal(number, signal.SIG_IGN)
    if behind:
        _step_back()
    serving = [Thread(target=_serve, args=(socket(fileno=lane),)) for lane in lanes]
    for each in serving:
        each.start()
    for each in serving:
        each.join()


def _step_back() -> None:
    """As far as the system lets it, for some sandboxes do not. Before there are threads, which take after the one that starts them.

    Not by SCHED_IDLE: whoever wakes is put on a processor where only that runs, as if it were idle, and waits there (record 63).
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOWEST)
    if sys.platform == "linux":
        with suppress(OSError):
            # Where it weighs sessions against each other (sched(7), autogroup), a process's own niceness counts within its session alone.
            Path("/proc/self/autogroup").write_text(str(LOWEST))


def _serve(lane: socket) -> None:
    try:
        while request := _received(lane):
            answer = _answered(*request.decode().split("\0", 1)).encode()
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
