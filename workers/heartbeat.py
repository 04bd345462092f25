"""Saying that workers are alive, where every process of the installation can read it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tenants.statements import statement
from workers.leases import Lease

if TYPE_CHECKING:
    from tenants.database import Database

BEAT_SECONDS = 2.0
ALIVE_SECONDS = 10.0

ALIVE = statement("SELECT DISTINCT split_part(name, ':', 2) AS role FROM control.leases WHERE name LIKE 'alive:%' AND until > now()")


class Role(StrEnum):
    """The two kinds of worker processes; events move only while one of each is alive."""

    RELAY = "relay"
    HANDLERS = "handlers"


class Heartbeat:
    def __init__(self, database: Database, role: Role, holder: str) -> None:
        self._database = database
        self._lease = Lease(f"alive:{role}:{holder}", holder, ALIVE_SECONDS)

    async def step(self) -> bool:
        async with self._database.control() as connection:
            await self._lease.take(connection)
        return False

    async def stop(self) -> None:
        async with self._database.control() as connection:
            await self._lease.give_up(connection)


async def workers_alive(database: Database) -> bool:
    """Whether events are being delivered somewhere: for health checks. Raises RetryLater where the database does not answer."""
    async with database.control() as connection:
        rows = await connection.fetch(ALIVE)
    return {row["role"] for row in rows} >= {Role.RELAY, Role.HANDLERS}
