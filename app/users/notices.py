"""Marking one's notifications read: no aggregate, no event, only the reader's own rows."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.shared.erasing import erases
from tenants.statements import statement
from tenants.transaction import Transaction

MARK_READ = statement(
    "UPDATE __tenant__.notifications SET read_at = :now WHERE user_id = :user_id AND read_at IS NULL "
    "AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))"
)
erases("what they were told", statement("DELETE FROM __tenant__.notifications WHERE user_id = :user_id"))


async def mark_read(tx: Transaction, user_id: UUID | None, ids: Sequence[UUID] | None) -> int:
    """How many were unread until now."""
    return await tx.connection.execute(MARK_READ, now=tx.now, user_id=user_id, ids=list(ids) if ids is not None else None)
