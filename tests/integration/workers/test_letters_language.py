"""A letter speaks its reader's language, else the organization's."""

from __future__ import annotations

from dataclasses import replace

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from app.users.commands import UpdatePreferences
from app.users.projections import recipient
from auth.principal import SYSTEM
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.sentences import as_sentence, sentence
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from workers.letters import Button, letter


async def test_a_letter_is_in_its_readers_language_else_in_their_organizations(
    migrated: TenantSettings, pool: Database, bus: Bus, globex: House
) -> None:
    house = await house_of(migrated, pool, replace(ACME, slug="spoken"))
    await bus.execute(house.tenant, ConfigureOrganization(settings={"language": "de"}), SYSTEM, correlation_id=new_id())
    author = UpdatePreferences(house.id_of("author"), changes={"language": "fr-CA"})
    await bus.execute(house.tenant, author, house.people["author"], correlation_id=new_id())
    said = []
    for at, who in ((house, "author"), (house, "editor"), (globex, "editor")):
        async with pool.reading(at.tenant.place) as connection:
            to = await recipient(connection, at.tenant, at.id_of(who))
        assert to is not None
        button = Button(as_sentence("Confirm this address"), "http://a/")
        sent = letter(new_id(), to, at.tenant.name, subject=sentence("Join {organization}", organization="X"), paragraph="", button=button)
        said.append((to.language, sent.subject, "Confirm" in sent.text, f'<html lang="{to.language}">' in sent.html))

    assert said == [("fr", "Rejoindre X", True, True), ("de", "X beitreten", False, True), ("en", "Join X", True, True)]
