"""Devices on which somebody is not asked for their second factor for some days: a secret in a cookie, renewed each time it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from auth.agents import agent_name
from auth.opaque import LONGEST, digest, new_opaque
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database

MODULE = "remembered_device"
MOST = 20
LONGEST_AGENT = 400

FORGET_REMEMBERED = statement("DELETE FROM __tenant__.remembered_devices WHERE user_id = :user_id")
HOLD = statement("SELECT 1 FROM __tenant__.users WHERE id = :user_id AND status = 'active' FOR NO KEY UPDATE")
INSERT = statement(
    """
    INSERT INTO __tenant__.remembered_devices (id, user_id, hash, user_agent, created_at, last_used_at, expires_at)
    VALUES (:id, :user_id, :hash, :user_agent, :now, :now, :expires_at)
    """
)
FORGET_OLDEST = statement(
    """
    DELETE FROM __tenant__.remembered_devices WHERE id IN (
      SELECT id FROM __tenant__.remembered_devices WHERE user_id = :user_id ORDER BY last_used_at DESC, id DESC OFFSET :most)
    """
)
RENEW = statement(
    """
    UPDATE __tenant__.remembered_devices SET hash = :fresh, last_used_at = :now, user_agent = :user_agent
    WHERE hash = :hash AND user_id = :user_id AND expires_at > :now AND created_at > :oldest RETURNING id, expires_at, created_at
    """
)
OF_PERSON = statement(
    """
    SELECT id, hash, user_agent, created_at, last_used_at, expires_at FROM __tenant__.remembered_devices
    WHERE user_id = :user_id AND expires_at > now() AND created_at > now() - make_interval(days => CAST(:days AS integer))
    ORDER BY last_used_at DESC, id
    """
)
FORGET_ONE = statement("DELETE FROM __tenant__.remembered_devices WHERE id = :id AND user_id = :user_id RETURNING id")


@dataclass(frozen=True, slots=True)
class RememberedDevice:
    """`here`: it is the one that asks."""

    id: UUID
    device: str
    since: datetime
    used_at: datetime
    until: datetime
    here: bool


@dataclass(frozen=True, slots=True)
class Renewed:
    """The cookie's next value, and for how many seconds it is good."""

    secret: str
    seconds: int


class Remembered:
    """`days` is always what the organization allows now: fewer than before hold for devices that are known already; none means none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @repeatable
    async def remember(self, tenant: Tenant, user_id: UUID, days: int, agent: str, cause: Cause) -> Renewed | None:
        """Whoever has just given their second factor here is not asked again. None where the organization wants no such thing."""
        if days <= 0:
            return None
        secret, span = new_opaque(), timedelta(days=days)
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchrow(HOLD, user_id=user_id) is None:
                return None
            await change.connection.execute(
                INSERT,
                id=new_id(),
                user_id=user_id,
                hash=digest(secret),
                user_agent=agent[:LONGEST_AGENT],
                now=change.now,
                expires_at=change.now + span,
            )
            await change.connection.execute(FORGET_OLDEST, user_id=user_id, most=MOST)
            await _tell(change, "DeviceRemembered", user_id, {"days": days})
        return Renewed(secret, int(span.total_seconds()))

    @repeatable
    async def recall(self, tenant: Tenant, user_id: UUID, secret: str | None, days: int, agent: str, cause: Cause) -> Renewed | None:
        """The next secret of a device that is remembered of this person; the one it brought is worth nothing from then on. None for any other."""
        if days <= 0 or not secret or len(secret) > LONGEST:
            return None
        fresh = new_opaque()
        async with transaction(self._database, tenant, cause) as change:
            row = await change.connection.fetchrow(
                RENEW,
                hash=digest(secret),
                fresh=digest(fresh),
                user_id=user_id,
                user_agent=agent[:LONGEST_AGENT],
                now=change.now,
                oldest=change.now - timedelta(days=days),
            )
            if row is None:
                return None
            await _tell(change, "RememberedDeviceUsed", user_id, {"device": str(row["id"])})
            until = min(row["expires_at"], row["created_at"] + timedelta(days=days))
            return Renewed(fresh, max(1, int((until - change.now).total_seconds())))

    async def of(self, tenant: Tenant, user_id: UUID, days: int, secret: str | None) -> list[RememberedDevice]:
        """The latest used first. `secret`: what this browser brings along."""
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(OF_PERSON, user_id=user_id, days=days)
        here = digest(secret) if secret else None
        return [
            RememberedDevice(
                row["id"],
                agent_name(row["user_agent"]),
                row["created_at"],
                row["last_used_at"],
                min(row["expires_at"], row["created_at"] + timedelta(days=days)),
                row["hash"] == here,
            )
            for row in rows
        ]

    @repeatable
    async def forget(self, tenant: Tenant, user_id: UUID, id: UUID, cause: Cause) -> None:
        """One of their own; another's is not touched."""
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchval(FORGET_ONE, id=id, user_id=user_id) is not None:
                await _tell(change, "DeviceForgotten", user_id, {"device": str(id)})

    @repeatable
    async def forget_all(self, tenant: Tenant, user_id: UUID, cause: Cause) -> None:
        async with transaction(self._database, tenant, cause) as change:
            await forget_devices(change, user_id)


async def forget_devices(change: Transaction, user_id: UUID) -> None:
    """Within what changed: a password, a factor, or whether they may come in at all."""
    if count := await change.connection.execute(FORGET_REMEMBERED, user_id=user_id):
        await _tell(change, "DevicesForgotten", user_id, {"devices": count})


async def _tell(change: Transaction, action: str, user_id: UUID, details: dict[str, object]) -> None:
    await tell_in(change, Happened(action, MODULE, change.cause.correlation_id, user_id=user_id, details=details))
