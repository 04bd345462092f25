"""Token pairs for programs: a short access token, and a refresh token that is good once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from auth.accounts import Account, Accounts
from auth.errors import InvalidClient, InvalidGrant
from auth.measures import REFRESHES
from auth.opaque import LONGEST, digest, new_opaque
from auth.policies import Decided, Policies
from auth.resealing import successor_context
from auth.rights import Rights
from auth.sessions import FIRST_PARTY, Device, Session, Sessions, over
from auth.tokens import SessionFacts, Tokens
from tenants.database import repeatable
from tenants.events import NewEvent
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.secrets import Undecipherable
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

GRACE = timedelta(seconds=10)

FIND = statement(
    """
    SELECT r.hash, r.client, r.used_at, r.successor, r.expires_at, s.id AS session_id, s.user_id, s.amr, s.auth_time, s.client_id,
           s.revoked_at, s.connection_id, s.created_at, s.last_seen_at, s.expires_at AS session_expires_at,
           EXISTS (SELECT FROM __tenant__.clients c WHERE c.client_id = s.client_id AND c.secret_hash IS NOT NULL) AS confidential
    FROM __tenant__.refresh_tokens r JOIN __tenant__.sessions s ON s.id = r.session_id
    WHERE r.hash = :hash FOR UPDATE OF r, s
    """
)
INSERT = statement(
    """
    INSERT INTO __tenant__.refresh_tokens (hash, session_id, client, issued_at, expires_at)
    VALUES (:hash, :session_id, :client, :now, :expires_at)
    """
)
SPEND = statement("UPDATE __tenant__.refresh_tokens SET used_at = :now, successor = :successor WHERE hash = :hash")
SEEN = statement("UPDATE __tenant__.sessions SET last_seen_at = :now WHERE id = :id")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What /auth/token and /auth/refresh answer with (RFC 6749, 5.1). `expires_in` in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int

    def document(self) -> dict[str, Any]:
        return {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
            "refresh_token": self.refresh_token,
        }


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What became of a refresh token: a successor, or the reason why there is none."""

    result: str
    session_id: UUID | None = None
    user_id: UUID | None = None
    facts: SessionFacts | None = None
    successor: str = ""


class Grants:
    def __init__(self, database: Database, sessions: Sessions, tokens: Tokens, accounts: Accounts, rights: Rights, policies: Policies) -> None:
        self._database = database
        self._sessions = sessions
        self._tokens = tokens
        self._accounts = accounts
        self._rights = rights
        self._policies = policies

    async def first_refresh_token(self, change: Transaction, session: Session, device: Device) -> str:
        """Start a session's family of refresh tokens, inside the transaction that opens the session."""
        return await self._issue(change, session.id, device, session.expires_at)

    async def pair(self, tenant: Tenant, account: Account, session: Session, refresh_token: str) -> TokenPair:
        access = await self._tokens.mint(tenant, account, session.facts)
        return TokenPair(access, refresh_token, self._tokens.lifetime)

    async def refresh(self, tenant: Tenant, refresh_token: str, device: Device, correlation_id: UUID) -> TokenPair:
        """Trade a refresh token for a new pair (RFC 9700, 4.14.2). Raises InvalidGrant, InvalidClient.

        `device` names the client that has proven to ask: one with a secret has to (RFC 6749, 6), and no other is given its tokens.
        The client that asks again within ten seconds, because an answer got lost, gets the same successor; any other
        second use means that two parties hold the token: the whole family ends, and the organization's log says so.
        """
        if len(refresh_token) > LONGEST:
            raise InvalidGrant
        done = await self._exchange(tenant, refresh_token, device, correlation_id)
        REFRESHES.labels(done.result).inc()
        log.info("token refresh", tenant=tenant.slug, result=done.result, session_id=str(done.session_id or ""))
        if done.result == "reused" and done.session_id:
            self._rights.forget(tenant, done.session_id)
        if done.facts is None or done.user_id is None:
            raise InvalidGrant
        return await self._answer(tenant, done.user_id, done.facts, done.successor)

    async def _answer(self, tenant: Tenant, user_id: UUID, facts: SessionFacts, successor: str) -> TokenPair:
        account = await self._accounts.get(tenant, user_id)
        if account is None or account.status != "active":
            await self._sessions.revoke(tenant, facts.session_id)
            raise InvalidGrant
        return TokenPair(await self._tokens.mint(tenant, account, facts), successor, self._tokens.lifetime)

    @repeatable
    async def _exchange(self, tenant: Tenant, refresh_token: str, device: Device, correlation_id: UUID) -> _Exchange:
        decided = await self._policies.of(tenant)
        async with transaction(self._database, tenant, Cause(correlation_id)) as change:
            return await self._exchange_in(change, refresh_token, device, decided)

    async def _exchange_in(self, change: Transaction, refresh_token: str, device: Device, decided: Decided) -> _Exchange:
        row = await change.connection.fetchrow(FIND, hash=digest(refresh_token))
        if row is None:
            return _Exchange("unknown")
        session_id = row["session_id"]
        if row["client_id"] != device.client_id and (row["confidential"] or device.client_id != FIRST_PARTY):
            raise InvalidClient
        device = replace(device, client_id=row["client_id"])
        if row["revoked_at"] is not None:
            return _Exchange("revoked", session_id)
        if min(row["expires_at"], row["session_expires_at"]) <= change.now or over(decided, row, change.now):
            return _Exchange("expired", session_id)
        facts = SessionFacts(session_id, row["client_id"], tuple(row["amr"]), row["auth_time"])
        if row["used_at"] is None:
            successor = await self._rotate(change, row, device)
            return _Exchange("rotated", session_id, row["user_id"], facts, successor)
        if change.now - row["used_at"] <= GRACE and row["client"] == device.fingerprint:
            return _Exchange("repeated", session_id, row["user_id"], facts, _open_successor(change.tenant, row))
        await self._end_family(change, session_id, row["user_id"], row["used_at"])
        return _Exchange("reused", session_id)

    async def _rotate(self, change: Transaction, row: Row, device: Device) -> str:
        successor = await self._issue(change, row["session_id"], device, row["session_expires_at"])
        sealed = change.tenant.key.encrypt(successor.encode(), successor_context(row["hash"]))
        await change.connection.execute_later(SPEND, hash=row["hash"], successor=sealed, now=change.now)
        await change.connection.execute_later(SEEN, id=row["session_id"], now=change.now)
        return successor

    async def _issue(self, change: Transaction, session_id: UUID, device: Device, expires: datetime) -> str:
        token = new_opaque()
        await change.connection.execute_later(
            INSERT, hash=digest(token), session_id=session_id, client=device.fingerprint, now=change.now, expires_at=expires
        )
        return token

    async def _end_family(self, change: Transaction, session_id: UUID, user_id: UUID, used_at: datetime) -> None:
        await self._sessions.revoke_in(change, session_id)
        data = {"user_id": str(user_id), "first_used_at": used_at.isoformat()}
        await change.append("Session", session_id, 1, [NewEvent(new_id(), "RefreshTokenReused", 1, data)])


def _open_successor(tenant: Tenant, row: Row) -> str:
    try:
        return tenant.key.decrypt(row["successor"], successor_context(row["hash"])).decode()
    except Undecipherable:
        raise InvalidGrant from None
