"""The bound values of a statement: fixed ones, known when it is compiled, and those that each request brings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.api.cursors import CursorKey
from tenants.statements import Statement


@dataclass(frozen=True, slots=True)
class Values:
    """What a request brings: coerced variables, the reader, and the tenant's cursor key."""

    variables: Mapping[str, Any]
    me: UUID | None
    cursors: CursorKey


_PARAMETER = re.compile(r"\$(\d+)")
Getter = Callable[[Values], Any]


@dataclass(frozen=True, slots=True)
class Among:
    """The value in this position is part of a word: those of `words` that it is `part_of` take its place, whatever the case of letters."""

    position: int
    words: Statement
    part_of: Callable[[str, str], bool]

    def found(self, words: Sequence[str], part: str) -> list[str]:
        return [word for word in words if self.part_of(word.lower(), part.lower())]


@dataclass(slots=True)
class Parameters:
    fixed: list[Any] = field(default_factory=list)
    moving: list[tuple[int, Getter]] = field(default_factory=list)
    among: list[Among] = field(default_factory=list)
    _me: str | None = None
    _cursor_key: tuple[str, str] | None = None

    def constant(self, value: object) -> str:
        self.fixed.append(value)
        return f"${len(self.fixed)}"

    def bound(self, getter: Getter) -> str:
        self.moving.append((len(self.fixed), getter))
        return self.constant(None)

    def settled(self, sql: str) -> tuple[str, Parameters]:
        """The text with its parameters numbered as they appear, and only those: what a policy made needless took its values along."""
        numbers: dict[int, int] = {}
        text = _PARAMETER.sub(lambda found: f"${numbers.setdefault(int(found[1]) - 1, len(numbers) + 1)}", sql)
        moving = [(numbers[position] - 1, getter) for position, getter in self.moving if position in numbers]
        among = [replace(one, position=numbers[one.position] - 1) for one in self.among if one.position in numbers]
        return text, Parameters([self.fixed[position] for position in numbers], moving, among)

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
