"""Sessions: who is signed in, with what, until when. The row is the truth; what was sent out is only a reference to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from sqlalchemy import bindparam, func, select

from auth.errors import InvalidCredentials
from auth.opaque import digest, new_opaque
from auth.policies import Decided, Policies
from auth.tables import sessions
from auth.tokens import SessionFacts
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import Statement, statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

SEEN_EVERY = timedelta(minutes=1)
ELEVATED_FOR = timedelta(minutes=10)
FIRST_PARTY = "imprint"  # the client that our own pages and whoever names none are
NEVER = datetime.fromtimestamp(0, UTC)
# Nobody is there to ask who signs in with a secret of their own.
SERVICE_AMR: tuple[str, ...] = ("client",)
LONGEST_AGENT = 400

_LIVE = select(
    *(
        sessions.c[name]
        for name in (
            "id",
            "user_id",
            "kind",
            "amr",
            "auth_time",
            "client_id",
            "expires_at",
            "created_at",
            "last_seen_at",
            "elevated_at",
            "connection_id",
        )
    ),
    func.now().label("now"),
).where(sessions.c.revoked_at.is_(None), sessions.c.expires_at > func.now())
BY_ID = statement(_LIVE.where(sessions.c.id == bindparam("value")))
BY_SECRET = statement(_LIVE.where(sessions.c.secret_hash == bindparam("value")))
SEEN = statement("UPDATE __tenant__.sessions SET last_seen_at = :now WHERE id = :id")
INSERT = statement(
    """
    INSERT INTO __tenant__.sessions
      (id, user_id, kind, secret_hash, amr, auth_time, elevated_at, client_id, user_agent, address, created_at, last_seen_at, expires_at,
       connection_id, provider_session)
    SELECT :id, u.id, :kind, CAST(:secret_hash AS bytea), CAST(:amr AS text[]), CAST(:auth_time AS timestamptz),
           CAST(:elevated_at AS timestamptz), :client_id, :user_agent, CAST(:address AS inet), CAST(:now AS timestamptz),
           CAST(:now AS timestamptz), CAST(:expires_at AS timestamptz), CAST(:connection_id AS uuid), CAST(:provider_session AS bytea)
    FROM __tenant__.users u WHERE u.id = :user_id AND u.status = 'active' FOR SHARE OF u
    """
)
AGAIN = statement(
    """
    INSERT INTO __tenant__.sessions
      (id, user_id, kind, secret_hash, amr, auth_time, elevated_at, client_id, user_agent, address, created_at, last_seen_at, expires_at,
       connection_id, provider_session)
    SELECT :id, s.user_id, s.kind, CAST(:secret_hash AS bytea), CAST(:amr AS text[]), s.auth_time, CAST(:now AS timestamptz), s.client_id,
           s.user_agent, s.address, s.created_at, CAST(:now AS timestamptz), s.expires_at, s.connection_id, s.provider_session
    FROM __tenant__.sessions s JOIN __tenant__.users u ON u.id = s.user_id
    WHERE s.id = :old AND s.kind = 'browser' AND s.revoked_at IS NULL AND s.expires_at > :now AND u.status = 'active' FOR SHARE OF u
    """
)
SIGNED_IN = statement(
    """
    INSERT INTO __tenant__.sign_ins (user_id, last_at) VALUES (:user_id, :now)
    ON CONFLICT (user_id) DO UPDATE SET last_at = excluded.last_at
    """
)
REVOKE = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL")
REVOKE_SECRET = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE secret_hash = :secret_hash AND revoked_at IS NULL")
REVOKE_PROVIDER = statement(
    """
    UPDATE __tenant__.sessions SET revoked_at = :now
    WHERE connection_id = :connection_id AND provider_session = ANY(CAST(:provider_sessions AS bytea[])) AND revoked_at IS NULL RETURNING id
    """
)
REVOKE_CONNECTION = statement(
    """
    UPDATE __tenant__.sessions SET revoked_at = :now
    WHERE connection_id = :connection_id AND user_id = :user_id AND revoked_at IS NULL RETURNING id
    """
)
ORIGIN = statement("SELECT user_id, connection_id, provider_session FROM __tenant__.sessions WHERE id = :id AND connection_id IS NOT NULL")
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
class Via:
    """The identity provider somebody came through, and what it calls its own session where it said so.

    `silent`: it may have let them through without asking them anything, because they were signed in there.
    """

    connection_id: UUID
    provider_session: str | None = None
    silent: bool = False

    @property
    def provider_hash(self) -> bytes | None:
        return digest(self.provider_session) if self.provider_session else None


@dataclass(frozen=True, slots=True)
class Origin:
    """`provider_hash`: of what the provider calls its session, where it said so."""

    user_id: UUID
    connection_id: UUID
    provider_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Session:
    """`elevated`: its person has proven within the last ten minutes who they are; always so where nobody can be asked.

    `elevated_at`: when they proved it, where that was not at `auth_time`.
    """

    id: UUID
    user_id: UUID
    kind: Literal["browser", "api"]
    amr: tuple[str, ...]
    auth_time: datetime
    client_id: str
    expires_at: datetime
    elevated: bool = True
    elevated_at: datetime | None = None

    @property
    def facts(self) -> SessionFacts:
        return SessionFacts(self.id, self.client_id, self.amr, self.auth_time)


@dataclass(frozen=True, slots=True)
class NewSession:
    """`secret` is the cookie's value, known only here and to the browser; None for API sessions."""

    session: Session
    secret: str | None


