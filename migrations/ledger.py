"""The ledger: every run, and what it did to each tenant.

A tenant that was migrated says so in the very transaction that did it; everything else is written by the runner beside it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from migrations.lock import STATE
from migrations.plan import Options, Plan
from tenants.audit import operator, record
from tenants.database import AdminConnection
from tenants.ids import new_id

CLOSE_UNFINISHED = (
    "UPDATE control.migration_runs SET state = 'interrupted', ended_at = now(), reason = 'its process ended without a word' WHERE state = 'running'"
)
BEGIN = "INSERT INTO control.migration_runs (id, command, to_revision, holder, options) VALUES ($1, $2, $3, $4, $5)"
END = "UPDATE control.migration_runs SET state = $2, reason = $3, ended_at = now() WHERE id = $1"
FAILED = (
    "INSERT INTO control.migration_results (run_id, organization_id, slug, from_revision, to_revision, attempts, seconds, error) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (run_id, organization_id) DO UPDATE "
    "SET error = excluded.error, attempts = excluded.attempts, seconds = excluded.seconds, finished_at = clock_timestamp()"
)
MOVED = (
    "WITH result AS ("
    "INSERT INTO control.migration_results (run_id, organization_id, slug, from_revision, to_revision, attempts, seconds) "
    "SELECT $4, $1, $5, $2, $3, $6, $7 ON CONFLICT (run_id, organization_id) DO UPDATE "
    "SET to_revision = excluded.to_revision, attempts = excluded.attempts, seconds = excluded.seconds, error = NULL, finished_at = clock_timestamp()"
    ") UPDATE control.organizations SET revision = $3, updated_at = now() WHERE id = $1 AND revision IS NOT DISTINCT FROM $2 RETURNING id"
)
ANNOUNCE = "UPDATE control.installation SET registry_version = registry_version + 1"


async def begin(admin: AdminConnection, owner: str, plan: Plan, options: Options) -> UUID:
    """A new run. One that a killed process left open is closed first: whoever has the lock knows that it is over."""
    run = new_id()
    async with admin.transaction(owner):
        await admin.run(CLOSE_UNFINISHED)
        await admin.run(BEGIN, run, plan.command, plan.to, operator(), options.as_json())
        await record(admin, f"migration.{plan.command}", None, None, run=str(run), to=plan.to, tenants=len(plan.moves))
    return run


async def close_unfinished(admin: AdminConnection, owner: str) -> None:
    async with admin.transaction(owner):
        await admin.run(CLOSE_UNFINISHED)


async def end(admin: AdminConnection, owner: str, run: UUID, state: str, reason: str | None) -> None:
    """Synchronous: once this is said, every tenant's transaction before it is on disk as well."""
    async with admin.transaction(owner):
        await admin.run(ANNOUNCE)
        await admin.run(END, run, state, reason)


async def announce(admin: AdminConnection, owner: str) -> None:
    """Let every process read the registry again."""
    async with admin.transaction(owner):
        await admin.run(ANNOUNCE)


async def newest_runs(admin: AdminConnection, owner: str, limit: int) -> list[dict[str, Any]]:
    """`[{id, command, to, state, reason, holder, options, started_at, ended_at, done, failed: [{slug, error}]}]`, newest first."""
    async with admin.transaction(owner):
        rows = await admin.rows(
            f"SELECT r.id, r.command, r.to_revision AS to, {STATE} AS state, r.reason, r.holder, r.options, r.started_at, r.ended_at, "  # noqa: S608 - a constant
            "(SELECT count(*) FROM control.migration_results x WHERE x.run_id = r.id AND x.error IS NULL) AS done, "
            "coalesce((SELECT jsonb_agg(jsonb_build_object('slug', x.slug, 'error', x.error) ORDER BY x.slug) "
            "FROM control.migration_results x WHERE x.run_id = r.id AND x.error IS NOT NULL), '[]') AS failed "
            "FROM control.migration_runs r ORDER BY r.started_at DESC LIMIT $1",
            limit,
        )
    return [dict(row.items()) for row in rows]
