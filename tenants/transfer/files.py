"""The file itself: whole at its name or not there at all, and readable by its owner alone."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from tenants.transfer import parts
from tenants.transfer.errors import FileFailed, TargetExists


class Output:
    """Bytes go in; what the operating system objects to comes out as FileFailed."""

    def __init__(self, file: FileIO, path: object) -> None:
        self._file = file
        self._path = path
        self.written = 0

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            raise FileFailed("written", self._path, error) from error
        self.written += len(data)

    def sync(self) -> None:
        """Until it is on the disk."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FileFailed("written", self._path, error) from error


class Input:
    """As Output, for reading; `rewind` lets it be read again from a place."""

    def __init__(self, file: FileIO, path: object) -> None:
        self._file = file
        self._path = path

    def read(self, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        pieces: list[bytes] = []
        try:
            while size and (piece := self._file.read(size)):
                pieces.append(piece)
                size -= len(piece)
        except OSError as error:
            raise FileFailed("read", self._path, error) from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def position(self) -> int:
        return self._file.tell()

    def rewind(self, position: int) -> None:
        self._file.seek(position)


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Output]:
    """A file that takes its name when the block ends well and is removed when it does not; what killed ones left goes first.

    Raises TargetExists, FileFailed.
    """
    if not force and os.path.lexists(path):
        raise TargetExists(path)
    try:
        parts.remove_left(path)
        part, descriptor = parts.begin(path)
    except OSError as error:
        raise FileFailed("written", path, error) from error
    try:
        with FileIO(descriptor, "w") as file:
            output = Output(file, path)
            yield output
            output.sync()
            _take_name(part, path, force=force)
    except BaseException:
        with suppress(OSError):  # what went wrong before is what counts
            part.unlink()
        raise


@contextmanager
def open_file(path: Path) -> Iterator[Input]:
    """Raises FileFailed."""
    try:
        file = FileIO(path)
    except OSError as error:
        raise FileFailed("read", path, error) from error
    with file:
        if not file.seekable():
            raise FileFailed("read", path, OSError(errno.ESPIPE, "it is a pipe, and an export is read twice; write it to a file first"))
        yield Input(file, path)


@contextmanager
def passing_file() -> Iterator[tuple[Output, Input]]:
    """A file without a name, first written and then read; it goes with the process, however that ends. TMPDIR says where."""
    try:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed below; here its failure has words of its own
    except OSError as error:
        raise FileFailed("written", tempfile.gettempdir(), error) from error
    with file:
        name = f"A temporary file in {tempfile.gettempdir()}"
        yield Output(file, name), Input(file, name)


def _take_name(part: Path, path: Path, *, force: bool) -> None:
    try:
        if force:
            part.replace(path)
        else:
            parts.become(part, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError:
        raise TargetExists(path) from None
    except OSError as error:
        raise FileFailed("written", path, error) from error
