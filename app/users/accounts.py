"""What signing in needs to know of people: this context's answer to `auth.accounts.Accounts`."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol
from uuid import UUID

from app.users.commands import AcceptInvitation, Arrive, ConfirmAddress
from app.users.letters import reached
from app.users.members import User
from app.users.values import EMAIL_PURPOSE
from auth.accounts import Account
from auth.identities import ExternalIdentity, Terms
from auth.sso.checks import refused
from tenants.database import Database, Row
from tenants.errors import Conflict, ValidationFailed
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import Statement, statement

LONGEST_LOGIN = 254

_ACCOUNT = (
    "SELECT u.id, u.username, u.name, u.status, u.role, u.language, u.person_key, "
    "ARRAY(SELECT unnest(r.permissions) UNION SELECT unnest(u.permissions)) AS permissions "
    "FROM __tenant__.users u JOIN __tenant__.roles r ON r.name = u.role WHERE "
)
BY_ID = statement(_ACCOUNT + "u.id = :value")
BY_USERNAME = statement(_ACCOUNT + "u.username = :value")
BY_EMAIL = statement(_ACCOUNT + "u.email_index = ANY(CAST(:value AS bytea[]))")


class Done(Protocol):
    @property
    def aggregates(self) -> tuple[UUID, ...]: ...


ROLES = statement("SELECT name FROM __tenant__.roles")


class Door(Protocol):
    """The bus, as far as the product itself goes through it."""

    def as_system(self, tenant: Tenant, command: object, correlation_id: UUID) -> Awaitable[Done]: ...

    def rehearse_as_system(self, tenant: Tenant, command: object) -> Awaitable[Sequence[object]]:
        """The aggregates that a command would leave behind; all of it is undone."""


class Members:
    """The people of every organization, as signing in sees them. Every change goes through the bus."""

    def __init__(self, database: Database, door: Door) -> None:
        self._database = database
        self._door = door

    async def find(self, tenant: Tenant, login: str) -> Account | None:
        name = login.strip().lower()
        if not name or len(name) > LONGEST_LOGIN or "\0" in name:
            return None
        if "@" in name:
            return await self._one(tenant, BY_EMAIL, tenant.key.blind_indexes(EMAIL_PURPOSE, name))
        return await self._one(tenant, BY_USERNAME, name)

    async def get(self, tenant: Tenant, user_id: UUID) -> Account | None:
        return await self._one(tenant, BY_ID, user_id, speaking=True)

    async def address(self, tenant: Tenant, user_id: UUID) -> str | None:
        async with self._database.reading(tenant.place) as connection:
            to = await reached(connection, tenant, user_id)
        return to.address if to else None

    async def roles(self, tenant: Tenant) -> frozenset[str]:
        async with self._database.reading(tenant.place) as connection:
            return frozenset(row["name"] for row in await connection.fetch(ROLES))

    async def accept(self, tenant: Tenant, token: str, password_hash: str, name: str | None, correlation_id: UUID) -> None:
        await self._door.as_system(tenant, AcceptInvitation(token, password_hash, {} if name is None else {"name": name}), correlation_id)

    async def confirm_address(self, tenant: Tenant, token: str, correlation_id: UUID) -> None:
        await self._door.as_system(tenant, ConfirmAddress(token), correlation_id)

    async def arrive(self, tenant: Tenant, identity: ExternalIdentity, terms: Terms, correlation_id: UUID) -> Account:
        try:
            user_id = await self._arrived(tenant, identity, terms, correlation_id)
        except (ValidationFailed, Conflict):  # the same person at the same moment made the account first: now it is found
            user_id = await self._arrived(tenant, identity, terms, correlation_id)
        account = await self.get(tenant, user_id)
        if account is None:
            raise refused("account_known", "an account", "one that is gone at this moment")
        return account

    async def rehearse(self, tenant: Tenant, identity: ExternalIdentity, terms: Terms) -> Account:
        (user,) = await self._door.rehearse_as_system(tenant, Arrive(new_id(), identity, terms))
        if not isinstance(user, User):
            raise TypeError(user)
        return Account(user.id, "", identity.name or "", user.status.value, user.role, frozenset())

    async def _arrived(self, tenant: Tenant, identity: ExternalIdentity, terms: Terms, correlation_id: UUID) -> UUID:
        outcome = await self._door.as_system(tenant, Arrive(new_id(), identity, terms), correlation_id)
        (user_id,) = outcome.aggregates
        return user_id

    async def _one(self, tenant: Tenant, query: Statement, value: object, *, speaking: bool = False) -> Account | None:
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(query, value=value)
        return _account(row, _language(tenant, row) if speaking else None) if row else None


def _account(row: Row, language: str | None) -> Account:
    return Account(row["id"], row["username"], row["name"], row["status"], row["role"], frozenset(row["permissions"]), language)


def _language(tenant: Tenant, row: Row) -> str | None:
    sealed, key = row["language"], row["person_key"]
    return tenant.key.open_personal(row["id"], key, "language", sealed) if sealed and key else None