class Sessions:
    def __init__(self, database: Database, policies: Policies) -> None:
        self._database = database
        self._policies = policies

    async def open(
        self,
        change: Transaction,
        user_id: UUID,
        *,
        kind: Literal["browser", "api"],
        amr: tuple[str, ...],
        device: Device,
        lifetime: int,
        via: Via | None = None,
        proven_in: Session | None = None,
    ) -> NewSession:
        """A new session with a new id, inside the caller's transaction. `lifetime` in seconds.

        `proven_in`: the session in which its person proved who they are, where they did not do so just now.

        Raises InvalidCredentials for somebody who is not active, or stopped being so at this moment: a session that were opened then
        would live again when they come back.
        """
        secret = new_opaque() if kind == "browser" else None
        expires = change.now + timedelta(seconds=lifetime)
        auth_time, elevated_at = change.now, NEVER if via and via.silent else None
        if proven_in:
            auth_time, elevated_at = proven_in.auth_time, proven_in.elevated_at
        session = Session(new_id(), user_id, kind, amr, auth_time, device.client_id, expires, elevated_at=elevated_at)
        opened = await change.connection.execute(
            INSERT,
            id=session.id,
            user_id=user_id,
            kind=kind,
            secret_hash=digest(secret) if secret else None,
            amr=list(amr),
            auth_time=auth_time,
            elevated_at=elevated_at,
            now=change.now,
            client_id=device.client_id,
            user_agent=device.user_agent[:LONGEST_AGENT],
            address=device.address,
            expires_at=expires,
            connection_id=via.connection_id if via else None,
            provider_session=via.provider_hash if via else None,
        )
        if not opened:
            raise InvalidCredentials
        await change.connection.execute_later(SIGNED_IN, user_id=user_id, now=change.now)
        return NewSession(session, secret)

    async def step_up_in(self, change: Transaction, old: Session, amr: tuple[str, ...]) -> NewSession:
        """A session under another id and secret in place of this one; it began and ends when this one did. `amr`: of all that was proven in it.

        Raises InvalidCredentials where this one is over, or somebody else has just stepped up in it.
        """
        secret, id = new_opaque(), new_id()
        made = await change.connection.execute(AGAIN, id=id, old=old.id, secret_hash=digest(secret), amr=list(amr), now=change.now)
        if not made or not await change.connection.execute(REVOKE, id=old.id, now=change.now):
            raise InvalidCredentials
        return NewSession(replace(old, id=id, amr=amr, elevated=True), secret)

    async def by_id(self, tenant: Tenant, session_id: UUID) -> Session | None:
        """The session, if it is neither revoked nor over."""
        return await self._live(tenant, BY_ID, session_id)

    async def by_secret(self, tenant: Tenant, secret_hash: bytes) -> Session | None:
        """The live session whose cookie's value has this hash."""
        return await self._live(tenant, BY_SECRET, secret_hash)

    @repeatable
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

    async def revoke_at_provider_in(self, change: Transaction, connection_id: UUID, *provider_sessions: str) -> list[UUID]:
        """The provider has ended sessions of its: all that were opened by them end here. Their ids."""
        hashes = [digest(name) for name in provider_sessions]
        rows = await change.connection.fetch(REVOKE_PROVIDER, connection_id=connection_id, provider_sessions=hashes, now=change.now)
        return [row["id"] for row in rows]

    async def revoke_through_in(self, change: Transaction, connection_id: UUID, user_id: UUID) -> list[UUID]:
        """All that somebody has opened through a connection. Their ids."""
        rows = await change.connection.fetch(REVOKE_CONNECTION, connection_id=connection_id, user_id=user_id, now=change.now)
        return [row["id"] for row in rows]

    async def origin(self, tenant: Tenant, session_id: UUID) -> Origin | None:
        """Through which provider it was opened; None where through none."""
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(ORIGIN, id=session_id)
        return Origin(row["user_id"], row["connection_id"], row["provider_session"]) if row else None

    async def _live(self, tenant: Tenant, query: Statement, value: UUID | bytes) -> Session | None:
        decided = await self._policies.of(tenant)
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(query, value=value)
            if row and over(decided, row, row["now"]):
                return None
            if row and row["now"] - row["last_seen_at"] > SEEN_EVERY:
                await connection.execute(SEEN, id=row["id"], now=row["now"])
        return _session(row) if row else None


def over(decided: Decided, row: Row, now: datetime) -> bool:
    """Whether the organization's limits have ended a session that it once was given longer for, or its people come in another way now."""
    return bool(now - row["created_at"] >= decided.session or now - row["last_seen_at"] >= decided.idle or _shut_out(decided, row))


def _shut_out(decided: Decided, row: Row) -> bool:
    """Services go on with their secret; whoever came without a provider needs to be a break-glass owner who gave a second factor."""
    if not decided.enforced or row["connection_id"] is not None or tuple(row["amr"]) == SERVICE_AMR:
        return False
    return row["user_id"] not in decided.break_glass or "mfa" not in row["amr"]


def _session(row: Row) -> Session:
    amr = tuple(row["amr"])
    elevated = amr == SERVICE_AMR or row["now"] - (row["elevated_at"] or row["auth_time"]) <= ELEVATED_FOR
    return Session(row["id"], row["user_id"], row["kind"], amr, row["auth_time"], row["client_id"], row["expires_at"], elevated, row["elevated_at"])
