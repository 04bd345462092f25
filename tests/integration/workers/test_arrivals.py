"""Letters with links: who is invited gets one, who was invited again gets the later one, who wants another address proves it is theirs."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from app.users.accounts import Members
from app.users.commands import ActivateUser, GiveAddress, InviteUser, RemoveUser
from auth.principal import SYSTEM, Kind, Principal
from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, house_of
from tests.integration.serving import running
from tests.integration.workers.conftest import Line
from tests.letters import letter
from workers.deliveries import Deliverer
from workers.mail import postman

INVITATION, CONFIRMATION = "users.mail_invitation", "users.mail_confirmation"
ENFORCE = statement("UPDATE __tenant__.organization SET policies = jsonb_build_object('signIn', jsonb_build_object('enforced', true))")
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="arrivals"))


class Box:
    """Delivers into a folder and reads what came."""

    def __init__(self, line: Line, folder: Path) -> None:
        self.line = line
        self.folder = folder
        self.deliverer = Deliverer(line.pool, line.registry, postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri())), line.settings)

    async def letter(self, event: UUID, handler: str) -> tuple[str, str] | None:
        """To whom, and the path that its link leads to; None where none was sent."""
        sent = await self.sent(event, handler)
        if sent is None:
            return None
        to, text = sent
        found = re.search(r"http://arrivals\.[^/]+(/auth/\S+)", text)
        assert found
        return to, found[1]

    async def sent(self, event: UUID, handler: str) -> tuple[str, str] | None:
        """To whom, and what it says; None where none was sent."""
        await self.line.expand()
        row = await self.line.delivery(event, handler)
        await self.deliverer.deliver(row["id"], row["organization_id"], row["event_id"], row["handler"])
        file = self.folder / f"{row['id']}.eml"
        if not file.exists():
            return None
        found = letter(file)
        return str(found.mail["To"]), found.text


@pytest.fixture
def box(line: Line, tmp_path: Path) -> Box:
    return Box(line, tmp_path / "mail")


async def invite(bus: Bus, house: House, email: str) -> tuple[UUID, UUID]:
    """The person's id and the event's."""
    outcome = await bus.execute(house.tenant, InviteUser(new_id(), email, "Kim"), SYSTEM, correlation_id=new_id())
    return outcome.aggregates[0], outcome.events[0]


async def test_who_is_invited_gets_a_letter_whose_link_lets_them_in(box: Box, bus: Bus, house: House, migrated: TenantSettings) -> None:
    _, event = await invite(bus, house, "kim@arrivals.example")

    sent = await box.letter(event, INVITATION)

    assert sent is not None
    to, path = sent
    assert to == "Kim <kim@arrivals.example>"
    async with running(migrated) as app, client_of(app) as client:
        page = await client.get(path)
        assert (page.status_code, "Welcome, Kim" in page.text) == (200, True)


async def test_where_everybody_comes_through_the_provider_the_letter_asks_for_no_password(
    box: Box, bus: Bus, migrated: TenantSettings, pool: Database
) -> None:
    house = await house_of(migrated, pool, replace(GLOBEX, slug="arrivals-enforced"))
    async with transaction(pool, house.tenant, Cause(new_id())) as change:
        await change.connection.execute(ENFORCE)
    _, event = await invite(bus, house, "kim@arrivals-enforced.example")

    sent = await box.sent(event, INVITATION)

    assert sent is not None
    assert ("sign in through its provider" in " ".join(sent[1].split()), "password" in sent[1]) == (True, False)


async def test_a_name_that_somebody_was_given_carries_no_link_and_the_letter_speaks_the_organizations_language(
    box: Box, bus: Bus, migrated: TenantSettings, pool: Database
) -> None:
    house = await house_of(migrated, pool, replace(GLOBEX, slug="arrivals-german", name="Prizes at http://evil.example"))
    await bus.execute(house.tenant, ConfigureOrganization(settings={"language": "de"}), SYSTEM, correlation_id=new_id())
    invited = await bus.execute(house.tenant, InviteUser(new_id(), "victim@spam.example", "Win at www.evil.example"), SYSTEM, correlation_id=new_id())

    sent = await box.sent(invited.events[0], INVITATION)

    assert sent is not None
    assert ("evil" in sent[1], "Guten Tag," in sent[1], "arrivals-german eingeladen" in sent[1]) == (False, True, True)


async def test_invited_again_the_first_letter_is_useless_or_never_sent(box: Box, bus: Bus, house: House, migrated: TenantSettings) -> None:
    person, first = await invite(bus, house, "again@arrivals.example")
    early = await box.letter(first, INVITATION)
    same, second = await invite(bus, house, "again@arrivals.example")
    _, third = await invite(bus, house, "again@arrivals.example")

    assert (same, await box.letter(second, INVITATION)) == (person, None)
    late = await box.letter(third, INVITATION)
    assert early
    assert late
    async with running(migrated) as app, client_of(app) as client:
        assert [(await client.get(path)).status_code for _, path in (early, late)] == [410, 200]


async def test_whoever_came_or_went_meanwhile_gets_no_letter(box: Box, bus: Bus, house: House) -> None:
    came, of_came = await invite(bus, house, "came@arrivals.example")
    went, of_went = await invite(bus, house, "went@arrivals.example")
    for command in (ActivateUser(came), RemoveUser(went)):
        await bus.execute(house.tenant, command, SYSTEM, correlation_id=new_id())

    assert [await box.letter(event, INVITATION) for event in (of_came, of_went)] == [None, None]


async def test_an_address_counts_when_the_link_sent_to_it_is_followed(
    box: Box, bus: Bus, house: House, pool: Database, migrated: TenantSettings
) -> None:
    author = house.people["author"]
    commands = [GiveAddress(house.id_of("author"), email=f"{word}@elsewhere.example") for word in ("first", "second")]
    given = [(await bus.execute(house.tenant, command, author, correlation_id=new_id())).events[0] for command in commands]
    members = Members(pool, bus)

    assert await box.letter(given[0], CONFIRMATION) is None
    sent = await box.letter(given[1], CONFIRMATION)

    assert sent is not None
    to, path = sent
    assert to.endswith("<second@elsewhere.example>")
    async with running(migrated) as app, client_of(app) as client:
        page = await client.get(path)
        assert await members.find(house.tenant, "second@elsewhere.example") is None
        fields = dict(re.findall(r'name="(token|form)" value="([^"]*)"', page.text))
        done = await client.post("/auth/address", data=fields, headers={**SAME, "Origin": "http://arrivals.localhost:8000"})
        assert (done.status_code, (await client.get(path)).status_code) == (200, 410)
    account = await members.find(house.tenant, "second@elsewhere.example")
    assert account is not None
    assert account.user_id == house.id_of("author")
    assert await members.find(house.tenant, "author@arrivals.example") is None


async def test_nobody_takes_an_address_that_is_somebody_elses(box: Box, bus: Bus, house: House, migrated: TenantSettings) -> None:
    reader = Principal(Kind.PERSON, house.id_of("reader"), "reader")
    command = GiveAddress(house.id_of("reader"), email="admin@arrivals.example")
    event = (await bus.execute(house.tenant, command, reader, correlation_id=new_id())).events[0]

    sent = await box.letter(event, CONFIRMATION)

    assert sent is not None
    async with running(migrated) as app, client_of(app) as client:
        page = await client.get(sent[1])
        fields = dict(re.findall(r'name="(token|form)" value="([^"]*)"', page.text))
        refused = await client.post("/auth/address", data=fields, headers={**SAME, "Origin": "http://arrivals.localhost:8000"})
        assert (refused.status_code, "belongs to somebody" in refused.text) == (400, True)


def client_of(app: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://arrivals.localhost:8000")  # type: ignore[arg-type] # ASGI is ASGI
