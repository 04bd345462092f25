"""Whether there is anything yet that a command could read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenants.lifecycle.entries import NeverMigrated
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database

MIGRATED = statement("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = 'control' AND tablename = 'organizations')")


async def require_migrated(database: Database) -> None:
    """Raises NeverMigrated."""
    async with database.control() as connection:
        if not await connection.fetchval(MIGRATED):
            raise NeverMigrated("This database has no control schema yet: run `imprint migrate up` first.")
