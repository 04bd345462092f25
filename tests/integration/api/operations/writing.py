"""What a document is written with: values as literals or as variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.integration.api.reference.world import World

Draw = Callable[..., Any]


class Word(str):
    """A string that is written as an enum's value."""

    __slots__ = ()


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: Any) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else quoted(value)


@dataclass(slots=True)
class Writing:
    """A document being written, and its variables."""

    draw: Draw
    world: World
    fragments: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    aliases: int = 0

    def given(self, type_: str, value: Any, literal: str) -> str:
        """As a variable, or as a literal."""
        if self.draw(st.booleans()):
            return literal
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        self.variables[name] = value
        return f"${name}"

    def written(self, type_: str, value: dict[str, Any]) -> str:
        return self.given(type_, value, literal(value))
