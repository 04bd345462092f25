"""Who holds locks on a schema's tables, for those who could not have them."""

from __future__ import annotations

from tenants.database import AdminConnection

_HOLDERS = (
    "SELECT DISTINCT a.pid, a.application_name AS name, a.usename AS role FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
    "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_stat_activity a ON a.pid = l.pid "
    "WHERE n.nspname = $1 AND l.granted AND l.pid <> pg_backend_pid() "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY a.pid LIMIT 5"
)


async def holders(admin: AdminConnection, schema: str) -> str:
    """A sentence for people; empty where nobody holds any just now."""
    rows = await admin.rows(_HOLDERS, schema)
    named = ", ".join(f"backend {row['pid']} ({row['name'] or 'unnamed'} as {row['role']})" for row in rows)
    return f" Just now {named} holds some." if named else ""
