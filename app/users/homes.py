"""People as the installation finds them by their addresses: only those who may sign in have one there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from app.users.values import EMAIL_PURPOSE
from auth.realms.realms import Known
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection, Row
    from tenants.registry import Tenant

ONE = statement("SELECT id, status, email, person_key, version FROM __tenant__.users WHERE id = :id")
PAGE = statement(
    "SELECT id, status, email, person_key, version FROM __tenant__.users WHERE CAST(:after AS uuid) IS NULL OR id > :after ORDER BY id LIMIT :most"
)


async def known(connection: Connection, tenant: Tenant, user_id: UUID) -> Known | None:
    row = await connection.fetchrow(ONE, id=user_id)
    return _known(tenant, row) if row else None


async def all_known(connection: Connection, tenant: Tenant, after: UUID | None, most: int) -> list[Known]:
    """The next page of an organization's people, by id."""
    return [_known(tenant, row) for row in await connection.fetch(PAGE, after=after, most=most)]


def _known(tenant: Tenant, row: Row) -> Known:
    reachable = row["status"] == "active" and row["email"] is not None and row["person_key"] is not None
    email = tenant.key.open_personal(row["id"], row["person_key"], EMAIL_PURPOSE, row["email"]) if reachable else None
    return Known(row["id"], row["version"], email)
