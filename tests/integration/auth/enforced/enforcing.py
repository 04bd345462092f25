"""Having everybody come through the provider: a connection that was tested, an owner with a spare key, and the decision."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from auth.principal import SYSTEM
from auth.service import Auth
from auth.sso.connections import Connection
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.integration.auth.arriving import connected
from tests.integration.auth.conftest import NewPerson, bearer, refused
from tests.integration.auth.second_factors import Enrolled, enrol
from tests.integration.conftest import House


async def decide(bus: Bus, house: House, **sign_in: object) -> None:
    await bus.execute(house.tenant, ConfigureOrganization(policies={"signIn": sign_in}), SYSTEM, correlation_id=new_id())


async def tested(auth: Auth, house: House) -> Connection:
    connection = await connected(auth, house)
    await auth.parts.connections.tested(house.tenant, connection, Cause(new_id()))
    return connection


async def spare_key(auth: Auth, house: House, new_person: NewPerson) -> Enrolled:
    return await enrol(auth, await new_person(house, role="owner"))


async def enforced(auth: Auth, bus: Bus, house: House, new_person: NewPerson) -> tuple[Connection, Enrolled]:
    connection, owner = await tested(auth, house), await spare_key(auth, house, new_person)
    await decide(bus, house, enforced=True, breakGlass=[str(owner.person.user_id)])
    return connection, owner


async def objections(bus: Bus, house: House, **sign_in: object) -> set[str]:
    with pytest.raises(ValidationFailed) as caught:
        await decide(bus, house, **sign_in)
    return set(caught.value.fields)


async def until_refused(client: httpx.AsyncClient, token: str) -> None:
    async with asyncio.timeout(60):
        while not await refused(client, bearer(token)):
            await asyncio.sleep(0.2)
