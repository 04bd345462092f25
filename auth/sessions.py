"""Sessions: who is signed in, with what, until when. The row is the truth; what was sent out is only a reference to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from sqlalchemy import bindparam, func, select

from auth.opaque import digest, new_opaque
from auth.tables import sessions
from auth.tokens import SessionFacts
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import Statement, statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

SEEN_EVERY = timedelta(minutes=1)
LONGEST_AGENT = 400

_LIVE = select(
    *(sessions.c[name] for name in ("id", "user_id", "kind", "amr", "auth_time", "client_id", "expires_at", "last_seen_at")),
    func.now().label("now"),
).where(sessions.c.revoked_at.is_(None), sessions.c.expires_at > func.now())
BY_ID = statement(_LIVE.where(sessions.c.id == bindparam("value")))
BY_SECRET = statement(_LIVE.where(sessions.c.secret_hash == bindparam("value")))
SEEN = statement("UPDATE __tenant__.sessions SET last_seen_at = :now WHERE id = :id")
INSERT = statement(
    """
    INSERT INTO __tenant__.sessions
      (id, user_id, kind, secret_hash, amr, auth_time, client_id, user_agent, address, created_at, last_seen_at, expires_at)
    VALUES (:id, :user_id, :kind, :secret_hash, :amr, :now, :client_id, :user_agent, CAST(:address AS inet), :now, :now, :expires_at)
    """
)
REVOKE = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
REVOKE_SECRET = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE secret_hash = :secret_hash AND revoked_at IS NULL")
REVOKE_ALL = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE user_id = :user_id AND revoked_at IS NULL")


@dataclass(frozen=True, slots=True)
class Device:
    """Where somebody signs in from, as far as a request shows. `address` is an IP address or None."""

    client_id: str
    user_agent: str
    address: str | None

    @property
    def fingerprint(self) -> bytes:
        """What tells one client from another; not its address, which changes as people move."""
        return digest(f"{self.client_id}\n{self.user_agent}")


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    user_id: UUID
    kind: Literal["browser", "api"]
    amr: tuple[str, ...]
    auth_time: datetime
    client_id: str
    expires_at: datetime

    @property
    def facts(self) -> SessionFacts:
        return SessionFacts(self.id, self.client_id, self.amr, self.auth_time)


@dataclass(frozen=True, slots=True)
class NewSession:
    """`secret` is the cookie's value, known only here and to the browser; None for API sessions."""

    session: Session
    secret: str | None


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, change: Transaction, user_id: UUID, *, kind: Literal["browser", "api"], amr: tuple[str, ...], device: Device, lifetime: int
    ) -> NewSession:
        """A new session with a new id, inside the caller's transaction. `lifetime` in seconds."""
        secret = new_opaque() if kind == "browser" else None
        expires = change.now + timedelta(seconds=lifetime)
        session = Session(new_id(), user_id, kind, amr, change.now, device.client_id, expires)
        await change.connection.execute(
            INSERT,
            id=session.id,
            user_id=user_id,
            kind=kind,
            secret_hash=digest(secret) if secret else None,
            amr=list(amr),
            now=change.now,
            client_id=device.client_id,
            user_agent=device.user_agent[:LONGEST_AGENT],
            address=device.address,
            expires_at=expires,
        )
        return NewSession(session, secret)

    async def by_id(self, tenant: Tenant, session_id: UUID) -> Session | None:
        """The session, if it is neither revoked nor over."""
        return await self._live(tenant, BY_ID, session_id)

    async def by_secret(self, tenant: Tenant, secret_hash: bytes) -> Session | None:
        """The live session whose cookie's value has this hash."""
        return await self._live(tenant, BY_SECRET, secret_hash)

    async def revoke(self, tenant: Tenant, session_id: UUID) -> None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            await self.revoke_in(change, session_id)

    async def revoke_in(self, change: Transaction, session_id: UUID) -> None:
        await change.connection.execute(REVOKE, id=session_id, now=change.now)

    async def revoke_secret_in(self, change: Transaction, secret: str) -> None:
        """End the session that a browser brought along, whoever's it was."""
        await change.connection.execute(REVOKE_SECRET, secret_hash=digest(secret), now=change.now)

    async def revoke_all_in(self, change: Transaction, user_id: UUID) -> None:
        await change.connection.execute(REVOKE_ALL, user_id=user_id, now=change.now)

    async def _live(self, tenant: Tenant, query: Statement, value: UUID | bytes) -> Session | None:
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(query, value=value)
            if row and row["now"] - row["last_seen_at"] > SEEN_EVERY:
                await connection.execute(SEEN, id=row["id"], now=row["now"])
        return _session(row) if row else None


def _session(row: Row) -> Session:
    return Session(row["id"], row["user_id"], row["kind"], tuple(row["amr"]), row["auth_time"], row["client_id"], row["expires_at"])
