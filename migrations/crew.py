"""Migrating a wave: a few connections that take one tenant after the other; what is locked is tried again later."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from migrations.backoff import lock_milliseconds, pause
from migrations.history import Execution
from migrations.holders import holders
from migrations.indexes import Builder
from migrations.ledger import FAILED
from migrations.lock import runner_name
from migrations.plan import Move, Options
from migrations.processes import Processes
from migrations.queue import Queue, Task
from migrations.replay import Attempt, replay
from migrations.waves import Tally
from tenants.database import AdminConnection, LockedOut, UniqueTaken, connect_as_admin
from tenants.errors import Conflict, Refusal, RetryLater
from tenants.naming import quoted

UNBUILT = "It is there, but its indexes on large tables were not begun. Run this again to have them built."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one tenant. `error` None: done. `seconds` since its first attempt."""

    move: Move
    error: str | None
    attempts: int
    seconds: float
    locked_out: bool


class Wave:
    """A wave while it is migrated. `left`: who was not tried; `objection`: why nobody further should be."""

    def __init__(self, crew: Crew, queue: Queue) -> None:
        self._crew = crew
        self.queue = queue
        self.tally = Tally()
        self.left: list[Move] = []
        self.unbuilt: list[Task] = []
        self.objection: str | None = None

    def migrated(self, task: Task) -> None:
        self.queue.finished()
        if task.unbuilt:
            self.unbuilt.append(task)
        else:
            self.settle(task, None)

    def settle(self, task: Task, error: str | None) -> None:
        seconds = time.monotonic() - task.began
        self.tally.add(failed=error is not None, locked_out=task.locked_out, seconds=seconds)
        self._crew.heard(Outcome(task.move, error, task.attempts, seconds, task.locked_out))
        self.objection = self.objection or self.tally.objection(self._crew.halt_at, ended=False)
        if self.objection or self._crew.stop.is_set():
            self.give_up()

    def give_up(self) -> None:
        """Nobody further is begun."""
        self.left.extend(task.move for task in self.queue.empty())


class Crew:
    """One for each run. `heard` is called with every outcome; `stop` set from outside lets what runs finish and begins nothing more."""

    def __init__(self, url: str, owner: str, run: UUID, options: Options, heard: Callable[[Outcome], None]) -> None:
        self._url, self._owner, self._run, self._options = url, owner, run, options
        self.heard = heard
        self.halt_at = options.halt_at
        self._builder = Builder(url, owner, options.index_patience)
        self._processes = Processes(url, owner, options.jobs)
        self.stop = asyncio.Event()
        self.halted_for: str | None = None

    def halt(self, reason: str) -> None:
        """Begin nothing more, for this reason."""
        self.halted_for = self.halted_for or reason
        self.stop.set()

    async def close(self) -> None:
        await self._processes.close()

    async def wave(self, moves: Sequence[Move]) -> Wave:
        """Every tenant's transactions, then what their indexes need beside them."""
        wave = Wave(self, Queue(moves))
        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._options.jobs, len(moves))):
                group.create_task(self._work(wave))
        wave.give_up()
        for task in wave.unbuilt:
            if self.stop.is_set() or wave.objection:
                wave.settle(task, UNBUILT)
            else:
                await self._build(wave, task)
        return wave

    async def _work(self, wave: Wave) -> None:
        """Until no tenant is left, or no connection is to be had: then the others' connections go on."""
        try:
            while await self._on_one_connection(wave):
                continue
        except RetryLater as error:
            log.warning("a connection could not be opened", reason=str(error.__cause__ or error))

    async def _on_one_connection(self, wave: Wave) -> bool:
        """Migrate tenants until one fails, which may have cost the connection; whether there may be more."""
        async with connect_as_admin(self._url, runner_name()) as admin:
            # Whoever reads "done" reads it after a synchronous commit that follows all of these (migrations.ledger.end).
            await admin.run(f"SET ROLE {quoted(self._owner)}; SET synchronous_commit = off")
            while (task := await wave.queue.take()) is not None:
                task.began = task.began or time.monotonic()
                try:
                    await self._all_stages(admin, task)
                except Exception as error:  # noqa: BLE001 - the boundary of every tenant: the others go on
                    if self._may_try_again(task, error):
                        wave.queue.again(task, pause(task.attempts, random.random()))  # noqa: S311 - no secret
                        task.attempts += 1
                        continue
                    wave.queue.finished()
                    wave.settle(task, await self._failed(task, error))
                    return True
                wave.migrated(task)
        return False

    async def _all_stages(self, admin: AdminConnection, task: Task) -> None:
        """From the stage that is next to the end. What is still to be built comes before a stage that may stand on it."""
        while task.stage < len(task.move.stages):
            if task.unbuilt:
                await self._builder.pending(task.move.tenant)
                task.unbuilt = False
            task.unbuilt = await self._one_stage(admin, task)
            task.stage += 1

    async def _one_stage(self, admin: AdminConnection, task: Task) -> bool:
        """Whether indexes were left to be built."""
        stage, tenant = task.move.stages[task.stage], task.move.tenant
        lock_ms = lock_milliseconds(task.attempts)
        attempt = Attempt(self._run, task.attempts, task.began, lock_ms, self._options.budget, self._options.index_rows)
        match stage.execution:
            case Execution.REPLAYED:
                return await replay(admin, tenant, stage, attempt)
            case Execution.PYTHON:
                await self._processes.run(tenant, stage, attempt)
            case Execution.OUTSIDE_TRANSACTION:
                *statements, version = stage.statements
                await self._builder.outside_transaction(tenant, statements, lock_ms)
                await replay(admin, tenant, replace(stage, statements=(version,)), attempt)
        return False

    async def _build(self, wave: Wave, task: Task) -> None:
        try:
            await self._builder.pending(task.move.tenant)
        except Exception as error:  # noqa: BLE001 - as in `_on_one_connection`
            wave.settle(task, await self._failed(task, error))
        else:
            wave.settle(task, None)

    def _may_try_again(self, task: Task, error: Exception) -> bool:
        """Locks and deadlocks pass; everything else would be the same again."""
        passes = isinstance(error, LockedOut | Conflict) and not isinstance(error, UniqueTaken)
        task.locked_out |= passes
        return passes and not self.stop.is_set() and time.monotonic() - task.began < self._options.patience

    async def _failed(self, task: Task, error: Exception) -> str:
        """What went wrong, for people and for the ledger."""
        said, tenant = _said(error, task), task.move.tenant
        seconds = time.monotonic() - task.began
        try:
            async with connect_as_admin(self._url) as admin:
                if isinstance(error, LockedOut):
                    said += await holders(admin, tenant.schema)
                async with admin.transaction(self._owner):
                    await admin.run(FAILED, self._run, tenant.id, tenant.slug, tenant.revision, task.move.to, task.attempts, seconds, said)
        except RetryLater as unavailable:
            log.warning("a failure could not be written down", tenant=tenant.slug, reason=str(unavailable.__cause__ or unavailable))
        return said


def _said(error: Exception, task: Task) -> str:
    stages = task.move.stages
    where = f"{stages[task.stage].start or 'empty'} → {stages[task.stage].to or 'empty'}: " if task.stage < len(stages) and len(stages) > 1 else ""
    match error:
        case LockedOut():
            return f"{where}Others held its locks through {task.attempts} attempts. End their transactions, or run this again when they have ended."
        case Refusal():
            return f"{where}{error.__cause__ or error}"
        case _:
            log.error("tenant not migrated", tenant=task.move.tenant.slug, exc_info=error)
            return f"{where}{type(error).__name__}: {error}"
