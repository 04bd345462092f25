"""A run as one line of a terminal that stays in its place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ops.progress import Lines

if TYPE_CHECKING:
    from migrations.crew import Outcome
    from migrations.plan import Plan


class Bar(Lines):
    """For a terminal: rate, time left and failures in one line that stays in its place."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.0f}/s"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]} failed"),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("migrating", total=None, rate=0.0, failed=0)
        super().__init__(lambda line: self._progress.console.print(line, markup=False, highlight=False))

    def planned(self, plan: Plan) -> None:
        super().planned(plan)
        self._progress.update(self._task, total=self._all)
        self._progress.start()

    def wave_begins(self, number: int, size: int) -> None:
        if size != self._all:
            self._progress.update(self._task, description=f"wave {number}, {size} tenants")

    def heard(self, outcome: Outcome) -> None:
        self._done += 1
        if outcome.error:
            self._failed += 1
            self._write(f"{outcome.move.tenant.slug}: failed: {outcome.error}")
        rate = self._done / max(time.monotonic() - self._began, 0.001)
        self._progress.update(self._task, advance=1, rate=rate, failed=self._failed)

    def close(self) -> None:
        self._progress.stop()
