"""Cursors: where a row stands in an order, readable by nobody else's order, organization or pen.

A cursor is a letter (`v`, or `n` where the ordered column is null) and base64url of 16 bytes of HMAC-SHA-256 (RFC 2104)
and the text "order|id|value". Postgres writes them within the compiled statement (see compiler.keyset), this module reads them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from app.api.errors import invalid
from tenants.errors import ValidationFailed

MAC_BYTES = 16
_BLOCK = 64
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class CursorKey:
    """The two key blocks of the HMAC, so that SQL can compute it with sha256() alone.

    `others`: keys whose cursors are still read, while the organization's key is rotated.
    """

    inner: bytes
    outer: bytes
    others: tuple[CursorKey, ...] = ()

    def mac(self, text: bytes) -> bytes:
        return hashlib.sha256(self.outer + hashlib.sha256(self.inner + text).digest()).digest()[:MAC_BYTES]

    def wrote(self, text: bytes, mac: bytes) -> bool:
        return any(hmac.compare_digest(mac, key.mac(text)) for key in (self, *self.others))


@dataclass(frozen=True, slots=True)
class Position:
    """`value` is the ordered column's text; None where the column is null."""

    id: UUID
    value: str | None


@lru_cache(maxsize=16_384)
def cursor_key(tenant_key: bytes, *others: bytes) -> CursorKey:
    secret = hmac.digest(tenant_key, b"cursors", hashlib.sha256).ljust(_BLOCK, b"\0")
    return CursorKey(bytes(b ^ 0x36 for b in secret), bytes(b ^ 0x5C for b in secret), tuple(cursor_key(other) for other in others))


def read_cursor(cursor: str, order: str, key: CursorKey, field: str) -> Position:
    """Raises ValidationFailed for anything that this API did not write for this order in this organization."""
    text = _authentic(cursor, key)
    if text is None:
        raise _refused(field)
    written_for, row_id, value = text.split("|", 2)
    if written_for != order:
        raise invalid(field, "is a cursor of another order; start from the first page")
    return Position(UUID(row_id), None if cursor[0] == "n" else value)


def _authentic(cursor: str, key: CursorKey) -> str | None:
    if len(cursor) > LONGEST or not cursor.isascii() or cursor[:1] not in {"n", "v"}:
        return None
    try:
        raw = base64.b64decode(cursor[1:] + "=" * (-len(cursor[1:]) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    mac, text = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != cursor[1:]:  # another spelling of the same bytes
        return None
    if not key.wrote(cursor[:1].encode() + text, mac):
        return None
    return text.decode()


def _refused(field: str) -> ValidationFailed:
    return invalid(field, "is no cursor of this list; use one that it gave you, unchanged")
