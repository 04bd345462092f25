"""One runner at a time for each installation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tenants.audit import operator
from tenants.database import AdminConnection, DatabaseUnavailable
from tenants.errors import Refusal

_KEY = 0x696D7072696E74  # "imprint" in ASCII; advisory locks are per database
_ASK_EVERY = 0.25
_HELD = (
    f"l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = {_KEY} "  # noqa: S608 - a constant
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# A run's state; one whose process was killed before it could say so is over, since nobody holds the lock.
STATE = f"CASE WHEN r.state = 'running' AND NOT EXISTS (SELECT FROM pg_locks l WHERE {_HELD}) THEN 'interrupted' ELSE r.state END"


class MigrationRunning(Refusal):
    """Another runner holds the lock."""

    code = "MIGRATION_RUNNING"


def runner_name() -> str:
    """What a runner calls itself on its connections, for whoever finds the lock taken: at most 63 bytes survive."""
    return f"imprint-migrate {os.getpid()} {operator()}"


@asynccontextmanager
async def runner_lock(admin: AdminConnection, wait: float = 0.0) -> AsyncIterator[None]:
    """Raises MigrationRunning after `wait` seconds, saying who holds the lock, from where and since when."""
    deadline = asyncio.get_running_loop().time() + wait
    while not await try_lock(admin):
        if asyncio.get_running_loop().time() >= deadline:
            raise MigrationRunning(
                f"Another migration is running{await _holder(admin)}. Wait for it to finish (--wait SECONDS does), then run this again."
            )
        await asyncio.sleep(_ASK_EVERY)
    try:
        yield
    finally:
        with suppress(DatabaseUnavailable):  # a session that is gone holds no lock
            await admin.value("SELECT pg_advisory_unlock($1)", _KEY)


async def try_lock(admin: AdminConnection) -> bool:
    return bool(await admin.value("SELECT pg_try_advisory_lock($1)", _KEY))


async def _holder(admin: AdminConnection) -> str:
    rows = await admin.rows(
        "SELECT a.pid, a.application_name AS name, coalesce(host(a.client_addr), 'a local socket') AS host, "  # noqa: S608 - a constant
        "date_trunc('second', now() - a.backend_start)::text AS age "
        f"FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE {_HELD}"
    )
    if not rows:
        return ""
    _, _, who = rows[0]["name"].partition(" ")
    pid, _, person = who.partition(" ")
    said = f"process {pid} of {person}, " if person else ""
    return f" ({said}backend {rows[0]['pid']} from {rows[0]['host']}, for {rows[0]['age']})"
