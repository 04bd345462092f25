"""Doing to a running installation's database what its operator would rather not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.e2e.conftest import Running


@asynccontextmanager
async def as_owner(running: Running) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may change every object of the installation."""
    connection = await asyncpg.connect(running.environment["IMPRINT_ADMIN_DATABASE_URL"])
    try:
        await connection.execute(f"SET ROLE {running.environment['IMPRINT_OWNER_ROLE']}")
        yield connection
    finally:
        await connection.close()
