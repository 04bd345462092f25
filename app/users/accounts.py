"""What signing in needs to know of people: this context's answer to `auth.accounts.Accounts`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from app.users.commands import ActivateUser
from app.users.values import EMAIL_PURPOSE
from auth.accounts import Account
from tenants.database import Database, Row
from tenants.registry import Tenant
from tenants.statements import Statement, statement

LONGEST_LOGIN = 254

_ACCOUNT = (
    "SELECT u.id, u.username, u.name, u.status, u.role, ARRAY(SELECT unnest(r.permissions) UNION SELECT unnest(u.permissions)) AS permissions "
    "FROM __tenant__.users u JOIN __tenant__.roles r ON r.name = u.role WHERE "
)
BY_ID = statement(_ACCOUNT + "u.id = :value")
BY_USERNAME = statement(_ACCOUNT + "u.username = :value")
BY_EMAIL = statement(_ACCOUNT + "u.email_index = :value")

SystemCommand = Callable[[Tenant, object, UUID], Awaitable[object]]


class Members:
    """The people of every organization, as signing in sees them. Changes go through `execute`, the bus acting as the system."""

    def __init__(self, database: Database, execute: SystemCommand) -> None:
        self._database = database
        self._execute = execute

    async def find(self, tenant: Tenant, login: str) -> Account | None:
        name = login.strip().lower()
        if not name or len(name) > LONGEST_LOGIN or "\0" in name:
            return None
        if "@" in name:
            return await self._one(tenant, BY_EMAIL, tenant.key.blind_index(EMAIL_PURPOSE, name))
        return await self._one(tenant, BY_USERNAME, name)

    async def get(self, tenant: Tenant, user_id: UUID) -> Account | None:
        return await self._one(tenant, BY_ID, user_id)

    async def activate(self, tenant: Tenant, user_id: UUID, correlation_id: UUID) -> None:
        await self._execute(tenant, ActivateUser(user_id), correlation_id)

    async def _one(self, tenant: Tenant, query: Statement, value: object) -> Account | None:
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(query, value=value)
        return _account(row) if row else None


def _account(row: Row) -> Account:
    return Account(row["id"], row["username"], row["name"], row["status"], row["role"], frozenset(row["permissions"]))
