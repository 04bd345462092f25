"""Files that are still being written, beside the name that they will take.

Whoever writes one holds its lock (flock), which goes with the process however that ends: one that nobody holds was left behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


def begin(path: Path) -> tuple[Path, int]:
    """A new part of this file and its descriptor, locked. Raises OSError."""
    while True:
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with suppress(OSError):  # a file system without locks: then nobody can take it for left behind either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)  # somebody removed it in the moment before it was locked


def remove_left(path: Path) -> None:
    """Remove this user's parts of the file whose writers are gone, where the folder may be read. Raises OSError where there is none."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{8}}\.part")
    with suppress(PermissionError):  # a folder in which one may write and not look
        for part in path.parent.iterdir():
            if ours.fullmatch(part.name):
                with suppress(OSError):  # it lives, is another's, or has gone meanwhile
                    _remove_unheld(part)


def become(part: Path, path: Path) -> None:
    """Give the part its name, unless something has that. Raises FileExistsError, OSError."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
        part.replace(path)
    else:
        part.unlink()


def _remove_unheld(part: Path) -> None:
    descriptor = os.open(part, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        there = os.fstat(descriptor)
        if stat.S_ISREG(there.st_mode) and there.st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()
    finally:
        os.close(descriptor)
