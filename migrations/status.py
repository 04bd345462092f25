"""Where every schema stands, in two queries, without Alembic."""

from __future__ import annotations

from collections import Counter

from migrations.history import History, head, is_behind, revisions
from migrations.installation import read
from tenants.database import connect_as_admin
from tenants.naming import quoted
from tenants.settings import TenantSettings


async def status(settings: TenantSettings) -> dict[str, object]:
    """The shape of `imprint migrate status --json`; revisions are None where nothing was migrated yet."""
    control = None
    counts: Counter[str] = Counter()
    behind: list[str] = []
    async with connect_as_admin(settings.admin_database_url) as admin:
        if await read(admin, settings) is not None:
            await admin.run(f"SET ROLE {quoted(settings.owner_role)}")
            control = await admin.value("SELECT version_num FROM control.alembic_version")
            for row in await admin.rows("SELECT slug, revision FROM control.organizations ORDER BY slug"):
                counts[row["revision"] or "none"] += 1
                if is_behind(History.TENANT, row["revision"]):
                    behind.append(row["slug"])
    return {
        "control": {"revision": control, "head": head(History.CONTROL)},
        "tenant": {"head": head(History.TENANT), "oldest_served": oldest_served(), "counts": dict(counts)},
        "behind": behind,
        "failed": [],
    }


OLDEST_SERVED = "0001"


def oldest_served() -> str:
    return OLDEST_SERVED


def serves(revision: str | None) -> bool:
    """Whether this release can serve a tenant at this revision: at the oldest served or later, newer ones included."""
    if revision is None:
        return False
    known = [r.id for r in revisions(History.TENANT)]
    return revision not in known or known.index(revision) >= known.index(OLDEST_SERVED)
