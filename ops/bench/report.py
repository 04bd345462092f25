"""What a benchmark says: measured, floor, ratio, target, and whether it was met."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Line:
    """`ratio` is what was measured over its floor; met where it is at least (or, for costs, at most) `target`."""

    what: str
    measured: str
    floor: str
    ratio: float
    target: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.ratio <= self.target if self.at_most else self.ratio >= self.target

    def as_json(self) -> dict[str, object]:
        return {
            "what": self.what,
            "measured": self.measured,
            "floor": self.floor,
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "met": self.met,
        }


def machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def table(lines: list[Line]) -> str:
    """For a terminal or a Markdown file."""
    rows = [("what", "measured", "floor", "ratio", "target", "")]
    for line in lines:
        sign = "≤" if line.at_most else "≥"
        rows.append((line.what, line.measured, line.floor, f"{line.ratio:.2f}", f"{sign} {line.target:g}", "met" if line.met else "MISSED"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    texts = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return "\n".join([texts[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *texts[1:]])
