"""Building indexes beside a tenant's work: CREATE INDEX CONCURRENTLY, one at a time, never waiting for somebody for ever.

It waits for every older snapshot of the whole database, those of other tenants and of exports included. So whoever holds one
is named after a while, and the build given up until the next run. What a killed build left invalid is dropped first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from migrations.replay import names_of
from migrations.sql.indexes import concurrently, index_made
from migrations.survey import Standing
from migrations.tokens import replaced
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal
from tenants.naming import checked_schema, quoted

_LOOK_EVERY = 0.25
# These wait for others without making anybody wait; every other statement takes locks that all who come later queue behind.
LETS_OTHERS_WORK = re.compile(r"\b(CONCURRENTLY|VALIDATE CONSTRAINT|VACUUM|ANALYZE)\b", re.IGNORECASE)


class Blocked(Refusal):
    """An index could not be built because somebody holds an old snapshot or a lock."""

    code = "INDEX_BLOCKED"


class LeftInvalid(Refusal):
    """A build ended without an index that can be used."""

    code = "INDEX_INVALID"


class Builder:
    """Builds on one connection, watched from another."""

    def __init__(self, url: str, owner: str, patience: float) -> None:
        self._url = url
        self._owner = owner
        self._patience = patience
        self._one_at_a_time = asyncio.Lock()

    async def pending(self, tenant: Standing) -> None:
        """Everything that the tenant's revision asked for and that was left for later. Raises Blocked, StatementFailed; the rest stays pending."""
        async with _connected(self._url, self._owner) as admin:
            for row in await admin.rows(_PENDING, tenant.id):
                try:
                    await self.run(admin, tenant, concurrently(row["statement"]))
                except Refusal as refusal:
                    await admin.run(
                        "UPDATE control.pending_indexes SET error = $3 WHERE organization_id = $1 AND name = $2",
                        tenant.id,
                        row["name"],
                        refusal.message,
                    )
                    raise
                await admin.run("DELETE FROM control.pending_indexes WHERE organization_id = $1 AND name = $2", tenant.id, row["name"])

    async def outside_transaction(self, tenant: Standing, statements: Sequence[str], lock_ms: int) -> None:
        """The statements of a revision, each by itself. Raises as `pending`, and LockedOut for those that would keep others waiting."""
        async with _connected(self._url, self._owner) as admin:
            for sql in statements:
                await admin.run(f"SET lock_timeout = {0 if LETS_OTHERS_WORK.search(sql) else int(lock_ms)}")
                await self.run(admin, tenant, sql)

    async def run(self, admin: AdminConnection, tenant: Standing, sql: str) -> None:
        """One statement outside of any transaction. Raises UnreadableIndex, LeftInvalid."""
        [text] = replaced([sql], names_of(tenant))
        made = index_made(sql)
        async with self._one_at_a_time:
            if made:
                await self._index(admin, tenant, made.name, text)
            else:
                await self._watched(admin, text, text)

    async def _index(self, admin: AdminConnection, tenant: Standing, name: str, text: str) -> None:
        """Build it where it is not there, once what an earlier attempt left invalid is gone."""
        state = await state_of(admin, tenant.schema, name)
        if state == "valid":
            return
        if state == "invalid":
            left = f"{quoted(checked_schema(tenant.schema))}.{quoted(name)}"
            await self._watched(admin, f"DROP INDEX CONCURRENTLY IF EXISTS {left}", name)
        await self._watched(admin, text, name)
        if await state_of(admin, tenant.schema, name) != "valid":
            raise LeftInvalid(
                f"Postgres built no valid index {name}: another relation may have its name. Look at it with \\d in psql, drop or rename "
                "what is in the way, then run this again."
            )

    async def _watched(self, admin: AdminConnection, text: str, what: str) -> None:
        pid = await admin.value("SELECT pg_backend_pid()")
        work = asyncio.create_task(admin.run(text))
        watch = asyncio.create_task(self._blocker(pid))
        try:
            await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
                return
            blocker = watch.result()
            work.cancel()
            raise Blocked(f"{what} could not be built for {self._patience:g} s because of {blocker}. End that, then run this again.")
        finally:
            for task in (work, watch):
                task.cancel()
            await asyncio.gather(work, watch, return_exceptions=True)

    async def _blocker(self, pid: int) -> str:
        """Returns once the backend has been waiting for the same others for too long: who they are."""
        waited = 0.0
        async with _connected(self._url) as admin:
            while True:
                await asyncio.sleep(_LOOK_EVERY)
                rows = await admin.rows(_BLOCKERS, pid)
                waited = waited + _LOOK_EVERY if rows else 0.0
                if waited >= self._patience:
                    return ", ".join(
                        f"backend {row['pid']} ({row['name'] or 'unnamed'} as {row['role']}, in its transaction for {row['age']})" for row in rows
                    )


_PENDING = "SELECT name, statement FROM control.pending_indexes WHERE organization_id = $1 ORDER BY created_at, name"
_BLOCKERS = (
    "SELECT a.pid, a.application_name AS name, a.usename AS role, "
    "coalesce(date_trunc('second', now() - a.xact_start)::text, 'a while') AS age "
    "FROM unnest(pg_blocking_pids($1)) AS blocker (pid) JOIN pg_stat_activity a ON a.pid = blocker.pid"
)


@asynccontextmanager
async def _connected(url: str, owner: str | None = None) -> AsyncIterator[AdminConnection]:
    """An admin's connection, as the owner where one is named."""
    async with connect_as_admin(url, "imprint-indexes") as admin:
        if owner:
            await admin.run(f"SET ROLE {quoted(owner)}; SET imprint.door = 'migration'")
        yield admin


async def state_of(admin: AdminConnection, schema: str, name: str) -> str | None:
    """valid, invalid, or None where there is no such index."""
    found = await admin.value(
        "SELECT CASE WHEN i.indisvalid THEN 'valid' ELSE 'invalid' END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
        schema,
        name,
    )
    return str(found) if found else None
