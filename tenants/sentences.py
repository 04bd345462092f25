"""English text that still knows what it was made from, so that a page can say it in its reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, object] = MappingProxyType({})


class Sentence(str):
    """For programs, logs and tests the English text; for pages a pattern to look up, and values to put into it."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, pattern: str, values: Mapping[str, object] = _NOTHING) -> Sentence:
        """Without values the pattern is the text as it stands, braces and all."""
        made = cls(pattern.format(**values) if values else pattern)
        made.pattern, made.values = pattern, values
        return made


def kept(text: str) -> str | dict[str, Any]:
    """As JSON takes it; `restored` makes the same text of it."""
    if not isinstance(text, Sentence):
        return text
    return {"pattern": text.pattern, "values": {name: kept(value) if isinstance(value, str) else value for name, value in text.values.items()}}


def restored(document: str | Mapping[str, Any]) -> str:
    """The text that `kept` has made this of."""
    if isinstance(document, str):
        return document
    values = {name: restored(value) if isinstance(value, str | dict) else value for name, value in document["values"].items()}
    return Sentence.of(document["pattern"], values)


def sentence(pattern: str, /, **values: object) -> Sentence:
    """`pattern` as `str.format` takes it, with named values; among them may be sentences."""
    return Sentence.of(pattern, values)


def as_sentence(text: str) -> Sentence:
    """A text that is looked up as it stands."""
    return text if isinstance(text, Sentence) else Sentence.of(text)


def joined(*texts: str, by: str = " ") -> Sentence:
    """One after the other, each in its own language's words."""
    return Sentence.of(
        by.join(f"{{s{number}}}" for number in range(len(texts))), {f"s{number}": as_sentence(text) for number, text in enumerate(texts)}
    )
