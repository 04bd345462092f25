"""Organizations while they are being made: one process each, and nothing of them is served or removed by others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from tenants.database import AdminConnection, DatabaseUnavailable
from tenants.errors import Refusal

ATTEMPTS = 10
PAUSE_SECONDS = 0.2


class StillArriving(Refusal):
    """Another process is making, importing or cloning it right now."""

    code = "ALREADY_RUNNING"


@asynccontextmanager
async def arriving(admin: AdminConnection, organization: UUID) -> AsyncIterator[None]:
    """Say, for as long as this session lives, that the organization is being made."""
    await admin.value("SELECT pg_advisory_lock($1)", key_of(organization))
    try:
        yield
    finally:
        with suppress(DatabaseUnavailable):  # a session that is gone holds no lock
            await admin.value("SELECT pg_advisory_unlock($1)", key_of(organization))


async def require_nobody_at_it(admin: AdminConnection, organization: UUID, slug: str) -> None:
    """Raises StillArriving where a process that lives is making it; of one that was killed, Postgres hears a moment later."""
    for _ in range(ATTEMPTS):
        if await admin.value("SELECT pg_try_advisory_lock($1)", key_of(organization)):
            break
        await asyncio.sleep(PAUSE_SECONDS)
    else:
        raise StillArriving(f"{slug!r} is being made, imported or cloned at this moment; wait for that to end.")
    await admin.value("SELECT pg_advisory_unlock($1)", key_of(organization))


def key_of(organization: UUID) -> int:
    """The id's random half; advisory locks are per database and take a signed number."""
    return int.from_bytes(organization.bytes[8:], "big", signed=True)
