"""Whom a matter reaches: everybody who may deal with it."""

from __future__ import annotations

from uuid import UUID

from tenants.statements import statement
from tenants.transaction import Transaction

HOLDERS = statement(
    """
    SELECT u.id FROM __tenant__.users u JOIN __tenant__.roles r ON r.name = u.role
    WHERE u.status = 'active' AND (:permission = ANY (r.permissions) OR :permission = ANY (u.permissions)) ORDER BY u.id
    """
)


async def holders(tx: Transaction, permission: str) -> list[UUID]:
    """Active people who have this permission, by role or by grant."""
    return [row["id"] for row in await tx.connection.fetch(HOLDERS, permission=permission)]
