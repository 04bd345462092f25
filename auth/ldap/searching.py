"""Searching a directory, and reading what an entry's attributes hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ldap3

LONGEST_TEXT = 320


def search(connection: Any, base: str, text: str, scope: str, attributes: list[str], *, most: int) -> list[dict[str, Any]]:
    """Entries alone: where the directory refers to another, nobody goes."""
    # The case of attributes' names says nothing (RFC 4512, 2.5), but ldapjs, with which people write servers, knows them in lower case alone.
    names = [name.lower() for name in attributes]
    connection.search(base, text, scope, dereference_aliases=ldap3.DEREF_NEVER, attributes=names, size_limit=most)
    return [entry for entry in connection.response or [] if entry.get("type") == "searchResEntry"]


def first(values: dict[str, object], name: str) -> str | None:
    return next((text[:LONGEST_TEXT] for text in texts(values.get(name.lower())) if text), None)


def texts(value: object) -> Iterable[str]:
    for one in value if isinstance(value, list | tuple) else [] if value is None else [value]:
        yield one.hex() if isinstance(one, bytes) else str(one).replace("\0", "")
