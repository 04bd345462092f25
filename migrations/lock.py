"""One runner at a time for each installation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tenants.database import AdminConnection, DatabaseUnavailable
from tenants.errors import Refusal

_KEY = 0x696D7072696E74  # "imprint" in ASCII; advisory locks are per database


class MigrationRunning(Refusal):
    """Another runner holds the lock."""

    code = "MIGRATION_RUNNING"


@asynccontextmanager
async def runner_lock(admin: AdminConnection) -> AsyncIterator[None]:
    """Raises MigrationRunning, saying who holds the lock and since when."""
    if not await admin.value("SELECT pg_try_advisory_lock($1)", _KEY):
        raise MigrationRunning(f"Another migration is running{await _holder(admin)}. Wait for it to finish, then run this again.")
    try:
        yield
    finally:
        with suppress(DatabaseUnavailable):  # a session that is gone holds no lock
            await admin.value("SELECT pg_advisory_unlock($1)", _KEY)


async def _holder(admin: AdminConnection) -> str:
    rows = await admin.rows(
        "SELECT a.pid, coalesce(host(a.client_addr), 'a local socket') AS host, date_trunc('second', now() - a.backend_start)::text AS age "
        "FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
        "WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = $1 "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        _KEY,
    )
    return f" (backend {rows[0]['pid']} from {rows[0]['host']}, connected for {rows[0]['age']})" if rows else ""
