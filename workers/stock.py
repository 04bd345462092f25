"""Keeping the stock: as many places made beforehand as the installation wants, all of this release."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from migrations.history import History, head, is_behind
from tenants.database import connect_as_admin
from tenants.lifecycle import Provisioner, stock
from tenants.naming import RoleName, schema_for
from tenants.settings import TenantSettings
from workers.leases import Lease
from workers.metrics import STOCK

if TYPE_CHECKING:
    from tenants.database import Connection, Database

LEASE_SECONDS = 120
NOBODY = UUID(int=0)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Levels:
    """Places at this release's head revision, at earlier ones, and at revisions that only a later release knows."""

    revision: str
    ready: int
    older: int
    newer: int


@dataclass(frozen=True, slots=True)
class Kept:
    made: int
    discarded: int


async def levels(connection: Connection) -> Levels:
    places = {row["revision"]: row["places"] for row in await connection.fetch(stock.LEVELS)}
    revision = head(History.TENANT)
    ready = places.pop(revision, 0)
    older = sum(count for at, count in places.items() if is_behind(History.TENANT, at))
    return Levels(revision, ready, older, sum(places.values()) - older)


async def restock(settings: TenantSettings, wanted: int) -> Kept:
    """Remove places of older releases, make those that are missing at this one's head."""
    provisioner = await asyncio.to_thread(prepared)
    async with connect_as_admin(settings.admin_database_url) as admin:
        async with admin.transaction(settings.owner_role):
            there = [row["revision"] for row in await admin.rows("SELECT DISTINCT revision FROM control.stock")]
        discarded = await stock.discard(admin, settings, [revision for revision in there if is_behind(History.TENANT, revision)])
        return Kept(await stock.fill(admin, settings, provisioner, wanted), discarded)


def prepared() -> Provisioner:
    """Alembic imported and revisions rendered: a second in which an event loop would stand still."""
    from migrations.provisioning import HeadProvisioner  # noqa: PLC0415 - it brings Alembic, needed only where something is made

    provisioner = HeadProvisioner()
    provisioner.statements(schema_for(NOBODY), RoleName("nobody"))
    return provisioner


class StockKeeper:
    """Fills the whole stock when less than half of it is left, by one process at a time.

    Where a later release keeps a stock, this one makes none: each would remove the other's.
    """

    def __init__(self, settings: TenantSettings, database: Database, wanted: int, holder: str) -> None:
        self._settings = settings
        self._database = database
        self._wanted = wanted
        self._lease = Lease("stock", holder, LEASE_SECONDS)

    async def step(self) -> bool:
        """Whether anything was made or removed."""
        async with self._database.control() as connection:
            found = await levels(connection)
            STOCK.set(found.ready)
            if found.newer or not (found.older or found.ready * 2 < self._wanted) or not await self._lease.take(connection):
                return False
        kept = await restock(self._settings, self._wanted)
        log.info("stock kept", made=kept.made, discarded=kept.discarded)
        async with self._database.control() as connection:
            STOCK.set((await levels(connection)).ready)
            await self._lease.give_up(connection)
        return True
