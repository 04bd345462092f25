"""What stands behind a file's head: the tables, each as Postgres's own COPY text, then what they must amount to.

Records of a kind (1 byte), a length (4 bytes, big-endian) and a text, in one zstd stream (RFC 8878), which is sealed.
COPY's text is the one format that every version of Postgres reads as every other wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import zstandard

from tenants.transfer.catalog import Column, Sequence, Table
from tenants.transfer.errors import ExportDamaged
from tenants.transfer.sealing import CHUNK, SealedWriter, opened

if TYPE_CHECKING:
    from tenants.transfer.files import Input, Output

Heard = Callable[[str, int], None]
"""Who wants to know how far it is: a table's name, and how many bytes of it passed."""

LEVEL = 3
_TABLE, _DATA, _END, _INDEX = b"T", b"D", b"E", b"I"
_LONGEST_TEXT = 16 * CHUNK


def unheard(_table: str, _bytes: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a table amounts to: rows, bytes of COPY text, SHA-256 over them."""

    rows: int
    bytes: int
    sha256: str


class Tally:
    """Hashes a table's COPY text as it passes; Postgres says how many rows that was."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._bytes = 0

    def add(self, data: bytes) -> None:
        self._hash.update(data)
        self._bytes += len(data)

    def sum(self, rows: int) -> Loaded:
        return Loaded(rows, self._bytes, self._hash.hexdigest())


class ContentsWriter:
    """Tables one after the other: `begin`, `data` as often as there is some, `end`; `finish` once."""

    def __init__(self, file: Output, key: bytes) -> None:
        self._sealed = SealedWriter(file, key)
        # One thread beside this one compresses while Postgres is waited for.
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, threads=1, write_checksum=True).compressobj()
        self._tally, self._table = Tally(), ""
        self._heard: Heard = unheard
        self.index: dict[str, Loaded] = {}

    def begin(self, table: Table, heard: Heard = unheard) -> None:
        self._tally, self._table, self._heard = Tally(), table.name, heard
        self._record(_TABLE, _text(asdict(table)))

    def data(self, piece: bytes) -> None:
        self._tally.add(piece)
        self._heard(self._table, len(piece))
        for start in range(0, len(piece), CHUNK):
            self._record(_DATA, piece[start : start + CHUNK])

    def end(self, table: Table, rows: int) -> None:
        self.index[table.name] = self._tally.sum(rows)
        self._record(_END, _text(asdict(self.index[table.name])))

    def finish(self, sequences: list[Sequence]) -> None:
        tables = {name: asdict(loaded) for name, loaded in self.index.items()}
        self._record(_INDEX, _text({"tables": tables, "sequences": [asdict(sequence) for sequence in sequences]}))
        self._sealed.write(self._zstd.flush())
        self._sealed.close()

    def _record(self, kind: bytes, text: bytes) -> None:
        self._sealed.write(self._zstd.compress(kind + len(text).to_bytes(4, "big") + text))


class ContentsReader:
    """The same way back. Every method raises ExportDamaged where the content is not what the writer writes."""

    def __init__(self, file: Input, key: bytes, heard: Heard = unheard) -> None:
        chunks = _Chunks(opened(file, key))
        self._zstd = zstandard.ZstdDecompressor().stream_reader(chunks, read_size=CHUNK)  # type: ignore[arg-type] # it needs no more than read()
        self._sequences: list[Sequence] | None = None
        self._heard = heard

    @property
    def sequences(self) -> list[Sequence]:
        """Known when the last table has been read."""
        if self._sequences is None:
            raise ExportDamaged("it has no index")
        return self._sequences

    def tables(self) -> Iterator[Table]:
        """Each in its turn; its `rows` must be read before the next."""
        self._index: dict[str, Loaded] = {}
        while True:
            kind, text = self._next()
            if kind == _TABLE:
                self._at = _table(text)
                yield self._at
            elif kind == _INDEX:
                self._finish(_document(text))
                return
            else:
                raise ExportDamaged("its records are out of order")

    def rows(self) -> Iterator[bytes]:
        """The COPY text of the table at hand, in pieces; at its end they have been compared with what the exporter hashed."""
        tally = Tally()
        while True:
            kind, text = self._next()
            if kind == _DATA:
                tally.add(text)
                self._heard(self._at.name, len(text))
                yield text
            elif kind == _END:
                said = _document(text)
                loaded = tally.sum(said.get("rows", 0))
                if asdict(loaded) != said:
                    raise ExportDamaged(f"the rows of {self._at.name} are not those that were exported")
                self._index[self._at.name] = loaded
                return
            else:
                raise ExportDamaged("its records are out of order")

    def amounts(self, table: Table) -> Loaded:
        """What a table that has been read amounts to; its number of rows is the exporter's word."""
        return self._index[table.name]

    def _finish(self, index: dict[str, Any]) -> None:
        try:
            same = index["tables"] == {name: asdict(loaded) for name, loaded in self._index.items()}
            sequences = [Sequence(**sequence) for sequence in index["sequences"]]
        except (KeyError, TypeError):
            raise ExportDamaged("its index cannot be read") from None
        if not same or self._read(1):
            raise ExportDamaged("its index does not fit its tables")
        self._sequences = sequences

    def _next(self) -> tuple[bytes, bytes]:
        head = self._read(5)
        kind, length = head[:1], int.from_bytes(head[1:], "big")
        if len(head) < 5 or length > _LONGEST_TEXT:  # noqa: PLR2004 - kind and length
            raise ExportDamaged("it has no index")
        text = self._read(length)
        if len(text) < length:
            raise ExportDamaged("it ends in the middle of a record")
        return kind, text

    def _read(self, size: int) -> bytes:
        pieces: list[bytes] = []
        try:
            while size and (piece := self._zstd.read(size)):
                pieces.append(piece)
                size -= len(piece)
        except zstandard.ZstdError as error:
            raise ExportDamaged("its content cannot be decompressed") from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class _Chunks:
    """The unsealed chunks as a file that is read from."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def read(self, size: int) -> bytes:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        piece, self._left = self._left[:size], self._left[size:]
        return piece


def _text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _document(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ExportDamaged("a record of it cannot be read")
    return value


def _table(text: bytes) -> Table:
    value = _document(text)
    try:
        return Table(str(value["name"]), tuple(Column(str(column["name"]), str(column["type"])) for column in value["columns"]))
    except (KeyError, TypeError):
        raise ExportDamaged("a table's record cannot be read") from None
