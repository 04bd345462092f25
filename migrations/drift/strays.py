"""Schemas and roles that look like an organization's and belong to none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrations.drift.differences import Difference

if TYPE_CHECKING:
    from tenants.database import AdminConnection

_OF_NOBODY = """
SELECT nspname::text AS name, 'schema' AS kind FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}$' AND nspname NOT IN (
  SELECT schema FROM control.organizations UNION ALL SELECT schema FROM control.stock UNION ALL SELECT schema FROM control.tombstones)
UNION ALL
SELECT rolname::text, 'role' FROM pg_roles WHERE rolname ~ ('^' || (SELECT role_prefix FROM control.installation) || '_t_[0-9a-f]{32}$')
AND rolname NOT IN (
  SELECT role FROM control.organizations UNION ALL SELECT role FROM control.stock UNION ALL SELECT role FROM control.tombstones)
ORDER BY 2, 1
"""
_WHY = "known to no organization, stock or tombstone"


async def strays(admin: AdminConnection, owner: str) -> dict[str, Difference]:
    """By name. They do no harm by themselves; whoever looks after the database decides what they are."""
    async with admin.transaction(owner):
        rows = await admin.rows(_OF_NOBODY)
    return {row["name"]: Difference(row["kind"], row["name"], None, _WHY) for row in rows}
