"""What an organization decides about passwords and sessions holds where people sign in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from auth.service import Auth
from auth.sessions import Device
from ops.demo.people import ACME
from tenants.database import Database
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.auth.conftest import NewPerson, client_at, token_pair
from tests.integration.conftest import House, house_of

BEGAN = statement("UPDATE __tenant__.sessions SET created_at = now() - CAST(:ago AS interval) WHERE user_id = :id")
USED = statement("UPDATE __tenant__.sessions SET last_seen_at = now() - CAST(:ago AS interval) WHERE user_id = :id")
LIFETIMES = statement("SELECT expires_at - created_at AS lifetime FROM __tenant__.sessions WHERE user_id = :id ORDER BY created_at")
DEVICE = Device("imprint", "tests", None)


@pytest.fixture(scope="session")
async def strict(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    """An organization whose sessions last 8 hours, or 2 when nobody uses them, and whose passwords have 20 characters."""
    house = await house_of(migrated, pool, replace(ACME, slug="strict"))
    command = ConfigureOrganization(policies={"passwords": {"shortest": 20}, "sessions": {"hours": 8, "idleHours": 2}})
    await bus.execute(house.tenant, command, house.people["owner"], correlation_id=new_id())
    return house


async def session_of(auth: Auth, house: House, user_id: UUID) -> UUID:
    new = await auth.parts.flow.browser(house.tenant, user_id, ("pwd",), DEVICE, Cause(new_id(), user_id))
    return new.session.id


@pytest.mark.parametrize(("change", "ago", "lives"), [("BEGAN", 7, True), ("BEGAN", 9, False), ("USED", 1, True), ("USED", 3, False)])
async def test_a_session_ends_by_its_age_and_by_its_idleness(
    auth: Auth, strict: House, acme: House, pool: Database, new_person: NewPerson, change: str, ago: int, *, lives: bool
) -> None:
    found = []
    for house in (strict, acme):
        person = await new_person(house)
        session = await session_of(auth, house, person.user_id)
        async with pool.writing(house.tenant.place) as connection:
            await connection.execute(BEGAN if change == "BEGAN" else USED, ago=timedelta(hours=ago), id=person.user_id)
        found.append(await auth.parts.sessions.by_id(house.tenant, session) is not None)

    assert found == [lives, True]


async def test_new_sessions_are_given_no_longer_than_the_organization_wants(auth: Auth, strict: House, pool: Database, new_person: NewPerson) -> None:
    person = await new_person(strict)
    account = await auth.parts.accounts.get(strict.tenant, person.user_id)
    assert account is not None
    await session_of(auth, strict, person.user_id)
    await auth.parts.flow.tokens(strict.tenant, account, ("pwd",), DEVICE, Cause(new_id(), person.user_id))

    async with pool.reading(strict.tenant.place) as connection:
        lifetimes = [row["lifetime"].total_seconds() for row in await connection.fetch(LIFETIMES, id=person.user_id)]

    assert lifetimes == [8 * 3600, 8 * 3600]


async def test_a_refresh_token_is_worth_nothing_once_its_session_was_idle_too_long(
    app: ASGIApp, strict: House, pool: Database, new_person: NewPerson
) -> None:
    person = await new_person(strict)
    async with client_at(app, "strict.localhost") as client:
        kept, idle = await token_pair(client, person), await token_pair(client, person)
        fresh = await client.post("/auth/refresh", json={"refresh_token": kept["refresh_token"]})
        async with pool.writing(strict.tenant.place) as connection:
            await connection.execute(USED, ago=timedelta(hours=3), id=person.user_id)
        late = await client.post("/auth/refresh", json={"refresh_token": idle["refresh_token"]})

    assert (fresh.status_code, late.status_code) == (200, 401)


async def test_an_invited_person_chooses_a_password_as_long_as_the_organization_wants(
    auth: Auth, strict: House, acme: House, new_person: NewPerson
) -> None:
    tokens = {}
    for house in (strict, acme):
        person = await new_person(house, status="invited")
        tokens[house is strict] = (house, await auth.parts.links.issue(house.tenant, person.user_id, "invitation"))
    house, token = tokens[True]
    with pytest.raises(ValidationFailed, match="takes 20 to 256 characters, this has 19"):
        await auth.parts.invitations.accept(house.tenant, token, "four words in a row", new_id())
    assert (await auth.parts.invitations.accept(house.tenant, token, "four words in a rows", new_id())).status == "invited"
    house, token = tokens[False]
    with pytest.raises(ValidationFailed, match="takes 12 to 256"):
        await auth.parts.invitations.accept(house.tenant, token, "four words.", new_id())
    assert (await auth.parts.invitations.accept(house.tenant, token, "four words..", new_id())).status == "invited"


async def test_the_invitations_page_says_how_long_a_password_must_be(app: ASGIApp, auth: Auth, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict, status="invited")
    token = await auth.parts.links.issue(strict.tenant, person.user_id, "invitation")
    async with client_at(app, "strict.localhost") as client:
        page: httpx.Response = await client.get("/auth/invitation", params={"token": token})

    assert 'minlength="20"' in page.text


async def test_operators_and_provisioning_give_no_password_that_the_organization_would_not_take(
    auth: Auth, strict: House, acme: House, new_person: NewPerson
) -> None:
    here, there = await new_person(strict), await new_person(acme)

    with pytest.raises(ValidationFailed) as refused:
        await auth.parts.credentials.set_password(strict.tenant, here.user_id, "four words in a row")
    await auth.parts.credentials.set_password(strict.tenant, here.user_id, "four words in a rows")
    await auth.parts.credentials.set_password(acme.tenant, there.user_id, "four words in a row")

    assert "20 to 256" in refused.value.fields["password"]
    assert not await auth.parts.credentials.verify(strict.tenant, here.user_id, "four words in a row")
    assert await auth.parts.credentials.verify(strict.tenant, here.user_id, "four words in a rows")
