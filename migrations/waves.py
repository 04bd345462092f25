"""Waves: how many tenants are migrated before somebody looks at how it went, and when to go no further."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from tenants.errors import ValidationFailed

T = TypeVar("T")

FEWEST_TO_JUDGE = 5
_SIZE = re.compile(r"(?P<number>[0-9]{1,6})(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class WaveSize:
    """So many tenants a wave, or so many of a hundred."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """`25` or `10%`. Raises ValidationFailed."""
        match = _SIZE.fullmatch(text.strip())
        number = int(match["number"]) if match else 0
        percent = bool(match and match["percent"])
        if not match or number < 1 or (percent and number > 100):  # noqa: PLR2004 - per cent
            raise ValidationFailed({"wave": f"{text!r} is neither a number of tenants such as 25 nor a share of them such as 10%"})
        return cls(number, percent)

    def of(self, tenants: int) -> int:
        return max(1, math.ceil(tenants * self.number / 100)) if self.percent else self.number


def waves(canaries: Sequence[T], others: Sequence[T], size: WaveSize | None) -> list[list[T]]:
    """Canaries in a wave of their own, before waves of this size; without a size one wave of all the others."""
    first = [list(canaries)] if canaries else []
    step = size.of(len(others) + len(canaries)) if size else max(1, len(others))
    return first + [list(others[start : start + step]) for start in range(0, len(others), step)]


@dataclass(slots=True)
class Tally:
    """How a wave goes. `locked_out`: tenants that had to be tried again, or given up, because others held their locks; `seconds` of all."""

    tried: int = 0
    failed: int = 0
    locked_out: int = 0
    seconds: float = 0.0

    def add(self, *, failed: bool, locked_out: bool, seconds: float = 0.0) -> None:
        self.tried += 1
        self.failed += failed
        self.locked_out += locked_out
        self.seconds += seconds

    def expected(self, tenants: int, jobs: int) -> float:
        """Seconds for so many more, at the pace of those that were tried."""
        return self.seconds / max(1, self.tried) * tenants / jobs

    def objection(self, halt_at: float, *, ended: bool) -> str | None:
        """Why to go no further: more than this share of the wave failed, or met locks. Within a wave only after a few of them."""
        if not self.tried:
            return None
        for count, what in ((self.failed, "failed"), (self.locked_out, "met locks that others held")):
            if count / self.tried > halt_at and (ended or count >= FEWEST_TO_JUDGE):
                return f"{count} of {self.tried} tenants {what}, more than {halt_at:.0%}"
        return None
