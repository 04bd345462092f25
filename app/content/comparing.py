"""Two texts compared line by line, so that a person can read what changed."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# Comparing takes time with the product of what differs: what is longer is told as removed and added, whole.
MOST_LINES = 2_000
CONTEXT = 3


class Kind(StrEnum):
    KEPT = "KEPT"
    REMOVED = "REMOVED"
    ADDED = "ADDED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Part:
    """Whole lines, with what ends them. `SKIPPED`: lines that both texts have, further than `CONTEXT` lines from any change; without text."""

    kind: Kind
    text: str
    lines: int


def compared(before: str, after: str) -> list[Part]:
    """The parts of both texts in order; those kept and added make the later one, but for what is skipped."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    middle_old, middle_new = old[start : len(old) - end], new[start : len(new) - end]
    return _shortened([*_part(Kind.KEPT, old[:start]), *_changes(middle_old, middle_new), *_part(Kind.KEPT, old[len(old) - end :])])


def _changes(old: list[str], new: list[str]) -> list[Part]:
    if len(old) > MOST_LINES or len(new) > MOST_LINES:
        return [*_part(Kind.REMOVED, old), *_part(Kind.ADDED, new)]
    found: list[Part] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found += _part(Kind.KEPT, old[old_from:old_to])
        else:
            found += [*_part(Kind.REMOVED, old[old_from:old_to]), *_part(Kind.ADDED, new[new_from:new_to])]
    return found


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _part(kind: Kind, lines: list[str]) -> list[Part]:
    return [Part(kind, "".join(lines), len(lines))] if lines else []


def _shortened(parts: list[Part]) -> list[Part]:
    """Only a few lines around each change; what is neither is counted."""
    found: list[Part] = []
    for position, part in enumerate(parts):
        if part.kind is not Kind.KEPT:
            found.append(part)
            continue
        lines = part.text.splitlines(keepends=True)
        head, tail = CONTEXT if position else 0, CONTEXT if position < len(parts) - 1 else 0
        if len(lines) <= head + tail:
            found.append(part)
        else:
            hidden = len(lines) - head - tail
            found += [*_part(Kind.KEPT, lines[:head]), Part(Kind.SKIPPED, "", hidden), *_part(Kind.KEPT, lines[len(lines) - tail :] if tail else [])]
    return found
