"""What the installation knows of where people are at home, and the part of the worker that tells it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.bus import Bus
from app.users.commands import ActivateUser, InviteUser
from auth.principal import SYSTEM, Principal
from auth.realms.realms import Realms
from tenants.ids import new_id
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line


@dataclass(frozen=True, slots=True)
class Town:
    """The worker's part, and what the installation knows."""

    line: Line
    bus: Bus
    realms: Realms

    async def did(self, house: House, command: object, who: Principal = SYSTEM) -> UUID:
        """Done, and heard of by the worker; whom it was about."""
        outcome = await self.bus.execute(house.tenant, command, who, correlation_id=new_id())
        await self.line.expand()
        for event in outcome.events:
            for row in await self.line.deliveries(event):
                if row["handler"] == "auth.home_realm":
                    await self.line.deliver(row)
                    assert (await self.line.delivery(event, row["handler"]))["state"] == "done"
        return outcome.aggregates[0]

    async def comes(self, house: House, email: str) -> UUID:
        user_id = await self.did(house, InviteUser(new_id(), email, "Kim"))
        await self.did(house, ActivateUser(user_id))
        return user_id

    async def homes(self, email: str) -> list[str]:
        return [home.slug for home in await self.realms.homes_of(email)]
