"""Statements whose answers nobody needs, sent together with the statement behind them.

To take a role, to begin, or to write what was decided costs a round trip of its own where the answer is waited for. In
PostgreSQL's extended query protocol the server skips everything after a failure up to the next Sync (Frontend/Backend
Protocol, Extended Query, Pipelining), so the statement behind runs after those ahead of it were done, or not at all.
"""

# ruff: noqa: SLF001 - the driver has no public door for what goes ahead of a statement; see `send`

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

from tenants.database.backend import encoded

if TYPE_CHECKING:
    from tenants.database.backend import Raw


@dataclass(frozen=True, slots=True)
class Bound:
    """A prepared statement and its values, of the types that `_text` knows. It must return no rows: the driver would take them for others'."""

    sql: str
    arguments: tuple[Any, ...]


Ahead = str | Bound

_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
_NOTHING_BOUND = b"\0\0" + struct.pack("!hhh", 0, 0, 0)  # unnamed portal and statement; no formats, no values
_EXECUTE = b"E" + struct.pack("!i", 9) + b"\0" + struct.pack("!i", 0)
_NULL = struct.pack("!i", -1)
_BIND = b"B" + struct.pack("!i", 4 + len(_NOTHING_BOUND)) + _NOTHING_BOUND


def is_prepared(raw: Raw, sql: str) -> bool:
    """Whether it can go ahead of another one."""
    return _prepared(raw, sql) is not None


async def send(raw: Raw, ahead: Sequence[Ahead], sql: str, arguments: Sequence[Any], limit: int) -> tuple[list[Any], str]:
    """Rows of `sql` (`limit` at most, 0: all, and only then its tag), with `ahead` before it: one round trip where all are prepared.

    The driver reads answers in a loop that passes over what it did not ask for, which is what the answers to `ahead` are.
    Where anything but the server refuses, the connection is ended: nobody knows what was sent.
    """
    any_raw: Any = raw
    prepared, messages = _prepared(raw, sql), _messages(raw, ahead)
    if prepared is None or messages is None:
        await bring(raw, ahead)
        return await _alone(any_raw, sql, arguments, limit)
    try:
        with any_raw._stmt_exclusive_section:
            any_raw._transport.write(messages)
            rows, tag, _ = await any_raw._protocol.bind_execute(prepared, arguments, "", limit, True, None)  # noqa: FBT003 - the tag as well
    except _OUTDATED:
        if raw.is_in_transaction():
            raise
        await bring(raw, ahead)  # was undone with the statement that failed
        return await _alone(any_raw, sql, arguments, limit)
    except BaseException as error:
        if not _answered(error):
            raw.terminate()
        raise
    return rows, _said(tag)


async def bring(raw: Raw, ahead: Sequence[Ahead]) -> None:
    """Each by itself, where they cannot go ahead; those without values as one message."""
    plain: list[str] = []
    for one in ahead:
        if isinstance(one, str):
            plain.append(one)
            continue
        await _bring_plain(raw, plain)
        plain = []
        await _alone(raw, one.sql, one.arguments, 0)
    await _bring_plain(raw, plain)


async def _bring_plain(raw: Raw, statements: Sequence[str]) -> None:
    if statements:
        await raw.execute("; ".join(statements))


async def _alone(raw: Any, sql: str, arguments: Sequence[Any], limit: int) -> tuple[list[Any], str]:
    """As the driver does it, which prepares what is not prepared and what is outdated."""
    rows, tag, _ = await raw._execute(sql, arguments, limit, None, return_status=True)
    return rows, _said(tag)


def _answered(error: BaseException) -> bool:
    """Whether the server said this; the driver says it in the same words where it cannot send a value."""
    return isinstance(error, asyncpg.PostgresError) and error.severity is not None


def _said(tag: bytes | None) -> str:
    return tag.decode() if tag else ""


def _prepared(raw: Any, sql: str) -> Any:
    """The driver's own, as its cache has it: it counts as just used."""
    return raw._stmt_cache.get((sql, raw._protocol.get_record_class(), False))


def _messages(raw: Raw, ahead: Sequence[Ahead]) -> bytes | None:
    """What goes ahead of another statement; None where one of them would have to be prepared first. No Sync, which the statement behind brings."""
    messages: list[bytes] = []
    for one in ahead:
        if isinstance(one, str):
            messages.append(_plain(one))
            continue
        prepared = _prepared(raw, one.sql)
        if prepared is None:
            return None
        messages.append(_bind(prepared.name, one.arguments) + _EXECUTE)
    return b"".join(messages)


@lru_cache(maxsize=16_384)
def _plain(statement: str) -> bytes:
    """Parse, Bind and Execute (Message Formats)."""
    return _parse(statement) + _BIND + _EXECUTE


def _bind(name: str, arguments: Sequence[Any]) -> bytes:
    """To the unnamed portal, every value as text."""
    values = b"".join(_NULL if value is None else struct.pack("!i", len(text := _text(value))) + text for value in arguments)
    content = b"\0" + name.encode() + b"\0" + struct.pack("!hh", 0, len(arguments)) + values + struct.pack("!h", 0)
    return b"B" + struct.pack("!i", 4 + len(content)) + content


def _text(value: Any) -> bytes:
    """As the type's input function reads it. Raises TypeError for what is not known here."""
    write = _TEXTS.get(type(value)) or next((write for kind, write in _TEXTS.items() if isinstance(value, kind)), None)
    if write is None:
        raise TypeError(f"{type(value).__name__} is not sent ahead")
    return write(value)


def _spelled(value: UUID | int) -> bytes:
    return str(value).encode()


_TEXTS: dict[type, Callable[[Any], bytes]] = {
    str: str.encode,
    bytes: lambda value: b"\\x" + value.hex().encode(),
    UUID: _spelled,
    int: _spelled,
    datetime: lambda value: value.isoformat().encode(),
    dict: lambda value: encoded(value).encode(),
}


def _parse(statement: str) -> bytes:
    content = b"\0" + statement.encode() + b"\0" + struct.pack("!h", 0)
    return b"P" + struct.pack("!i", 4 + len(content)) + content
