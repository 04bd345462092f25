"""What an operator does for the people of one organization, through the same commands as everybody."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.bus import Bus
from app.management.decisions import Decisions
from app.users.accounts import Members as Accounts
from app.users.commands import ActivateUser, ChangeRole, GrantPermissions, InviteUser
from app.users.values import EMAIL_PURPOSE
from auth.accounts import Account
from auth.addresses import Addresses
from auth.credentials import Credentials
from auth.endings import end_sessions
from auth.factors.factors import Factors
from auth.limits import Limits, names_unlocked
from auth.links import Links
from auth.passwords import Passwords, check_new_password
from auth.principal import SYSTEM
from ops.organizations.lookup import organization
from tenants.database import Database, repeatable
from tenants.errors import NotFound, Refusal
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from ops.settings import Settings

ADDRESS = statement("SELECT username, email, person_key FROM __tenant__.users WHERE id = :id")


MADE_BYTES = 18
"""Of passwords that are made here, at least."""


class NotReachable(Refusal):
    """Redis, which counts attempts, does not answer."""

    code = "REDIS_UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Members:
    settings: Settings
    database: Database
    tenant: Tenant
    bus: Bus
    accounts: Accounts

    async def create(self, email: str, name: str, role: str, username: str | None, password: str | None) -> dict[str, Any]:
        """Raises ValidationFailed, QuotaExceeded."""
        if password is not None:
            check_new_password(password, shortest=await self._shortest())
        user_id = await self._created(InviteUser(new_id(), email, name, role, username), active=password is not None)
        if password is not None:
            await self._set_password(user_id, password)
            return await self._shown(user_id)
        lifetime = self.settings.auth.invitation_lifetime
        links = Links(self.database, Addresses(self.settings.tenants.public_url), lifetime=lifetime)
        return {**await self._shown(user_id), "invitation": await links.invite(self.tenant, user_id)}

    async def reset_password(self, login: str, password: str | None) -> dict[str, Any]:
        """Raises NotFound, ValidationFailed. A password that was made here is in the answer."""
        account = await self._found(login)
        chosen = password or secrets.token_urlsafe(max(MADE_BYTES, await self._shortest()))
        await self._set_password(account.user_id, chosen)
        await self._end_sessions(account.user_id)
        shown = await self._shown(account.user_id)
        return shown if password else {**shown, "password": chosen}

    async def unlock(self, login: str) -> dict[str, Any]:
        """Raises NotFound, NotReachable."""
        account = await self._found(login)
        async with self.database.reading(self.tenant.place) as connection:
            row = await connection.fetchrow(ADDRESS, id=account.user_id)
        names = [account.username, login]
        if row is not None and row["email"] is not None and row["person_key"] is not None:
            names.append(self.tenant.key.open_personal(account.user_id, row["person_key"], EMAIL_PURPOSE, row["email"]))
        redis = Redis.from_url(self.settings.tenants.redis_url, socket_timeout=2, socket_connect_timeout=2)
        try:
            await names_unlocked(redis, self.tenant, names)
        except (RedisError, OSError) as error:
            raise NotReachable("Redis, which counts attempts, does not answer; check IMPRINT_REDIS_URL.") from error
        finally:
            await redis.aclose()
        return await self._shown(account.user_id)

    async def reset_second_factor(self, login: str) -> dict[str, Any]:
        """For somebody who has lost phone and paper: they set another up, where the organization wants one. Raises NotFound."""
        account = await self._found(login)
        await Factors(self.database, Limits(None)).reset(self.tenant, account.user_id, Cause(new_id()))
        await self._end_sessions(account.user_id)
        return await self._shown(account.user_id)

    async def grant(self, login: str, role: str | None, permissions: tuple[str, ...]) -> dict[str, Any]:
        """Raises NotFound, ValidationFailed, and the refusals of whichever rule says no."""
        account = await self._found(login)
        await self._granted(account.user_id, role, permissions)
        return await self._shown(account.user_id)

    @repeatable
    async def _created(self, command: InviteUser, *, active: bool) -> UUID:
        async with self.bus.unit(self.tenant, SYSTEM, correlation_id=new_id()) as unit:
            user_id = (await unit.execute(command)).aggregates[0]
            if active:
                await unit.execute(ActivateUser(user_id))
            return user_id

    @repeatable
    async def _granted(self, user_id: UUID, role: str | None, permissions: tuple[str, ...]) -> None:
        async with self.bus.unit(self.tenant, SYSTEM, correlation_id=new_id()) as unit:
            if role is not None:
                await unit.execute(ChangeRole(user_id, role=role))
            if permissions:
                await unit.execute(GrantPermissions(user_id, permissions=permissions))

    @repeatable
    async def _end_sessions(self, user_id: UUID) -> None:
        async with transaction(self.database, self.tenant, Cause(new_id())) as tx:
            await end_sessions(tx, user_id)

    async def _shortest(self) -> int:
        return (await Decisions(self.database, oldest=0.0).of(self.tenant)).shortest_password

    async def _set_password(self, user_id: UUID, password: str) -> None:
        passwords = Passwords()
        try:
            await Credentials(self.database, passwords, Decisions(self.database, oldest=0.0)).set_password(self.tenant, user_id, password)
        finally:
            passwords.close()

    async def _found(self, login: str) -> Account:
        account = await self.accounts.find(self.tenant, login)
        if account is None:
            raise NotFound(f"There is nobody {login!r} in {self.tenant.slug!r}: give the username or e-mail address they sign in with.")
        return account

    async def _shown(self, user_id: UUID) -> dict[str, Any]:
        account = await self.accounts.get(self.tenant, user_id)
        if account is None:
            raise NotFound("There is no such person any more.")
        return {
            "id": str(account.user_id),
            "username": account.username,
            "name": account.name,
            "status": account.status,
            "role": account.role,
            "permissions": sorted(account.permissions),
        }


@asynccontextmanager
async def managing(settings: Settings, slug: str) -> AsyncIterator[Members]:
    """Raises NotFound, NeverMigrated."""
    async with organization(settings, slug) as (database, tenant):
        bus = Bus(database)
        yield Members(settings, database, tenant, bus, Accounts(database, bus))
