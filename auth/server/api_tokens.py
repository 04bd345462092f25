"""Personal access tokens: what a person's own programs sign in with, until a day they chose, with no more rights than they gave it."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from auth.accounts import Accounts
from auth.opaque import digest, new_opaque
from auth.principal import Kind, Principal
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.sentences import sentence
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database

PREFIX = "imp_"
MOST_DAYS, MOST_TOKENS, LONGEST_NAME = 366, 50, 80
MOST_CACHED = 10_000
_SHAPE = re.compile(r"imp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")

ALL = statement(
    """
    SELECT id, name, permissions, created_at, expires_at, last_used_at FROM __tenant__.api_tokens
    WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at DESC, id DESC
    """
)
INSERT = statement(
    """
    INSERT INTO __tenant__.api_tokens (id, user_id, name, hash, permissions, created_at, expires_at)
    VALUES (:id, :user_id, :name, :hash, CAST(:permissions AS text[]), :now, :expires_at)
    """
)
USE = statement(
    """
    WITH known AS (
      SELECT id, user_id, permissions, expires_at, last_used_at FROM __tenant__.api_tokens
      WHERE hash = :hash AND revoked_at IS NULL AND expires_at > now()
    ), seen AS (
      UPDATE __tenant__.api_tokens t SET last_used_at = now() FROM known
      WHERE t.id = known.id AND (known.last_used_at IS NULL OR known.last_used_at < now() - interval '1 minute')
    )
    SELECT id, user_id, permissions, expires_at, now() AS now FROM known
    """
)
REVOKE = statement("UPDATE __tenant__.api_tokens SET revoked_at = :now WHERE id = :id AND user_id = :user_id AND revoked_at IS NULL RETURNING name")
COUNT = statement("SELECT count(*) FROM __tenant__.api_tokens WHERE user_id = :user_id AND revoked_at IS NULL AND expires_at > now()")


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: UUID
    name: str
    permissions: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class ApiTokens:
    """`oldest`: seconds for which a process believes what it read of a token and its person."""

    def __init__(self, database: Database, accounts: Accounts, *, oldest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._accounts = accounts
        self._oldest = oldest
        self._clock = clock
        self._known: OrderedDict[tuple[UUID, bytes], tuple[float, Principal | None]] = OrderedDict()

    async def of(self, tenant: Tenant, user_id: UUID) -> list[ApiToken]:
        """Those that are good now, the newest first."""
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(ALL, user_id=user_id)
        return [
            ApiToken(row["id"], row["name"], tuple(row["permissions"]), row["created_at"], row["expires_at"], row["last_used_at"]) for row in rows
        ]

    async def make(self, tenant: Tenant, who: Principal, name: str, permissions: Sequence[str], days: int, cause: Cause) -> str:
        """The token, which is known only now. Raises ValidationFailed naming all that is wrong, Conflict where there are too many."""
        if who.user_id is None:
            raise ValidationFailed({"name": "is a person's token; sign in"})
        name = " ".join(name.split())
        wrong = {}
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            wrong["name"] = sentence("takes 1 to {most} characters, to know it by", most=LONGEST_NAME)
        if not 1 <= days <= MOST_DAYS:
            wrong["days"] = sentence("takes 1 to {most}", most=MOST_DAYS)
        if more := sorted(set(permissions) - who.permissions):
            wrong["permissions"] = sentence("holds what you may not do yourself: {names}", names=", ".join(more))
        if wrong:
            raise ValidationFailed(wrong)
        token = f"{PREFIX}{tenant.id.hex}_{new_opaque()}"
        await self._insert(tenant, who.user_id, name, sorted(set(permissions)), days, token, cause)
        return token

    async def principal(self, tenant: Tenant, token: str) -> Principal | None:
        """On whose behalf a token speaks, with those of its permissions that its person has now; None where it is not good here."""
        hashed = digest(token)
        key = (tenant.id, hashed)
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        until = self._clock() + self._oldest
        principal = await self._read(tenant, hashed)
        self._known[key] = (until, principal)
        self._known.move_to_end(key)
        if len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return principal

    @repeatable
    async def revoke(self, tenant: Tenant, user_id: UUID, id: UUID, cause: Cause) -> None:
        """Raises NotFound, also for somebody else's."""
        async with transaction(self._database, tenant, cause) as change:
            name = await change.connection.fetchval(REVOKE, id=id, user_id=user_id, now=change.now)
            if name is None:
                raise NotFound("There is no such token; it may have been revoked already.")
            await tell_in(change, Happened("ApiTokenRevoked", "api_tokens", cause.correlation_id, user_id=user_id, details={"token": str(id)}))
        for key in [key for key, (_, principal) in self._known.items() if principal is not None and principal.user_id == user_id]:
            del self._known[key]

    @repeatable
    async def _insert(self, tenant: Tenant, user_id: UUID, name: str, permissions: list[str], days: int, token: str, cause: Cause) -> None:
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchval(COUNT, user_id=user_id) >= MOST_TOKENS:
                raise Conflict(sentence("You have {most} tokens already. Revoke one that you no longer need.", most=MOST_TOKENS))
            id, expires = new_id(), change.now + timedelta(days=days)
            await change.connection.execute(
                INSERT, id=id, user_id=user_id, name=name, hash=digest(token), permissions=permissions, now=change.now, expires_at=expires
            )
            details = {"token": str(id), "permissions": permissions, "expires": expires.isoformat()}
            await tell_in(change, Happened("ApiTokenMade", "api_tokens", cause.correlation_id, user_id=user_id, details=details))

    @repeatable
    async def _used(self, tenant: Tenant, hashed: bytes) -> tuple[UUID, UUID, frozenset[str]] | None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            row = await change.connection.fetchrow(USE, hash=hashed)
        return (row["id"], row["user_id"], frozenset(row["permissions"])) if row else None

    async def _read(self, tenant: Tenant, hashed: bytes) -> Principal | None:
        used = await self._used(tenant, hashed)
        account = await self._accounts.get(tenant, used[1]) if used else None
        if used is None or account is None or account.status != "active":
            return None
        return Principal(Kind.PERSON, account.user_id, account.role, account.permissions & used[2])


def organization_of(token: str) -> UUID | None:
    """Whose token it says it is; None where it has not the form of one."""
    found = _SHAPE.fullmatch(token)
    return UUID(found[1]) if found else None
