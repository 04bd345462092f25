"""Tenants that wait to be migrated: those never tried in order, those to be tried again when their pause is over."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from migrations.plan import Move


@dataclass(slots=True)
class Task:
    """A move and how far it has come: the next stage, which attempt this is. `began` is `time.monotonic()` of the first one."""

    move: Move
    stage: int = 0
    attempts: int = 1
    began: float = 0.0
    locked_out: bool = False
    unbuilt: bool = False


@dataclass(order=True, slots=True)
class _Waiting:
    due: float
    number: int
    task: Task = field(compare=False)


class Queue:
    """Tasks for several workers; empty when nothing waits and nobody works."""

    def __init__(self, moves: Iterable[Move]) -> None:
        self._waiting = [_Waiting(0.0, number, Task(move, unbuilt=move.tenant.unbuilt and not move.down)) for number, move in enumerate(moves)]
        self._number = len(self._waiting)
        self._at_work = 0
        self._changed = asyncio.Event()

    async def take(self) -> Task | None:
        """The next task that is due, None when there will be no more. Whoever takes one calls `finished` or `again`."""
        while self._waiting or self._at_work:
            pause = self._waiting[0].due - time.monotonic() if self._waiting else None
            if pause is not None and pause <= 0:
                self._at_work += 1
                return heapq.heappop(self._waiting).task
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue
        return None

    def finished(self) -> None:
        self._at_work -= 1
        self._changed.set()

    def again(self, task: Task, pause: float) -> None:
        """Try it once more after so many seconds."""
        self._number += 1
        heapq.heappush(self._waiting, _Waiting(time.monotonic() + pause, self._number, task))
        self.finished()

    def empty(self) -> list[Task]:
        """Take out all that wait: nobody is going to."""
        left = [waiting.task for waiting in self._waiting]
        self._waiting.clear()
        self._changed.set()
        return left
