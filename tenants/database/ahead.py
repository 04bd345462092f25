"""Statements that change a connection's state, sent together with the statement that needs them.

To take a role, or to begin, costs a round trip of its own where its answer is waited for. Nobody needs that answer: in
PostgreSQL's extended query protocol the server skips everything after a failure up to the next Sync (Frontend/Backend
Protocol, Extended Query, Pipelining), so the statement behind runs in the state that was asked for, or not at all.
"""

# ruff: noqa: SLF001 - the driver has no public door for what goes ahead of a statement; see `send`

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    from tenants.database.backend import Raw

_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_NOTHING_BOUND = b"\0\0" + struct.pack("!hhh", 0, 0, 0)  # unnamed portal and statement; no formats, no values
_EXECUTE = b"E" + struct.pack("!i", 9) + b"\0" + struct.pack("!i", 0)
_BIND = b"B" + struct.pack("!i", 4 + len(_NOTHING_BOUND)) + _NOTHING_BOUND


async def send(raw: Raw, ahead: Sequence[str], sql: str, arguments: Sequence[Any], limit: int) -> tuple[list[Any], str]:
    """Rows of `sql` (`limit` at most, 0: all, and only then its tag), with `ahead` before it: one round trip where `sql` is prepared.

    The driver reads answers in a loop that passes over what it did not ask for, which is what the answers to `ahead` are.
    Where anything but the server refuses, the connection is ended: nobody knows what was sent.
    """
    any_raw: Any = raw
    prepared = any_raw._stmt_cache.get((sql, any_raw._protocol.get_record_class(), False))
    if prepared is None:
        await raw.execute("; ".join(ahead))
        return await _alone(any_raw, sql, arguments, limit)
    try:
        with any_raw._stmt_exclusive_section:
            any_raw._transport.write(_messages(tuple(ahead)))
            rows, tag, _ = await any_raw._protocol.bind_execute(prepared, arguments, "", limit, True, None)  # noqa: FBT003 - the tag as well
    except _OUTDATED:
        if raw.is_in_transaction():
            raise
        await raw.execute("; ".join(ahead))  # was undone with the statement that failed
        return await _alone(any_raw, sql, arguments, limit)
    except BaseException as error:
        if not _answered(error):
            raw.terminate()
        raise
    return rows, _said(tag)


async def _alone(raw: Any, sql: str, arguments: Sequence[Any], limit: int) -> tuple[list[Any], str]:
    """As the driver does it, which prepares what is not prepared and what is outdated."""
    rows, tag, _ = await raw._execute(sql, arguments, limit, None, return_status=True)
    return rows, _said(tag)


def _answered(error: BaseException) -> bool:
    """Whether the server said this; the driver says it in the same words where it cannot send a value."""
    return isinstance(error, asyncpg.PostgresError) and error.severity is not None


def _said(tag: bytes | None) -> str:
    return tag.decode() if tag else ""


@lru_cache(maxsize=16_384)
def _messages(statements: tuple[str, ...]) -> bytes:
    """Parse, Bind and Execute of each (Message Formats); no Sync, which the statement behind brings."""
    return b"".join(_parse(statement) + _BIND + _EXECUTE for statement in statements)


def _parse(statement: str) -> bytes:
    content = b"\0" + statement.encode() + b"\0" + struct.pack("!h", 0)
    return b"P" + struct.pack("!i", 4 + len(content)) + content
