"""What organizations have decided, read again every few seconds: this context's answer to `auth.policies.Policies`."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from typing import TYPE_CHECKING
from uuid import UUID

from app.management.values import BRANDING, POLICIES, SETTINGS, value_at
from auth.policies import Decided
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Database, Row
    from tenants.registry import Tenant

READ = statement("SELECT name, settings, branding, policies FROM __tenant__.organization WHERE id = :id")
MOST_CACHED = 20_000


class Decisions:
    """Each at most `oldest` seconds old. Requests that ask for the same organization at the same moment share one reading."""

    def __init__(self, database: Database, *, oldest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._oldest = oldest
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[float, Decided]] = OrderedDict()
        self._reading: dict[UUID, asyncio.Task[Decided]] = {}

    async def of(self, tenant: Tenant) -> Decided:
        known = self._known.get(tenant.id)
        if known is not None and self._clock() < known[0]:
            return known[1]
        reading = self._reading.get(tenant.id)
        if reading is None:
            reading = asyncio.create_task(self._read(tenant))
            self._reading[tenant.id] = reading
            reading.add_done_callback(lambda done: self._done(tenant.id, done))
        return await asyncio.shield(reading)

    def forget(self, tenant: Tenant) -> None:
        """Whatever is being read at this moment is asked for by nobody who comes later."""
        self._known.pop(tenant.id, None)
        self._reading.pop(tenant.id, None)

    async def _read(self, tenant: Tenant) -> Decided:
        until, reading = self._clock() + self._oldest, asyncio.current_task()
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(READ, id=tenant.id)
        decided = _decided(tenant, row)
        if self._reading.get(tenant.id) is reading:
            self._known[tenant.id] = (until, decided)
            self._known.move_to_end(tenant.id)
            if len(self._known) > MOST_CACHED:
                self._known.popitem(last=False)
        return decided

    def _done(self, organization: UUID, task: asyncio.Task[Decided]) -> None:
        if self._reading.get(organization) is task:
            del self._reading[organization]
        if not task.cancelled():
            task.exception()


def _decided(tenant: Tenant, row: Row | None) -> Decided:
    """The defaults for one that was never founded: nothing of it can be read yet."""
    policies, branding, settings = (row["policies"], row["branding"], row["settings"]) if row else ({}, {}, {})
    return Decided(
        row["name"] if row else tenant.name,
        public_reading=value_at(POLICIES, policies, "reading.public") is True,
        shortest_password=value_at(POLICIES, policies, "passwords.shortest"),
        session=timedelta(hours=value_at(POLICIES, policies, "sessions.hours")),
        idle=timedelta(hours=value_at(POLICIES, policies, "sessions.idleHours")),
        accent_color=value_at(BRANDING, branding, "accentColor"),
        logo_url=value_at(BRANDING, branding, "logoUrl"),
        tagline=value_at(BRANDING, branding, "tagline"),
        second_factor_required=value_at(POLICIES, policies, "signIn.secondFactor") == "required",
        providers_trusted=value_at(POLICIES, policies, "signIn.trustProviders") is True,
        enforced=value_at(POLICIES, policies, "signIn.enforced") is True,
        break_glass=frozenset(UUID(id) for id in value_at(POLICIES, policies, "signIn.breakGlass")),
        networks=tuple(ip_network(one) for one in value_at(POLICIES, policies, "signIn.allowedNetworks")),
        remember_days=value_at(POLICIES, policies, "signIn.rememberDays"),
        language=value_at(SETTINGS, settings, "language"),
    )
