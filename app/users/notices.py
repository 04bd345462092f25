"""What people do with what they are told, and how long it is kept: no aggregate, no event, only the reader's own rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.shared.erasing import erases
from tenants.database import Connection
from tenants.statements import statement
from tenants.transaction import Transaction

KEPT = timedelta(days=365)
"""From when somebody was told, read or not."""

MARK_READ = statement(
    "UPDATE __tenant__.notifications SET read_at = :now WHERE user_id = :user_id AND read_at IS NULL "
    "AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))"
)
# Each person's oldest stand together in the index that their newest are read by.
OLD = statement(
    """
    DELETE FROM __tenant__.notifications WHERE id IN (
      SELECT o.id FROM __tenant__.users u CROSS JOIN LATERAL (
        SELECT n.id FROM __tenant__.notifications n
        WHERE n.user_id = u.id AND n.created_at < now() - CAST(:kept AS interval) ORDER BY n.created_at, n.id LIMIT :rows
      ) o LIMIT :rows
    )
    """
)
erases("what they were told", statement("DELETE FROM __tenant__.notifications WHERE user_id = :user_id"))


async def mark_read(tx: Transaction, user_id: UUID | None, ids: Sequence[UUID] | None) -> int:
    """How many were unread until now."""
    return await tx.connection.execute(MARK_READ, now=tx.now, user_id=user_id, ids=list(ids) if ids is not None else None)


async def let_go(connection: Connection, rows: int) -> int:
    """Delete, as the tenant, up to `rows` of what people were told a year ago; how many."""
    return await connection.execute(OLD, kept=KEPT, rows=rows)
