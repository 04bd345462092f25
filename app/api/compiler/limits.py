"""How much an operation may read: page sizes, and the rows of all lists multiplied through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from app.api.compiler.arguments import Leaf, Variables
from app.api.errors import LimitExceeded, invalid

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
FEW = 10
HIGHEST_COST = 10_000
_STEPS = (1, 10, 25, 50, LARGEST_PAGE)


@dataclass(frozen=True, slots=True)
class Size:
    """How many entries a list has at most."""

    leaf: Leaf | None
    default: int
    field: str
    largest: int = LARGEST_PAGE

    def of(self, variables: Variables) -> int:
        """Raises ValidationFailed for a negative number, LimitExceeded beyond the largest page."""
        size: Any = self.default if self.leaf is None else self.leaf.get(variables)
        if size < 0:
            raise invalid(self.field, "takes no negative number")
        if size > self.largest:
            raise LimitExceeded(
                f"{self.field} takes at most {self.largest}{'; read further pages with cursors' if self.largest == LARGEST_PAGE else ''}."
            )
        return int(size)

    @property
    def cap(self) -> int:
        """A round number that it is never above, known when the statement is compiled."""
        if self.leaf is not None and not self.leaf.constant:
            return LARGEST_PAGE
        return next(step for step in _STEPS if self.of({}) <= step)


@dataclass(slots=True)
class Cost:
    """The most rows an operation can read: for every list, the product of its size and those around it."""

    terms: list[tuple[Size, ...]] = field(default_factory=list)

    def add(self, sizes: Sequence[Size]) -> None:
        self.terms.append(tuple(sizes))

    @property
    def constant(self) -> bool:
        return all(size.leaf is None or size.leaf.constant for term in self.terms for size in term)

    def check(self, variables: Variables) -> None:
        """Raises LimitExceeded, or what Size.of does."""
        cost = sum(prod(size.of(variables) for size in term) for term in self.terms)
        if cost > HIGHEST_COST:
            raise LimitExceeded(f"This could read {cost} rows; the most is {HIGHEST_COST}. Ask for smaller pages, or fewer lists within lists.")
