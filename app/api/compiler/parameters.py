"""The bound values of a statement: fixed ones, known when it is compiled, and those that each request brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.api.cursors import CursorKey


@dataclass(frozen=True, slots=True)
class Values:
    """What a request brings: coerced variables, the reader, and the tenant's cursor key."""

    variables: Mapping[str, Any]
    me: UUID | None
    cursors: CursorKey


Getter = Callable[[Values], Any]


@dataclass(slots=True)
class Parameters:
    fixed: list[Any] = field(default_factory=list)
    moving: list[tuple[int, Getter]] = field(default_factory=list)
    _me: str | None = None
    _cursor_key: tuple[str, str] | None = None

    def constant(self, value: object) -> str:
        self.fixed.append(value)
        return f"${len(self.fixed)}"

    def bound(self, getter: Getter) -> str:
        self.moving.append((len(self.fixed), getter))
        return self.constant(None)

    def me(self) -> str:
        """The reader's id; one parameter however often it is asked for."""
        self._me = self._me or f"{self.bound(lambda values: values.me)}::uuid"
        return self._me

    def cursor_key(self) -> tuple[str, str]:
        """Inner and outer key block of the HMAC over cursors."""
        if self._cursor_key is None:
            inner, outer = self.bound(lambda values: values.cursors.inner), self.bound(lambda values: values.cursors.outer)
            self._cursor_key = (f"{inner}::bytea", f"{outer}::bytea")
        return self._cursor_key
