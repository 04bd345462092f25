"""What the schemas say of their own revision, which the registry repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tenants.naming import checked_schema, quoted

if TYPE_CHECKING:
    from tenants.database import AdminConnection

_READABLE = (
    "SELECT n.nspname::text AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'version_num' "
    "WHERE c.relname = 'alembic_version' AND n.nspname = ANY ($1::text[]) AND has_table_privilege(c.oid, 'SELECT')"
)
_ROWS = "SELECT '{}' AS schema, array_agg(version_num::text ORDER BY version_num) AS revisions FROM {}.alembic_version"


async def versions(admin: AdminConnection, owner: str, schemas: Sequence[str]) -> dict[str, list[str]]:
    """All rows of those schemas whose version can be read: one where nobody was at it. What keeps others from it is a difference of its own."""
    async with admin.transaction(owner):
        readable = [checked_schema(row["schema"]) for row in await admin.rows(_READABLE, list(schemas))]
        if not readable:
            return {}
        parts = (_ROWS.format(schema, quoted(schema)) for schema in readable)
        return {row["schema"]: row["revisions"] or [] for row in await admin.rows(" UNION ALL ".join(parts))}
