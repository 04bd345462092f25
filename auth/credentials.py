"""The password of each person, as a hash, in their organization's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from auth.links import WITHDRAW
from auth.passwords import Passwords, check_new_password
from auth.remembered import forget_devices
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from auth.policies import Policies
    from tenants.database import Database

HASH_OF = statement("SELECT password_hash FROM __tenant__.credentials WHERE user_id = :user_id")
SET = statement(
    """
    INSERT INTO __tenant__.credentials (user_id, password_hash, changed_at) VALUES (:user_id, :password_hash, :now)
    ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at
    """
)
CHANGED = statement(
    """
    SELECT NOT EXISTS (
      SELECT FROM __tenant__.credentials
      WHERE user_id = :user_id AND changed_at <= to_timestamp(CAST(:moment AS double precision)) + interval '1 second'
    )
    """
)
REPLACE = statement("UPDATE __tenant__.credentials SET password_hash = :better WHERE user_id = :user_id AND password_hash = :known")


class Credentials:
    def __init__(self, database: Database, passwords: Passwords, policies: Policies) -> None:
        self._database = database
        self._passwords = passwords
        self._policies = policies

    async def verify(self, tenant: Tenant, user_id: UUID | None, password: str) -> bool:
        """Whether this is the person's password. Nobody (None), and people without one, cost the same work.

        A hash made with yesterday's parameters is replaced on the way. Raises Busy.
        """
        async with self._database.reading(tenant.place) as connection:
            known: str | None = await connection.fetchval(HASH_OF, user_id=user_id or new_id())
        if not await self._passwords.verify(known, password) or known is None or user_id is None:
            return False
        if self._passwords.outdated(known):
            await self._renew(tenant, user_id, known, password)
        return True

    async def changed_since(self, tenant: Tenant, user_id: UUID, moment: float) -> bool:
        """Whether the person's password was changed or taken away after this moment, a Unix time."""
        async with self._database.reading(tenant.place) as connection:
            found: bool = await connection.fetchval(CHANGED, user_id=user_id, moment=moment)
        return found

    async def set_password(self, tenant: Tenant, user_id: UUID, password: str) -> None:
        """Give a person a password, as the organization wants them, for provisioning and operators. Raises ValidationFailed or Busy."""
        check_new_password(password, shortest=(await self._policies.of(tenant)).shortest_password)
        await self._set(tenant, user_id, await self._passwords.hash(password))

    @repeatable
    async def _set(self, tenant: Tenant, user_id: UUID, hashed: str) -> None:
        async with transaction(self._database, tenant, Cause(new_id(), user_id)) as change:
            await self.store(change, user_id, hashed)

    async def store(self, change: Transaction, user_id: UUID, password_hash: str) -> None:
        """Links to choose a new one, sent before, are useless from now on; devices that were remembered are so no longer."""
        await change.connection.execute(SET, user_id=user_id, password_hash=password_hash, now=change.now)
        await change.connection.execute(WITHDRAW, user_id=user_id, purpose="reset", now=change.now)
        await forget_devices(change, user_id)

    async def _renew(self, tenant: Tenant, user_id: UUID, known: str, password: str) -> None:
        await self._replace(tenant, user_id, known, await self._passwords.hash(password))

    @repeatable
    async def _replace(self, tenant: Tenant, user_id: UUID, known: str, better: str) -> None:
        async with transaction(self._database, tenant, Cause(new_id(), user_id)) as change:
            await change.connection.execute(REPLACE, user_id=user_id, known=known, better=better)
