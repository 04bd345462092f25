"""Letting go of sessions and links that have long been over; nothing reads them but people who look into the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

OLD = (
    statement(
        "DELETE FROM __tenant__.sessions WHERE id IN ("
        "SELECT id FROM __tenant__.sessions "
        "WHERE expires_at < now() - interval '30 days' OR revoked_at < now() - interval '30 days' LIMIT :rows)"
    ),
    statement(
        "DELETE FROM __tenant__.links WHERE hash IN (SELECT hash FROM __tenant__.links WHERE expires_at < now() - interval '30 days' LIMIT :rows)"
    ),
)


async def let_go(connection: Connection, rows: int) -> int:
    """Delete, as the tenant, up to `rows` sessions and as many links that ended 30 days ago or earlier.

    A session takes its refresh tokens along. Returns the larger of the two counts: `rows` means that there may be more.
    """
    return max([await connection.execute(delete, rows=rows) for delete in OLD])
