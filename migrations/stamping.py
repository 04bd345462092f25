"""Saying that tenants are at a revision, without running anything: for a schema that was mended by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import structlog

from migrations import ledger
from migrations.backoff import LONGEST_LOCK_MS
from migrations.control_schema import control_revision
from migrations.history import History, knows, revisions
from migrations.holders import holders
from migrations.lock import runner_lock, runner_name
from migrations.plan import Move, Options, Plan
from migrations.replay import MovedMeanwhile, names_of
from migrations.runs import Run
from migrations.stages import known
from migrations.survey import Standing, survey
from migrations.tokens import TENANT_SCHEMA
from tenants.database import AdminConnection, DatabaseUnavailable, LockedOut, connect_as_admin
from tenants.errors import Refusal
from tenants.naming import quoted
from tenants.settings import TenantSettings

EVERYBODY = "*"
_LIMITS = f"SET LOCAL lock_timeout = {LONGEST_LOCK_MS}; SET LOCAL imprint.door = 'migration'"

log = structlog.get_logger(__name__)


class NotAskedForAll(Refusal):
    """Several tenants would be stamped, and nobody said that all of them are meant."""

    code = "NOT_CONFIRMED"


async def stamp(settings: TenantSettings, revision: str, options: Options, *, everybody: bool = False, note: Callable[[str], None] = log.info) -> Run:
    """Each tenant's version row and the registry together; one that cannot be stamped is left as it was, and named.

    Tenants whose schema and registry both say so already are skipped, those of later releases as well. Raises NotFound,
    MigrationRunning, NewerRelease, DatabaseUnavailable, and NotAskedForAll where no pattern names the tenants and there are
    several, unless `everybody` is meant.
    """
    to = known(revision)
    began = time.monotonic()
    async with connect_as_admin(settings.admin_database_url, runner_name()) as admin, runner_lock(admin, options.wait):
        await control_revision(admin, settings.owner_role)
        standing = await survey(admin, settings.owner_role, options.tenants)
        others = await _elsewhere(admin, settings.owner_role, [tenant for tenant in standing if knows(History.TENANT, tenant.revision)], to)
        if options.tenants == EVERYBODY and len(others) > 1 and not everybody:
            raise NotAskedForAll(
                f"Nothing was stamped. {len(others)} tenants would be: name those that you mend with --tenants GLOB, "
                "or add --all for every one of them."
            )
        later = sum(1 for tenant in standing if not knows(History.TENANT, tenant.revision))
        if later:
            note(f"{later} tenants are at revisions of a later release and are left as they are")
        run = Run(None, min((t.revision for t in others if t.revision), default=None), to, skipped=len(standing) - len(others))
        if others:
            await _stamp_all(admin, settings, others, run, options)
        else:
            run.ended("done")
    run.seconds = time.monotonic() - began
    return run


async def _elsewhere(admin: AdminConnection, owner: str, standing: Sequence[Standing], to: str) -> list[Standing]:
    """Those of whom the registry or their own schema says another revision."""
    return [tenant for tenant in standing if tenant.revision != to or not await _says(admin, owner, tenant, to)]


async def _says(admin: AdminConnection, owner: str, tenant: Standing, to: str) -> bool:
    """Whether the schema is at `to` in its own words; not where it cannot be read, which stamping it will explain."""
    try:
        async with admin.transaction(owner):
            await admin.run(_LIMITS)
            rows = await admin.rows(f"SELECT version_num FROM {_version_table(tenant)}")  # noqa: S608 - a checked name
    except DatabaseUnavailable:
        raise
    except (Refusal, ValueError):
        return False
    return [row["version_num"] for row in rows] == [to]


def _version_table(tenant: Standing) -> str:
    """Raises ValueError for a registry row that names no schema of ours."""
    return f"{quoted(names_of(tenant)[TENANT_SCHEMA])}.alembic_version"


async def _stamp_all(admin: AdminConnection, settings: TenantSettings, others: Sequence[Standing], run: Run, options: Options) -> None:
    plan = Plan("stamp", run.to, [[Move(tenant, run.to, ()) for tenant in others]], run.skipped)
    run.run = await ledger.begin(admin, settings.owner_role, plan, options)
    try:
        for tenant in others:
            await _stamp_one(admin, settings.owner_role, tenant, run)
        run.ended("failed" if run.failed else "done")
    except BaseException as error:
        run.ended("interrupted", f"it ended with {type(error).__name__}")
        raise
    finally:
        reason = run.reason or "; ".join(sorted(set(run.failed.values())))[:500] or None
        async with connect_as_admin(settings.admin_database_url, runner_name()) as closing:  # the first may be what was lost
            await ledger.end(closing, settings.owner_role, run.run, run.state, reason)


async def _stamp_one(admin: AdminConnection, owner: str, tenant: Standing, run: Run) -> None:
    """Raises DatabaseUnavailable; whatever else goes wrong is this tenant's own."""
    began = time.monotonic()
    try:
        async with admin.transaction(owner):
            await _stamp(admin, tenant, run, began)
    except DatabaseUnavailable:
        raise
    except (Refusal, ValueError) as error:  # ValueError: a registry row that names no schema of ours
        said = str(error.__cause__ or error)
        if isinstance(error, LockedOut):
            said = f"Others held its locks.{await holders(admin, tenant.schema)} End their transactions, then run this again."
        run.failed[tenant.slug] = said
        async with admin.transaction(owner):
            await admin.run(ledger.FAILED, run.run, tenant.id, tenant.slug, tenant.revision, run.to, 1, time.monotonic() - began, said)
    else:
        run.done.append(tenant.slug)


async def _stamp(admin: AdminConnection, tenant: Standing, run: Run, began: float) -> None:
    version_table = _version_table(tenant)
    ids = [revision.id for revision in revisions(History.TENANT)]
    await admin.run(_LIMITS)
    await admin.run(f"DELETE FROM {version_table}")  # noqa: S608 - a checked name
    await admin.run(f"INSERT INTO {version_table} (version_num) VALUES ($1)", run.to)  # noqa: S608 - a checked name
    undone = ids[ids.index(run.to) + 1 :]
    await admin.run("DELETE FROM control.pending_indexes WHERE organization_id = $1 AND revision = ANY ($2)", tenant.id, undone)
    seconds = time.monotonic() - began
    if await admin.value(ledger.MOVED, tenant.id, tenant.revision, run.to, run.run, tenant.slug, 1, seconds) is None:
        raise MovedMeanwhile(f"It is no longer at {tenant.revision}: somebody else moved it. Run this again to see where it stands.")
