"""Bringing the control schema, then every tenant, to the head revision."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from migrations.history import History, head, is_behind, knows
from migrations.installation import Installation, prepare, remember
from migrations.lock import runner_lock
from migrations.tokens import LOGIN_ROLE, TENANT_ROLE, TENANT_SCHEMA, TENANTS_GROUP, replaced
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal, RetryLater
from tenants.ids import new_id
from tenants.naming import checked_role, checked_schema, quoted
from tenants.settings import TenantSettings

LOCK_TIMEOUT = "3s"
CONNECTIONS = 2
UNTRIED = "Not tried: the database could not be reached any more. Run this again when it can."

log = structlog.get_logger(__name__)


class NewerRelease(Refusal):
    """A later release has migrated the control schema."""

    code = "NEWER_RELEASE"


@dataclass(frozen=True, slots=True)
class Behind:
    """A tenant that has not come to the head yet."""

    slug: str
    schema: str
    role: str
    revision: str | None


@dataclass(slots=True)
class Run:
    """What a run did. `skipped` were there already or beyond; `failed` maps slugs to what Postgres said; `seconds` is wall time."""

    run: UUID
    start: str | None
    to: str
    done: list[str] = field(default_factory=list)
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def as_json(self) -> dict[str, object]:
        failed = [{"slug": slug, "error": error} for slug, error in sorted(self.failed.items())]
        return {
            "run": str(self.run),
            "from": self.start,
            "to": self.to,
            "done": sorted(self.done),
            "skipped": self.skipped,
            "failed": failed,
            "seconds": round(self.seconds, 3),
        }


Progress = Callable[[str], None]


async def up(settings: TenantSettings, progress: Progress = lambda _line: None) -> Run:
    """Make the installation where there is none, then migrate control and every tenant, each in one transaction.

    A tenant that fails is left as it was and named in the result; the others go on.
    Raises MigrationRunning, NewerRelease, ConfigurationError, DatabaseUnavailable.
    """
    started = time.monotonic()
    async with connect_as_admin(settings.admin_database_url) as admin, runner_lock(admin):
        current = await _control_revision(admin, settings)
        installation = await prepare(admin, settings)
        await _control_up(admin, installation, current, progress)
        behind, up_to_date = await _survey(admin, installation)
        run = Run(new_id(), min((t.revision for t in behind if t.revision), default=None), head(History.TENANT), skipped=up_to_date)
        await _tenants_up(settings, installation, behind, run, progress)
    run.seconds = time.monotonic() - started
    return run


async def _control_up(admin: AdminConnection, installation: Installation, current: str | None, progress: Progress) -> None:
    to = head(History.CONTROL)
    if current == to:
        return
    progress(f"control: {current or 'empty'} → {to}")
    names = {TENANTS_GROUP: installation.group, LOGIN_ROLE: installation.login}
    async with admin.transaction():
        await _act_as(admin, installation.owner)
        await admin.run_all(replaced(_rendered(History.CONTROL, current, to), names))
        await remember(admin, installation)


async def _control_revision(admin: AdminConnection, settings: TenantSettings) -> str | None:
    """None where there is no control schema yet. Raises NewerRelease."""
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'alembic_version'") is None:
        return None
    async with admin.transaction():
        await _act_as(admin, settings.owner_role)
        revision: str | None = await admin.value("SELECT version_num FROM control.alembic_version")
    if not knows(History.CONTROL, revision):
        raise NewerRelease(
            f"The control schema is at revision {revision}, which this release does not know: a later one has been here. "
            "Nothing was changed; run `imprint migrate up` of that release or a later one."
        )
    return revision


async def _survey(admin: AdminConnection, installation: Installation) -> tuple[list[Behind], int]:
    """Who is behind, and how many are not, in one query for all of them."""
    async with admin.transaction():
        await _act_as(admin, installation.owner)
        rows = await admin.rows("SELECT slug, schema, role, revision FROM control.organizations ORDER BY slug")
    behind = [Behind(r["slug"], r["schema"], r["role"], r["revision"]) for r in rows if is_behind(History.TENANT, r["revision"])]
    return behind, len(rows) - len(behind)


async def _tenants_up(settings: TenantSettings, installation: Installation, behind: list[Behind], run: Run, progress: Progress) -> None:
    queue = iter(behind)

    async def work() -> None:
        """Until no tenant is left, or no connection is to be had: then the others' connections go on."""
        try:
            while await _on_one_connection(settings, installation, queue, run, progress):
                continue
        except RetryLater as error:
            log.warning("a connection could not be opened", reason=str(error.__cause__ or error))

    async with asyncio.TaskGroup() as group:
        for _ in range(min(CONNECTIONS, len(behind))):
            group.create_task(work())
    for tenant in queue:
        run.failed[tenant.slug] = UNTRIED


async def _on_one_connection(settings: TenantSettings, installation: Installation, queue: Iterator[Behind], run: Run, progress: Progress) -> bool:
    """Migrate tenants until one fails, which may have cost the connection; whether there may be more."""
    async with connect_as_admin(settings.admin_database_url) as admin:
        for tenant in queue:
            error = await _tried(admin, installation, tenant, run.to)
            progress(f"{tenant.slug}: {'failed' if error else run.to}")
            if error:
                run.failed[tenant.slug] = error
                return True
            run.done.append(tenant.slug)
    return False


async def _tried(admin: AdminConnection, installation: Installation, tenant: Behind, to: str) -> str | None:
    """What went wrong, None where nothing did."""
    try:
        await _tenant_up(admin, installation, tenant, to)
    except Refusal as refusal:
        return str(refusal.__cause__ or refusal)
    except Exception as error:  # the boundary of every tenant: the others go on
        log.exception("tenant not migrated", tenant=tenant.slug)
        return f"{type(error).__name__}: {error}"
    return None


async def _tenant_up(admin: AdminConnection, installation: Installation, tenant: Behind, to: str) -> None:
    names = {TENANT_SCHEMA: checked_schema(tenant.schema), TENANT_ROLE: checked_role(tenant.role)}
    async with admin.transaction():
        await _act_as(admin, installation.owner)
        await admin.run_all(replaced(_rendered(History.TENANT, tenant.revision, to), names))
        await admin.run("UPDATE control.organizations SET revision = $2, updated_at = now() WHERE schema = $1", tenant.schema, to)


async def _act_as(admin: AdminConnection, owner: str) -> None:
    await admin.run(f"SET LOCAL ROLE {quoted(owner)}")
    await admin.run(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def _rendered(history: History, start: str | None, to: str) -> tuple[str, ...]:
    from migrations.rendering import upgrade_statements  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    return upgrade_statements(history, start, to)
