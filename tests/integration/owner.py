"""The owner of every table, past the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from tenants.settings import TenantSettings

Owner: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@asynccontextmanager
async def as_owner(settings: TenantSettings) -> AsyncIterator[Owner]:
    """The admin's connection, acting as the owner."""
    connection = await asyncpg.connect(settings.admin_database_url)
    try:
        await connection.execute(f"SET ROLE {settings.owner_role}")
        yield connection
    finally:
        await connection.close()
