"""The owners who could be an organization's spare key, and what each of them lacks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.registry import Tenant
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database

OWNERS = statement(
    """
    SELECT u.id, u.name, u.username, EXISTS (SELECT FROM __tenant__.credentials c WHERE c.user_id = u.id) AS password,
           EXISTS (SELECT FROM __tenant__.authenticators a WHERE a.user_id = u.id AND a.confirmed_at IS NOT NULL
                   UNION ALL SELECT FROM __tenant__.passkeys p WHERE p.user_id = u.id) AS factor
    FROM __tenant__.users u WHERE u.role = 'owner' AND u.status = 'active' ORDER BY u.name, u.id
    """
)


@dataclass(frozen=True, slots=True)
class Owner:
    """`password`, `factor`: whether they have one."""

    user_id: UUID
    name: str
    username: str
    password: bool
    factor: bool


class BreakGlass:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def owners(self, tenant: Tenant) -> list[Owner]:
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(OWNERS)
        return [Owner(row["id"], row["name"], row["username"], row["password"], row["factor"]) for row in rows]
