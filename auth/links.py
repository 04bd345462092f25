"""Links that work once: the hash is stored, the link itself is only in the message that carries it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from auth.addresses import Addresses
from auth.errors import LinkSpent
from auth.opaque import LONGEST, digest, new_opaque
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database

Purpose = Literal["invitation", "reset", "address"]

INSERT = statement(
    """
    INSERT INTO __tenant__.links (hash, user_id, purpose, created_at, expires_at)
    VALUES (:hash, :user_id, :purpose, :now, :expires_at)
    """
)
OPEN = statement(
    """
    SELECT user_id FROM __tenant__.links
    WHERE hash = :hash AND purpose = :purpose AND used_at IS NULL AND expires_at > now()
    """
)
USE = statement(
    """
    UPDATE __tenant__.links SET used_at = :now
    WHERE hash = :hash AND purpose = :purpose AND used_at IS NULL AND expires_at > :now
    RETURNING user_id
    """
)
WITHDRAW = statement("UPDATE __tenant__.links SET used_at = :now WHERE user_id = :user_id AND purpose = :purpose AND used_at IS NULL")


class Links:
    """`lifetime`: seconds that a link stays good."""

    def __init__(self, database: Database, addresses: Addresses, *, lifetime: int) -> None:
        self._database = database
        self._addresses = addresses
        self._lifetime = timedelta(seconds=lifetime)

    async def invite(self, tenant: Tenant, user_id: UUID) -> str:
        """The address at which an invited person chooses a password. Links sent before stay good until one of them is used."""
        return f"{self._addresses.of(tenant)}/auth/invitation?token={await self.issue(tenant, user_id, 'invitation')}"

    async def issue(self, tenant: Tenant, user_id: UUID, purpose: Purpose) -> str:
        token = new_opaque()
        await self._store(tenant, token, user_id, purpose)
        return token

    @repeatable
    async def _store(self, tenant: Tenant, token: str, user_id: UUID, purpose: Purpose) -> None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            await change.connection.execute(
                INSERT, hash=digest(token), user_id=user_id, purpose=purpose, now=change.now, expires_at=change.now + self._lifetime
            )

    async def person(self, tenant: Tenant, token: str, purpose: Purpose) -> UUID:
        """Whose link it is, as long as it is good. Raises LinkSpent; the link stays good."""
        if not _possible(token):
            raise LinkSpent
        async with self._database.reading(tenant.place) as connection:
            found: UUID | None = await connection.fetchval(OPEN, hash=digest(token), purpose=purpose)
        if found is None:
            raise LinkSpent
        return found


async def whose(change: Transaction, token: str, purpose: Purpose) -> UUID:
    """Whose link it is, while it is good; it is not spent. Whoever does more than that holds its person first: see `spend`. Raises LinkSpent."""
    found: UUID | None = await change.connection.fetchval(OPEN, hash=digest(token), purpose=purpose) if _possible(token) else None
    if found is None:
        raise LinkSpent
    return found


def _possible(token: str) -> bool:
    return 0 < len(token) <= LONGEST


async def spend(change: Transaction, token: str, purpose: Purpose) -> UUID:
    """Whose link it is; it is used up with the transaction that does what it is for. Of two at once, one gets LinkSpent.

    To be called when the person is held: links are changed by whoever changes them.
    """
    if not _possible(token):
        raise LinkSpent
    found: UUID | None = await change.connection.fetchval(USE, hash=digest(token), purpose=purpose, now=change.now)
    if found is None:
        raise LinkSpent
    return found
