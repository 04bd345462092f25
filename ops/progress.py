"""How a run is told while it goes on, in plain lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrations.crew import Outcome
    from migrations.plan import Plan

LINE_EVERY = 5.0


class Lines:
    """For logs and pipes: the plan, each wave, each failure, and a line every few seconds in between."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._all = self._done = self._failed = 0
        self._began = self._told = time.monotonic()

    def note(self, line: str) -> None:
        self._write(line)

    def planned(self, plan: Plan) -> None:
        self._all = len(plan.moves)
        self._began = self._told = time.monotonic()
        for line in plan.lines():
            self._write(line)

    def wave_begins(self, number: int, size: int) -> None:
        if size != self._all:
            self._write(f"wave {number}: {size} tenants")

    def heard(self, outcome: Outcome) -> None:
        self._done += 1
        if outcome.error:
            self._failed += 1
            self._write(f"{outcome.move.tenant.slug}: failed: {outcome.error}")
        if self._done == self._all or time.monotonic() - self._told >= LINE_EVERY:
            self._told = time.monotonic()
            rate = self._done / max(self._told - self._began, 0.001)
            self._write(f"{self._done} of {self._all}, {self._failed} failed, {rate:.0f} tenants/s, {(self._all - self._done) / rate:.0f} s left")

    def remaining(self, tenants: int, seconds: float) -> None:
        self._write(f"{tenants} more tenants will take about {max(seconds, 1):.0f} s at this pace")

    def close(self) -> None:
        """Nothing is left to tell."""
