"""Tokens of provisioning clients (RFC 6750): each speaks for one connection, until a day, and two may be good while one takes the other's place."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from auth.opaque import digest, new_opaque
from auth.sso.trail import Happened, tell_in
from tenants.database import repeatable
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.sentences import sentence
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from auth.sso.connections import Connection
    from tenants.database import Database
    from tenants.registry import Tenant

PREFIX = "scim_"
DAYS, MOST_DAYS, AT_ONCE = 365, 730, 2
MOST_CACHED = 10_000
OLDEST = 3.0
_SHAPE = re.compile(r"scim_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")

_GOOD = "revoked_at IS NULL AND expires_at > now()"
ALL = statement(
    "SELECT id, created_at, expires_at, last_used_at FROM __tenant__.scim_tokens "  # noqa: S608 - a constant
    f"WHERE connection_id = :connection_id AND {_GOOD} ORDER BY created_at, id"
)
# Of two that are made at once, the second sees the first.
HOLD = statement("SELECT FROM __tenant__.connections WHERE id = :id FOR UPDATE")
COUNT = statement(f"SELECT count(*) FROM __tenant__.scim_tokens WHERE connection_id = :connection_id AND {_GOOD}")  # noqa: S608 - a constant
INSERT = statement(
    """
    INSERT INTO __tenant__.scim_tokens (id, connection_id, hash, created_by, created_at, expires_at)
    VALUES (:id, :connection_id, :hash, :created_by, :now, :expires_at)
    """
)
USE = statement(
    """
    WITH known AS (
      SELECT id, connection_id, last_used_at FROM __tenant__.scim_tokens WHERE hash = :hash AND revoked_at IS NULL AND expires_at > now()
    ), seen AS (
      UPDATE __tenant__.scim_tokens t SET last_used_at = now() FROM known
      WHERE t.id = known.id AND (known.last_used_at IS NULL OR known.last_used_at < now() - interval '1 minute')
    )
    SELECT connection_id FROM known
    """
)
# Said once an hour, however often its provider tries.
ENDED = statement(
    """
    SELECT t.id, t.connection_id, c.name, t.revoked_at IS NOT NULL AS revoked FROM __tenant__.scim_tokens t
    JOIN __tenant__.connections c ON c.id = t.connection_id
    WHERE t.hash = :hash AND NOT EXISTS (
      SELECT FROM __tenant__.sign_in_events e
      WHERE e.action = 'ScimTokenRefused' AND e.at > now() - interval '1 hour' AND e.details ->> 'token' = t.id::text)
    """
)
REVOKE = statement(
    """
    UPDATE __tenant__.scim_tokens SET revoked_at = :now
    WHERE id = :id AND connection_id = :connection_id AND revoked_at IS NULL RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class ScimToken:
    id: UUID
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class ScimTokens:
    """`oldest`: seconds for which a process believes what it read of a token."""

    def __init__(self, database: Database, *, oldest: float = OLDEST, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._oldest = oldest
        self._clock = clock
        self._known: OrderedDict[tuple[UUID, bytes], tuple[float, UUID | None]] = OrderedDict()

    async def of(self, tenant: Tenant, connection_id: UUID) -> list[ScimToken]:
        """Those that are good now, the oldest first."""
        async with self._database.reading(tenant.place) as connection:
            rows = await connection.fetch(ALL, connection_id=connection_id)
        return [ScimToken(row["id"], row["created_at"], row["expires_at"], row["last_used_at"]) for row in rows]

    @repeatable
    async def make(self, tenant: Tenant, connection: Connection, days: int, cause: Cause) -> str:
        """The token, which is known only now. Raises ValidationFailed, Conflict where two are good already."""
        if not 1 <= days <= MOST_DAYS:
            raise ValidationFailed({"days": sentence("takes 1 to {most}", most=MOST_DAYS)})
        token, id = f"{PREFIX}{tenant.id.hex}_{new_opaque()}", new_id()
        async with transaction(self._database, tenant, cause) as change:
            await change.connection.fetchrow(HOLD, id=connection.id)
            if await change.connection.fetchval(COUNT, connection_id=connection.id) >= AT_ONCE:
                raise Conflict(
                    sentence(
                        "{name} has {most} tokens for provisioning already. Revoke the one that is no longer used.",
                        name=connection.name,
                        most=AT_ONCE,
                    )
                )
            expires = change.now + timedelta(days=days)
            await change.connection.execute(
                INSERT, id=id, connection_id=connection.id, hash=digest(token), created_by=cause.user_id, now=change.now, expires_at=expires
            )
            details = {"connection": connection.name, "token": str(id), "expires": expires.isoformat()}
            await tell_in(change, Happened("ScimTokenMade", "scim", cause.correlation_id, connection.id, cause.user_id, details=details))
        return token

    @repeatable
    async def revoke(self, tenant: Tenant, connection: Connection, id: UUID, cause: Cause) -> None:
        """Raises NotFound."""
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchval(REVOKE, id=id, connection_id=connection.id, now=change.now) is None:
                raise NotFound("There is no such token of this connection; it may have been revoked already.")
            details = {"connection": connection.name, "token": str(id)}
            await tell_in(change, Happened("ScimTokenRevoked", "scim", cause.correlation_id, connection.id, cause.user_id, details=details))
        for key in [key for key in self._known if key[0] == tenant.id]:
            del self._known[key]

    async def connection_of(self, tenant: Tenant, token: str) -> UUID | None:
        """For which connection it speaks; None where it is not good at this organization."""
        shape = _SHAPE.fullmatch(token)
        if shape is None or shape[1] != tenant.id.hex:
            return None
        key = (tenant.id, digest(token))
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        until = self._clock() + self._oldest
        found = await self._used(tenant, key[1])
        self._known[key] = (until, found)
        self._known.move_to_end(key)
        if len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return found

    @repeatable
    async def _used(self, tenant: Tenant, hashed: bytes) -> UUID | None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            found: UUID | None = await change.connection.fetchval(USE, hash=hashed)
            if found is None and (ended := await change.connection.fetchrow(ENDED, hash=hashed)):
                why = "one that was revoked" if ended["revoked"] else "one that has expired"
                details = {"connection": ended["name"], "token": str(ended["id"]), "expected": "a token that is good", "found": why}
                await tell_in(change, Happened("ScimTokenRefused", "scim", change.cause.correlation_id, ended["connection_id"], details=details))
        return found
