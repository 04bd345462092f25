"""What people see and do about their own sign-ins: where they are signed in, ending that, and another password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from auth.accounts import Accounts, known_of
from auth.agents import agent_name
from auth.credentials import Credentials
from auth.errors import InvalidCredentials, WrongPassword
from auth.limits import Limits, name_counted
from auth.passwords import Passwords, check_new_password
from auth.policies import Policies
from auth.remembered import forget_devices
from auth.sessions import over
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import RetryLater, ValidationFailed
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database

MOST = 200
MODULE = "account"
OWN = statement(
    """
    SELECT id, kind, client_id, user_agent, host(address) AS address, created_at, last_seen_at,
           user_id, amr, connection_id, now() AS now FROM __tenant__.sessions
    WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > now() ORDER BY last_seen_at DESC, id LIMIT :most
    """
)
END_ONE = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE user_id = :user_id AND id = :id AND revoked_at IS NULL RETURNING id")
END_OTHERS = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE user_id = :user_id AND id <> :id AND revoked_at IS NULL RETURNING id")
HOLD = statement("SELECT 1 FROM __tenant__.users WHERE id = :user_id AND status = 'active' FOR NO KEY UPDATE")
HAS_PASSWORD = statement("SELECT 1 FROM __tenant__.credentials WHERE user_id = :user_id")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`device` as its owner would call it; `address` is an IP address or None."""

    id: UUID
    device: str
    client_id: str
    program: bool
    address: str | None
    since: datetime
    last_seen_at: datetime


class Devices:
    def __init__(
        self, database: Database, accounts: Accounts, policies: Policies, credentials: Credentials, passwords: Passwords, limits: Limits
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._policies = policies
        self._credentials = credentials
        self._passwords = passwords
        self._limits = limits

    async def of(self, tenant: Tenant, user_id: UUID) -> list[SignedIn]:
        """Where somebody is signed in now, the latest first."""
        decided = await self._policies.of(tenant)
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(OWN, user_id=user_id, most=MOST)
        return [
            SignedIn(
                row["id"],
                agent_name(row["user_agent"]),
                row["client_id"],
                row["kind"] == "api",
                row["address"],
                row["created_at"],
                row["last_seen_at"],
            )
            for row in rows
            if not over(decided, row, row["now"])
        ]

    @repeatable
    async def end(self, tenant: Tenant, user_id: UUID, session_id: UUID, cause: Cause) -> list[UUID]:
        """One of their own sessions; another's is not touched. The ids of those that ended."""
        async with transaction(self._database, tenant, cause) as change:
            rows = await change.connection.fetch(END_ONE, user_id=user_id, id=session_id, now=change.now)
            return await _ended(change, user_id, [row["id"] for row in rows])

    @repeatable
    async def end_others(self, tenant: Tenant, user_id: UUID, but: UUID, cause: Cause) -> list[UUID]:
        """All of their own sessions but one, and every device that was remembered. The ids of those sessions."""
        async with transaction(self._database, tenant, cause) as change:
            await forget_devices(change, user_id)
            return await _others_ended(change, user_id, but)

    async def has_password(self, tenant: Tenant, user_id: UUID) -> bool:
        async with self._database.reading(tenant.place) as connection:
            return await connection.fetchval(HAS_PASSWORD, user_id=user_id) is not None

    async def change_password(self, tenant: Tenant, user_id: UUID, old: str, new: str, *, session: UUID, address: str, cause: Cause) -> list[UUID]:
        """Another password for whoever knows the one they have; they stay signed in here alone. The ids of the sessions that ended.

        Raises ValidationFailed, WrongPassword, RateLimited or Busy.
        """
        decided, account = await self._policies.of(tenant), await self._accounts.get(tenant, user_id)
        own = await known_of(self._accounts, tenant, account, decided.name) if account else ()
        check_new_password(new, shortest=decided.shortest_password, own=own)
        if new == old:
            raise ValidationFailed({"password": "is the one you have; choose another"})
        await self.prove(tenant, user_id, old, address)
        return await self._change(tenant, user_id, await self._passwords.hash(new), session, cause)

    async def prove(self, tenant: Tenant, user_id: UUID, password: str, address: str) -> None:
        """Slowed down like sign-ins: a browser that was left open is no place to guess either. Raises WrongPassword, RateLimited, Busy."""
        name = name_counted(f"password\n{user_id}")
        await self._limits.enter(tenant, name, address)
        try:
            matched = await self._credentials.verify(tenant, user_id, password)
        except RetryLater:
            await self._limits.not_looked_at(tenant, name)
            raise
        if not matched:
            await self._limits.failed(tenant, address)
            raise WrongPassword
        await self._limits.succeeded(tenant, name)

    @repeatable
    async def _change(self, tenant: Tenant, user_id: UUID, hashed: str, session: UUID, cause: Cause) -> list[UUID]:
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.fetchrow(HOLD, user_id=user_id):
                raise InvalidCredentials
            await self._credentials.store(change, user_id, hashed)
            await tell_in(change, Happened("PasswordChanged", MODULE, cause.correlation_id, user_id=user_id))
            return await _others_ended(change, user_id, session)


async def _others_ended(change: Transaction, user_id: UUID, but: UUID) -> list[UUID]:
    rows = await change.connection.fetch(END_OTHERS, user_id=user_id, id=but, now=change.now)
    return await _ended(change, user_id, [row["id"] for row in rows])


async def _ended(change: Transaction, user_id: UUID, ids: list[UUID]) -> list[UUID]:
    if ids:
        happened = Happened("SessionsEnded", MODULE, change.cause.correlation_id, user_id=user_id, details={"sessions": len(ids)})
        await tell_in(change, happened)
    return ids
