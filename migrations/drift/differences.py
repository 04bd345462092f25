"""What differs between two sets of facts, and how a person reads it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from migrations.drift.facts import ROLE, Facts, Key
from migrations.tokens import TENANT_ROLE

LONGEST_SHOWN = 160
_OBJECTS = frozenset({"table", "foreign table", "view", "materialized view", "sequence", "column", "function", "procedure", "aggregate", "role"})


@dataclass(frozen=True, slots=True)
class Difference:
    """`expected` is None for what should not be there, `found` None for what is missing."""

    kind: str
    name: str
    expected: str | None
    found: str | None

    def sentence(self) -> str:
        what = f"{self.kind} {self.name}".strip()
        if self.found is None:
            return f"{what} is missing" + _brief(": it should be ", self.expected)
        if self.expected is None:
            return f"{what} should not be there" + _brief(": it is ", self.found)
        if _short(self.found) and _short(self.expected):
            return f"{what} is {self.found or 'nothing'}, should be {self.expected or 'nothing'}"
        return f"{what} is not what its revision makes; --json shows both"

    def as_json(self) -> dict[str, str | None]:
        return {"kind": self.kind, "name": self.name, "expected": self.expected, "found": self.found}


def differences(expected: Facts, found: Facts) -> list[Difference]:
    """By kind and name. What belongs to an object that is itself missing, or should not be there, is not named again."""
    all_keys = expected.keys() | found.keys()
    alone = {key.name for key in all_keys if key.kind in _OBJECTS and (key in expected) is not (key in found)}
    return [
        Difference(*key, expected[key].definition if key in expected else None, found[key].definition if key in found else None)
        for key in sorted(all_keys)
        if _definition(expected, key) != _definition(found, key) and not _explained(key, expected, found, alone)
    ]


def unbuilt(found: list[Difference], pending: Collection[str]) -> list[Difference]:
    """The indexes among them that the revision asked for and that are still to be built, or being built just now."""
    return [one for one in found if one.kind == "index" and one.name in pending and (one.found is None or one.found.endswith(" INVALID"))]


def _definition(facts: Facts, key: Key) -> str | None:
    return facts[key].definition if key in facts else None


def _explained(key: Key, expected: Facts, found: Facts, alone: Collection[str]) -> bool:
    if key in expected and key in found:
        return False
    parent = (expected.get(key) or found[key]).parent
    if ROLE in alone and key.name.endswith(TENANT_ROLE):
        return True
    return parent in alone or parent.partition(".")[0] in alone


def _short(definition: str) -> bool:
    return len(definition) <= LONGEST_SHOWN and "\n" not in definition


def _brief(start: str, definition: str | None) -> str:
    return start + definition if definition and _short(definition) else ""
