"""What a sign-in under way has to remember: kept under a handle that works once, in the browser that began it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from auth.opaque import LONGEST, digest, new_opaque
from auth.sso.checks import NOTHING, SignInRefused, refused
from tenants.database import repeatable
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import Statement, statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database

Answer = TypeVar("Answer")

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
        return await self.together(tenant, lambda these: these.keep(purpose, payload, seconds=seconds, browser=browser))

    async def take(self, tenant: Tenant, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        """What was kept; it is gone then, also where the browser turns out to be another. Raises SignInRefused."""
        return await self.together(tenant, lambda these: these.take(purpose, handle, browser))

    async def look(self, tenant: Tenant, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        """As `take`, and it stays."""
        return await self.together(tenant, lambda these: these.look(purpose, handle, browser))

    async def first_time(self, tenant: Tenant, purpose: str, value: str, until: datetime) -> bool:
        """Whether this value comes for the first time. It has to be remembered `until` then; later it is refused by its age."""
        return await self.together(tenant, lambda these: these.first_time(purpose, value, until))

    async def together(self, tenant: Tenant, steps: Callable[[Steps], Awaitable[Answer]]) -> Answer:
        """Several steps in one transaction, which a refused sign-in does not undo: what was used then has been used.

        `steps` may be called again from its beginning. Raises SignInRefused.
        """
        answer, refusal = await self._together(tenant, steps)
        if refusal is not None:
            raise refusal
        return cast("Answer", answer)

    @repeatable
    async def _together(self, tenant: Tenant, steps: Callable[[Steps], Awaitable[Answer]]) -> tuple[Answer | None, SignInRefused | None]:
        async with transaction(self._database, tenant, Cause(new_id())) as change:
            try:
                return await steps(Steps(change)), None
            except SignInRefused as refusal:
                return None, refusal


class Steps:
    """What can be done with handles within a transaction, `change`, in which more may be done."""

    def __init__(self, change: Transaction) -> None:
        self.change = change

    async def keep(self, purpose: str, payload: Mapping[str, Any], *, seconds: int, browser: str | None = None) -> str:
        handle = new_opaque()
        await self.change.connection.execute(
            KEEP,
            hash=digest(handle),
            purpose=purpose,
            payload=self._sealed(purpose, payload),
            browser=digest(browser) if browser else None,
            expires_at=self.change.now + timedelta(seconds=seconds),
        )
        return handle

    async def take(self, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        return await self._found(TAKE, purpose, handle, browser)

    async def look(self, purpose: str, handle: str | None, browser: str | None = None) -> dict[str, Any]:
        return await self._found(LOOK, purpose, handle, browser)

    async def first_time(self, purpose: str, value: str, until: datetime) -> bool:
        remembered = await self.change.connection.execute(
            ONCE, hash=digest(f"{purpose}\n{value}"), purpose=purpose, payload=self._sealed(purpose, {}), expires_at=until
        )
        return bool(remembered)

    async def _found(self, query: Statement, purpose: str, handle: str | None, browser: str | None) -> dict[str, Any]:
        if not handle or len(handle) > LONGEST:
            raise refused(f"{purpose}_known", "the number of a sign-in that began here", NOTHING)
        row = await self.change.connection.fetchrow(query, hash=digest(handle), purpose=purpose)
        if row is None:
            raise refused(f"{purpose}_known", "the number of a sign-in that began here and has not ended", "one that is unknown or was used before")
        if not row["good"]:
            raise refused(f"{purpose}_fresh", "a sign-in that began a few minutes ago", "one that took too long")
        if row["browser"] is not None and (browser is None or row["browser"] != digest(browser)):
            raise refused(f"{purpose}_browser", "the browser in which the sign-in began", "another one")
        document: dict[str, Any] = json.loads(self.change.tenant.key.decrypt(row["payload"], handle_context(purpose)))
        return document

    def _sealed(self, purpose: str, payload: Mapping[str, Any]) -> bytes:
        return self.change.tenant.key.encrypt(json.dumps(payload).encode(), handle_context(purpose))


def handle_context(purpose: str) -> bytes:
    """What a handle's sealed payload is bound to."""
    return f"handle:{purpose}".encode()
