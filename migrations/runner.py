"""Bringing the control schema, then every tenant, to a revision: planned, in waves, noted, resumable."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from migrations import ledger
from migrations.control_schema import control_revision, control_up
from migrations.crew import Crew, Outcome, Wave
from migrations.history import History, head
from migrations.installation import prepare
from migrations.keeper import keep
from migrations.listening import Listener, Told
from migrations.lock import runner_lock, runner_name
from migrations.plan import Options, Plan, down_plan, up_plan
from migrations.runs import Run
from migrations.safety import require_safe
from migrations.survey import Standing, survey
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal, RetryLater
from tenants.settings import TenantSettings

INTERRUPTED = "somebody asked it to stop"
NO_CONNECTION = "no connection to the database was to be had any more"

log = structlog.get_logger(__name__)


_EVERYTHING = Options()


async def up(settings: TenantSettings, options: Options = _EVERYTHING, listener: Listener | None = None, stop: asyncio.Event | None = None) -> Run:
    """Make the installation where there is none, migrate control, then every tenant that the options name.

    A tenant that fails is left as it was. Setting `stop` lets what runs finish and begins nothing more.
    Raises MigrationRunning, NewerRelease, NotFound, UnsafeRevision, ConfigurationError, DatabaseUnavailable.
    """
    told = Told(listener)
    async with connect_as_admin(settings.admin_database_url, runner_name()) as admin, runner_lock(admin, options.wait):
        current = await control_revision(admin, settings.owner_role)
        installation = await prepare(admin, settings)
        if await control_up(admin, installation, current, options.patience):
            told.note(f"control: {current or 'empty'} → {head(History.CONTROL)}")
        run = await _up_once(admin, settings, options, told, stop)
        if run.state == "done" and run.run:
            await _up_with_later_ones(admin, settings, options, told, stop, run)
    return run


async def _up_with_later_ones(
    admin: AdminConnection, settings: TenantSettings, options: Options, told: Told, stop: asyncio.Event | None, run: Run
) -> None:
    """Organizations that an earlier release made while the others were migrated."""
    try:
        later = await _up_once(admin, settings, options, told, stop)
    except RetryLater:
        told.note("whether organizations were made meanwhile could not be seen: run this again")
        return
    if later.run:
        run.done += later.done
        run.failed |= later.failed
        run.left = later.left
        run.seconds += later.seconds
        run.ended(later.state, later.reason)


async def _up_once(admin: AdminConnection, settings: TenantSettings, options: Options, told: Told, stop: asyncio.Event | None) -> Run:
    plan = up_plan(await survey(admin, settings.owner_role, options.tenants), options)
    if not options.unchecked:
        require_safe(plan)
    return await _carry_out(admin, settings, plan, options, told, stop)


async def down(settings: TenantSettings, options: Options, listener: Listener | None = None, stop: asyncio.Event | None = None) -> Run:
    """Take tenants back to `options.to`. Raises as `up`, and Irreversible where a revision has no way down."""
    async with connect_as_admin(settings.admin_database_url, runner_name()) as admin, runner_lock(admin, options.wait):
        await control_revision(admin, settings.owner_role)
        standing = await survey(admin, settings.owner_role, options.tenants)
        return await _carry_out(admin, settings, down_plan(standing, options), options, Told(listener), stop)


async def planned(settings: TenantSettings, options: Options, plan: Callable[[Sequence[Standing], Options], Plan]) -> Plan:
    """What a run would do; nothing is locked or changed. On an empty database there are no tenants."""
    async with connect_as_admin(settings.admin_database_url) as admin:
        current = await control_revision(admin, settings.owner_role)
        at_head = current == head(History.CONTROL)
        standing = await survey(admin, settings.owner_role, options.tenants, control_at_head=at_head) if current else []
        made = plan(standing, options)
    if not at_head:
        made.warnings.insert(0, f"first, control: {current or 'empty'} → {head(History.CONTROL)}")
    return made


async def _carry_out(admin: AdminConnection, settings: TenantSettings, plan: Plan, options: Options, told: Told, stop: asyncio.Event | None) -> Run:
    began = time.monotonic()
    run = Run(None, plan.start, plan.to, skipped=plan.skipped)
    if not plan.moves:
        for warning in plan.warnings:
            told.note(warning)
        await ledger.close_unfinished(admin, settings.owner_role)
        run.ended("done")
        return run
    told.planned(plan)
    run.run = await ledger.begin(admin, settings.owner_role, plan, options)

    def heard(outcome: Outcome) -> None:
        slug = outcome.move.tenant.slug
        if outcome.error is None:
            run.done.append(slug)
        else:
            run.failed[slug] = outcome.error
        told.heard(outcome)

    crew = Crew(settings.admin_database_url, settings.owner_role, run.run, options, heard)
    crew.stop = stop or crew.stop
    keeper = asyncio.create_task(keep(admin, settings, crew))
    try:
        await _waves(crew, plan, options, run, told)
    except BaseException as error:
        run.ended("interrupted", f"it ended with {type(error).__name__}")
        raise
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await crew.close()
        run.seconds = time.monotonic() - began
        await _close(admin, settings, run)
    return run


async def _waves(crew: Crew, plan: Plan, options: Options, run: Run, told: Told) -> None:
    for number, moves in enumerate(plan.waves, start=1):
        told.wave_begins(number, len(moves))
        wave = await crew.wave(moves)
        beyond = [move for later in plan.waves[number:] for move in later]
        reason = _reason_to_end(crew, wave, options, run, last=not beyond)
        if reason:
            run.left = len(wave.left) + len(beyond)
            run.ended("interrupted" if reason == INTERRUPTED else "halted", reason)
            return
        if number == 1 and beyond:
            told.remaining(len(beyond), wave.tally.expected(len(beyond), options.jobs))
    run.ended("failed" if run.failed else "done")


def _reason_to_end(crew: Crew, wave: Wave, options: Options, run: Run, *, last: bool) -> str | None:
    """Why no further wave is begun."""
    if crew.stop.is_set():
        return crew.halted_for or INTERRUPTED
    objection = wave.objection or wave.tally.objection(options.halt_at, ended=not last)
    if objection:
        return objection
    if wave.left:
        return NO_CONNECTION
    if run.failed and not last and not options.keep_going:
        return f"{len(run.failed)} tenants have failed; --keep-going goes on past that"
    return None


async def _close(admin: AdminConnection, settings: TenantSettings, run: Run) -> None:
    """Write down how the run ended, on another connection where the first is gone."""
    assert run.run is not None  # noqa: S101 - it was begun
    reason = run.reason or ("; ".join(sorted(set(run.failed.values())))[:500] or None)
    try:
        await ledger.end(admin, settings.owner_role, run.run, run.state, reason)
    except Refusal:
        try:
            async with connect_as_admin(settings.admin_database_url, runner_name()) as other:
                await ledger.end(other, settings.owner_role, run.run, run.state, reason)
        except RetryLater:
            log.exception("how the run ended could not be written down; the next one says that it was interrupted")
