"""People who change at the same moment as everybody else: nobody waits for somebody who waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest

from app.bus import Bus, Outcome
from app.users.commands import AcceptInvitation, ConfirmAddress, GiveAddress, InviteUser
from auth.addresses import Addresses
from auth.links import Links
from auth.principal import SYSTEM
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.secrets import TenantKey, new_key
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from tests.integration.owner import Owner, as_owner

WAITING = "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE NOT l.granted AND c.oid = $1::regclass"


@pytest.fixture(scope="module")
async def here(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("at-once", "At Once", ACME.people))


@pytest.fixture
async def owner(migrated: TenantSettings, here: House) -> AsyncIterator[Owner]:
    async with as_owner(migrated) as connection:
        await connection.execute(f"SET search_path = {here.tenant.place.schema}; SET imprint.door = 'bus'")
        yield connection


def links(pool: Database, migrated: TenantSettings) -> Links:
    return Links(pool, Addresses(migrated.public_url), lifetime=3600)


async def changed_meanwhile(owner: Owner, other: UUID, person: UUID, begin: Callable[[], Awaitable[Outcome]]) -> None:
    """What a rotation does: it changes one person's row, then another's, while what began between them waits for the first."""
    change = "UPDATE users SET person_key = person_key WHERE id = $1"
    async with owner.transaction():
        await owner.execute(change, other)
        work = asyncio.ensure_future(begin())
        async with asyncio.timeout(90):
            while not await owner.fetchval(WAITING, "users"):
                await asyncio.sleep(0.01)
                assert not work.done(), work.exception()
        await owner.execute(change, person)
    await work


async def test_an_address_is_confirmed_while_a_rotation_passes_over_everybody(
    pool: Database, bus: Bus, migrated: TenantSettings, here: House, owner: Owner
) -> None:
    rotated: Tenant = replace(here.tenant, key=TenantKey(here.tenant.key.key, (new_key(),)))
    reader = here.id_of("reader")
    await bus.execute(here.tenant, GiveAddress(reader, None, "another@at-once.example"), here.people["reader"], correlation_id=new_id())
    token = await links(pool, migrated).issue(here.tenant, reader, "address")

    confirm = partial(bus.execute, rotated, ConfirmAddress(token), SYSTEM, correlation_id=new_id())
    await changed_meanwhile(owner, here.id_of("author"), reader, confirm)

    assert await owner.fetchval("SELECT email_verified_at FROM users WHERE id = $1", reader) is not None


async def test_people_come_in_while_others_change_where_only_so_many_may(
    pool: Database, bus: Bus, migrated: TenantSettings, here: House, owner: Owner
) -> None:
    limited = replace(here.tenant, quotas=replace(here.tenant.quotas, members=100))
    person = new_id()
    await bus.execute(here.tenant, InviteUser(person, "late@at-once.example", "Late"), SYSTEM, correlation_id=new_id())
    token = await links(pool, migrated).issue(here.tenant, person, "invitation")

    accept = partial(bus.execute, limited, AcceptInvitation(token, "a hash", {"name": "In Time"}), SYSTEM, correlation_id=new_id())
    await changed_meanwhile(owner, here.id_of("author"), person, accept)

    assert await owner.fetchval("SELECT status FROM users WHERE id = $1", person) == "active"
