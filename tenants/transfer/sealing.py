"""A stream sealed in chunks: whoever changes, drops, repeats or moves one, or cuts the stream short, is found out at that chunk.

AES-256-GCM (NIST SP 800-38D) in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce is the
chunk's number and whether it is the last. Keys are used for one stream only. Each chunk stands behind its length, 4 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.transfer.errors import ExportDamaged

if TYPE_CHECKING:
    from tenants.transfer.files import Input, Output

CHUNK = 1024 * 1024
_TAG = 16
_LENGTH = 4


class SealedWriter:
    """Takes bytes of any length; `close` seals what is left as the last chunk."""

    def __init__(self, file: Output, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._pending = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        self._pending += data
        while len(self._pending) > CHUNK:  # the last chunk is never empty where anything was written
            self._seal(bytes(self._pending[:CHUNK]), last=False)
            del self._pending[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self._pending), last=True)
        self._pending.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last=last), chunk, None)
        self._file.write(len(sealed).to_bytes(_LENGTH, "big"))
        self._file.write(sealed)
        self._number += 1


def opened(file: Input, key: bytes) -> Iterator[bytes]:
    """The chunks from where the file stands to its end. Raises ExportDamaged at the first that is not as it was sealed."""
    cipher, number = AESGCM(key), 0
    ahead = _next(file, number)
    if ahead is None:
        raise ExportDamaged("it ends behind its head")
    while ahead is not None:
        sealed, ahead = ahead, _next(file, number + 1)
        try:
            yield cipher.decrypt(_nonce(number, last=ahead is None), sealed, None)
        except InvalidTag:
            raise ExportDamaged(f"part {number + 1} of its content is not as it was written, or the file ends too early") from None
        number += 1


def _next(file: Input, number: int) -> bytes | None:
    """A sealed chunk; None at the end of the file."""
    head = file.read(_LENGTH)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) < _LENGTH or not _TAG <= length <= CHUNK + _TAG:
        raise ExportDamaged(f"part {number + 1} of its content has no length that makes sense")
    sealed = file.read(length)
    if len(sealed) < length:
        raise ExportDamaged(f"it ends in the middle of part {number + 1} of its content")
    return sealed


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
