"""Bringing the control schema, then every tenant, to the head revision."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from migrations.history import History, head
from migrations.installation import Installation, prepare, remember
from migrations.lock import runner_lock
from migrations.tokens import LOGIN_ROLE, TENANT_ROLE, TENANT_SCHEMA, TENANTS_GROUP, replaced
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal
from tenants.ids import new_id
from tenants.naming import checked_role, checked_schema, quoted
from tenants.settings import TenantSettings

LOCK_TIMEOUT = "3s"
CONNECTIONS = 2


@dataclass(frozen=True, slots=True)
class Behind:
    """A tenant that is not at the head."""

    slug: str
    schema: str
    role: str
    revision: str | None


@dataclass(slots=True)
class Run:
    """What a run did. `failed` maps slugs to what Postgres said; `seconds` is wall time."""

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
    Raises MigrationRunning, ConfigurationError, DatabaseUnavailable.
    """
    started = time.monotonic()
    async with connect_as_admin(settings.admin_database_url) as admin, runner_lock(admin):
        installation = await prepare(admin, settings)
        await _control_up(admin, installation, progress)
        behind, up_to_date = await _survey(admin, installation)
        run = Run(new_id(), min((t.revision for t in behind if t.revision), default=None), head(History.TENANT), skipped=up_to_date)
        queue = iter(behind)
        await asyncio.gather(*(_worker(settings, installation, queue, run, progress) for _ in range(min(CONNECTIONS, len(behind)))))
    run.seconds = time.monotonic() - started
    return run


async def _control_up(admin: AdminConnection, installation: Installation, progress: Progress) -> None:
    current = await _control_revision(admin, installation)
    to = head(History.CONTROL)
    if current == to:
        return
    progress(f"control: {current or 'empty'} → {to}")
    names = {TENANTS_GROUP: installation.group, LOGIN_ROLE: installation.login}
    async with admin.transaction():
        await _act_as_owner(admin, installation)
        await admin.run_all(replaced(_rendered(History.CONTROL, current, to), names))
        await remember(admin, installation)


async def _control_revision(admin: AdminConnection, installation: Installation) -> str | None:
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'alembic_version'") is None:
        return None
    async with admin.transaction():
        await _act_as_owner(admin, installation)
        revision: str | None = await admin.value("SELECT version_num FROM control.alembic_version")
        return revision


async def _survey(admin: AdminConnection, installation: Installation) -> tuple[list[Behind], int]:
    """Who is behind, and how many are not, in one query for all of them."""
    async with admin.transaction():
        await _act_as_owner(admin, installation)
        rows = await admin.rows("SELECT slug, schema, role, revision FROM control.organizations ORDER BY slug")
    behind = [Behind(r["slug"], r["schema"], r["role"], r["revision"]) for r in rows if r["revision"] != head(History.TENANT)]
    return behind, len(rows) - len(behind)


async def _worker(settings: TenantSettings, installation: Installation, queue: Iterator[Behind], run: Run, progress: Progress) -> None:
    async with connect_as_admin(settings.admin_database_url) as admin:
        for tenant in queue:
            try:
                await _tenant_up(admin, installation, tenant, run.to)
            except Refusal as refusal:
                run.failed[tenant.slug] = str(refusal.__cause__ or refusal)
            else:
                run.done.append(tenant.slug)
            progress(f"{tenant.slug}: {'failed' if tenant.slug in run.failed else run.to}")


async def _tenant_up(admin: AdminConnection, installation: Installation, tenant: Behind, to: str) -> None:
    names = {TENANT_SCHEMA: checked_schema(tenant.schema), TENANT_ROLE: checked_role(tenant.role)}
    async with admin.transaction():
        await _act_as_owner(admin, installation)
        await admin.run_all(replaced(_rendered(History.TENANT, tenant.revision, to), names))
        await admin.run("UPDATE control.organizations SET revision = $2, updated_at = now() WHERE schema = $1", tenant.schema, to)


async def _act_as_owner(admin: AdminConnection, installation: Installation) -> None:
    await admin.run(f"SET LOCAL ROLE {quoted(installation.owner)}")
    await admin.run(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def _rendered(history: History, start: str | None, to: str) -> tuple[str, ...]:
    from migrations.rendering import upgrade_statements  # noqa: PLC0415 - Alembic is loaded only when there is something to do

    return upgrade_statements(history, start, to)
