"""Where every schema stands, in a few queries for all of them, without Alembic."""

from __future__ import annotations

from collections import Counter

from migrations.history import History, head, is_behind
from migrations.lock import STATE
from migrations.serving import OLDEST_SERVED
from tenants.database import AdminConnection, connect_as_admin
from tenants.settings import TenantSettings

# Whom a run without a pattern takes: nobody who is being purged, or is still being brought in.
_TAKEN = "o.purge_began_at IS NULL AND (o.status <> 'provisioning' OR o.origin = 'created')"
_MADE = (
    "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'control' AND c.relname = 'installation')"
)
_COUNTS = f"SELECT o.revision, count(*) AS tenants FROM control.organizations o WHERE {_TAKEN} GROUP BY o.revision"  # noqa: S608 - a constant
_COUNTS_BEFORE = "SELECT revision, count(*) AS tenants FROM control.organizations GROUP BY revision"
_AT = "SELECT o.slug FROM control.organizations o WHERE coalesce(o.revision, '') = ANY ($1)"
_FAILED = (
    "SELECT o.slug, o.revision, latest.error FROM control.organizations o CROSS JOIN LATERAL ("  # noqa: S608 - a constant
    "SELECT x.error FROM control.migration_results x JOIN control.migration_runs r ON r.id = x.run_id "
    "WHERE x.organization_id = o.id AND r.command <> 'stamp' ORDER BY x.finished_at DESC LIMIT 1) latest "
    f"WHERE {_TAKEN} AND coalesce(o.revision, '') = ANY ($1) AND latest.error IS NOT NULL ORDER BY o.slug"
)
_PENDING = (
    "SELECT o.slug, p.name, p.revision, p.error FROM control.pending_indexes p "
    "JOIN control.organizations o ON o.id = p.organization_id ORDER BY o.slug, p.name"
)
_LAST = (
    f"SELECT r.id, r.command, r.to_revision, {STATE} AS state, r.reason, r.holder, r.started_at, r.ended_at "  # noqa: S608 - a constant
    "FROM control.migration_runs r ORDER BY r.started_at DESC LIMIT 1"
)


async def status(settings: TenantSettings) -> dict[str, object]:
    """The shape of `imprint migrate status --json`; revisions are None where nothing was migrated yet.

    `failed`: tenants that are behind and whose last attempt failed. `pending_indexes`: still to be built beside the work.
    """
    found: dict[str, object] = {
        "control": {"revision": None, "head": head(History.CONTROL)},
        "tenant": {"head": head(History.TENANT), "oldest_served": OLDEST_SERVED, "counts": {}},
        "behind": [],
        "failed": [],
        "pending_indexes": [],
        "last_run": None,
    }
    async with connect_as_admin(settings.admin_database_url, documents=False) as admin:
        if await admin.value(_MADE):
            async with admin.transaction(settings.owner_role):
                await _fill(admin, found)
    return found


async def _fill(admin: AdminConnection, found: dict[str, object]) -> None:
    control = await admin.value("SELECT version_num FROM control.alembic_version")
    found["control"] = {"revision": control, "head": head(History.CONTROL)}
    at_head = control == head(History.CONTROL)
    counts = Counter({row["revision"]: row["tenants"] for row in await admin.rows(_COUNTS if at_head else _COUNTS_BEFORE)})
    found["tenant"] = {
        "head": head(History.TENANT),
        "oldest_served": OLDEST_SERVED,
        "counts": {revision or "none": count for revision, count in sorted(counts.items(), key=str)},
    }
    behind = [revision or "" for revision in counts if is_behind(History.TENANT, revision)]
    if behind:
        slugs = await admin.rows(f"{_AT}{f' AND {_TAKEN}' if at_head else ''} ORDER BY o.slug", behind)
        found["behind"] = [row["slug"] for row in slugs]
    if not at_head:  # what is asked next stands in tables of a later revision
        return
    if behind:
        found["failed"] = [dict(row.items()) for row in await admin.rows(_FAILED, behind)]
    found["pending_indexes"] = [dict(row.items()) for row in await admin.rows(_PENDING)]
    last = await admin.rows(_LAST)
    found["last_run"] = dict(last[0].items()) if last else None
