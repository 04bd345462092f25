"""What a sign-in under way has to remember: kept under a handle that works once, in the browser that began it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from auth.opaque import LONGEST, digest, new_opaque
from auth.sso.checks import refused
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import Statement, statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

KEEP = statement(
    "INSERT INTO __tenant__.handles (hash, purpose, payload, browser, expires_at) VALUES (:hash, :purpose, :payload, :browser, :expires_at)"
)
TAKE = statement("DELETE FROM __tenant__.handles WHERE hash = :hash AND purpose = :purpose RETURNING payload, browser, expires_at > now() AS good")
LOOK = statement("SELECT payload, browser, expires_at > now() AS good FROM __tenant__.handles WHERE hash = :hash AND purpose = :purpose")
ONCE = statement(
    """
    INSERT INTO __tenant__.handles (hash, purpose, payload, expires_at) VALUES (:hash, :purpose, :payload, :expires_at)
    ON CONFLICT (hash) DO NOTHING
    """
)


class Handles:
    """In the organization's schema, so that every process knows them and none survives its organization."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, tenant: Tenant, purpose: str, payload: Mapping[str, Any], *, seconds: int, browser: str | None = None) -> str:
        """The handle under which it can be taken once. `browser`: the value of the cookie that has to come along then."""
        handle = new_opaque()
        await self._store(tenant, handle, purpose, payload, seconds, browser)
        return handle

    async def take(self, tenant: Tenant, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        """What was kept; it is gone then, also where the browser turns out to be another. Raises SignInRefused."""
        return await self._found(tenant, TAKE, purpose, handle, browser)

    async def look(self, tenant: Tenant, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        """As `take`, and it stays."""
        return await self._found(tenant, LOOK, purpose, handle, browser)

    @repeatable
    async def first_time(self, tenant: Tenant, purpose: str, value: str, until: datetime) -> bool:
        """Whether this value comes for the first time. It has to be remembered `until` then; later it is refused by its age."""
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            sealed = _sealed(tenant, purpose, {})
            return bool(await change.connection.execute(ONCE, hash=digest(f"{purpose}\n{value}"), purpose=purpose, payload=sealed, expires_at=until))

    @repeatable
    async def _store(self, tenant: Tenant, handle: str, purpose: str, payload: Mapping[str, Any], seconds: int, browser: str | None) -> None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            await change.connection.execute(
                KEEP,
                hash=digest(handle),
                purpose=purpose,
                payload=_sealed(tenant, purpose, payload),
                browser=digest(browser) if browser else None,
                expires_at=change.now + timedelta(seconds=seconds),
            )

    @repeatable
    async def _row(self, tenant: Tenant, query: Statement, handle: str, purpose: str) -> Row | None:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            return await change.connection.fetchrow(query, hash=digest(handle), purpose=purpose)

    async def _found(self, tenant: Tenant, query: Statement, purpose: str, handle: str | None, browser: str | None) -> dict[str, Any]:
        if not handle or len(handle) > LONGEST:
            raise refused(f"{purpose}_known", "the number of a sign-in that began here", "none")
        row = await self._row(tenant, query, handle, purpose)
        if row is None:
            raise refused(f"{purpose}_known", "the number of a sign-in that began here and has not ended", "one that is unknown or was used before")
        if not row["good"]:
            raise refused(f"{purpose}_fresh", "a sign-in that began a few minutes ago", "one that took too long")
        if row["browser"] is not None and (browser is None or row["browser"] != digest(browser)):
            raise refused(f"{purpose}_browser", "the browser in which the sign-in began", "another one")
        document: dict[str, Any] = json.loads(tenant.key.decrypt(row["payload"], handle_context(purpose)))
        return document


def handle_context(purpose: str) -> bytes:
    """What a handle's sealed payload is bound to."""
    return f"handle:{purpose}".encode()


def _sealed(tenant: Tenant, purpose: str, payload: Mapping[str, Any]) -> bytes:
    return tenant.key.encrypt(json.dumps(payload).encode(), handle_context(purpose))
