"""The control schema's own migrations, before any tenant's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from migrations.backoff import lock_milliseconds, pause
from migrations.history import BrokenHistory, Execution, History, head, knows
from migrations.holders import holders
from migrations.indexes import state_of
from migrations.installation import Installation, remember
from migrations.plan import DEFAULT_PATIENCE
from migrations.sql.indexes import index_made
from migrations.stages import Stage, upwards
from migrations.tokens import LOGIN_ROLE, TENANTS_GROUP, replaced
from tenants.database import AdminConnection, LockedOut
from tenants.errors import Refusal
from tenants.naming import quoted


class ControlLocked(Refusal):
    """Somebody holds locks of the control schema for too long."""

    code = "CONTROL_LOCKED"


class NewerRelease(Refusal):
    """A later release has migrated the control schema."""

    code = "NEWER_RELEASE"


async def control_revision(admin: AdminConnection, owner: str) -> str | None:
    """None where there is no control schema yet. Raises NewerRelease."""
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'alembic_version'") is None:
        return None
    async with admin.transaction(owner):
        revision: str | None = await admin.value("SELECT version_num FROM control.alembic_version")
    if not knows(History.CONTROL, revision):
        raise NewerRelease(
            f"The control schema is at revision {revision}, which this release does not know: a later one has been here. "
            "Nothing was changed; run `imprint migrate up` of that release or a later one."
        )
    return revision


async def control_up(admin: AdminConnection, installation: Installation, current: str | None, patience: float = DEFAULT_PATIENCE) -> bool:
    """Whether there was anything to do. Raises ControlLocked after so many seconds of trying, BrokenHistory, StatementFailed."""
    stages = upwards(current, head(History.CONTROL), History.CONTROL) if current != head(History.CONTROL) else ()
    deadline = time.monotonic() + patience
    for stage in stages:
        attempt = 1
        while not await _done(admin, installation, stage, lock_milliseconds(attempt)):
            if time.monotonic() > deadline:
                raise ControlLocked(
                    f"Others held locks of the control schema through {attempt} attempts.{await holders(admin, 'control')} "
                    "Nothing was changed; end their transactions, then run this again."
                )
            await asyncio.sleep(pause(attempt, 0.5))
            attempt += 1
    return bool(stages)


async def _done(admin: AdminConnection, installation: Installation, stage: Stage, lock_ms: int) -> bool:
    """False where a lock was not to be had: then nothing has changed."""
    statements = replaced(stage.statements, {TENANTS_GROUP: installation.group, LOGIN_ROLE: installation.login})
    try:
        match stage.execution:
            case Execution.REPLAYED:
                async with admin.transaction(installation.owner):
                    await admin.run(f"SET LOCAL lock_timeout = {int(lock_ms)}")
                    await admin.run_all(statements)
                    await remember(admin, installation)
            case Execution.OUTSIDE_TRANSACTION:
                await _each_by_itself(admin, installation.owner, statements)
            case Execution.PYTHON:
                raise BrokenHistory(f"Revision {stage.to} of the control schema has Python in it, which only tenants' revisions may")
    except LockedOut:
        return False
    return True


async def _each_by_itself(admin: AdminConnection, owner: str, statements: Sequence[str]) -> None:
    """The version row's last: repeated after a kill, all of them are sent again, which each of them has to bear.

    What a killed build of an index left invalid is dropped first: to IF NOT EXISTS it is there.
    """
    await admin.run(f"SET ROLE {quoted(owner)}")
    try:
        for sql in statements:
            made = index_made(sql)
            if made and await state_of(admin, "control", made.name) == "invalid":
                await admin.run(f"DROP INDEX CONCURRENTLY control.{quoted(made.name)}")
            await admin.run(sql)
    finally:
        await admin.run("RESET ROLE")
