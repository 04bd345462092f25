"""Opening an organization by oneself: asked for, proven by a link, entered by its owner."""

from __future__ import annotations

import pytest

from app.bus import Bus
from app.users.accounts import Members
from ops.organizations.founding import found
from tenants.database import Database
from tenants.errors import RateLimited
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.workers.sign_up.newcomer import Opening
from tests.letters import letters_in

PASSWORD = "a lantern in the orchard"
TOO_OLD = statement("UPDATE control.sign_ups SET expires_at = now() - interval '1 second'")


async def test_whoever_asks_proves_their_address_and_comes_in_as_the_owner_of_a_new_organization(opening: Opening, bus: Bus) -> None:
    newcomer = await opening("open")
    assert "Open an organization" in (await newcomer.client.get("/")).text
    for slug, name in (("gazette", "The Gazette"), ("courier", "The Courier")):
        assert (await newcomer.ask(slug, f"ada@{slug}.example", name)).status_code == 200
    links = await newcomer.links()
    assert await newcomer.organizations("gazette") == []

    answer = await newcomer.confirm(links["ada@gazette.example"])
    waiting = await newcomer.client.get(answer.headers["location"])
    assert (answer.status_code, 'http-equiv="refresh"' in waiting.text, "is being made" in waiting.text) == (303, True, True)
    assert await newcomer.made()
    assert not await newcomer.made()
    there = await newcomer.opened(answer.headers["location"])

    assert there.status_code == 303
    assert there.headers["location"].startswith("http://gazette.localhost:8000/auth/invitation?token=")
    async with newcomer.browser("gazette.localhost") as owner:
        page = await owner.get(there.headers["location"])
        token = there.headers["location"].partition("token=")[2]
        inside = await owner.post("/auth/invitation", data={"token": token, "name": "Ada", "password": PASSWORD, "form": form_of(page)})
        account = await owner.get("/auth/account")
    assert (inside.status_code, inside.headers["location"], account.status_code) == (303, "/auth/account", 200)
    tenant = await newcomer.line.registry.by_slug("gazette")
    assert tenant is not None
    person = await Members(newcomer.line.pool, bus).find(tenant, "ada@gazette.example")
    assert person is not None
    assert (person.role, person.status, tenant.name, tenant.tier) == ("owner", "active", "The Gazette", "basic")
    assert await newcomer.organizations("courier") == []


async def test_the_letter_to_an_unproven_address_has_nothing_of_what_was_typed_and_the_readers_language(opening: Opening) -> None:
    newcomer = await opening("open")
    newcomer.client.headers["Accept-Language"] = "de"
    await newcomer.ask("prize-today", "victim@spam.example", "Your prize waits at http://evil.example now")
    await newcomer.links()

    (mail,) = (one.mail for one in letters_in(newcomer.folder))
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    for text in (str(mail["Subject"]), str(mail["To"]), *parts):
        assert not any(typed in text for typed in ("prize", "evil", "prize-today")), text
    assert (mail["Subject"], len(parts)) == ("Eine Organisation eröffnen", 2)


async def test_a_form_that_is_not_this_browsers_opens_nothing(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("forged-open", "ada@forged.example")
    ready = (await newcomer.confirm((await newcomer.links())["ada@forged.example"])).headers["location"]
    await newcomer.made()

    forged = await newcomer.client.post("/auth/sign-up/ready", data={"token": ready.partition("token=")[2], "form": "made up"})
    unknown = await newcomer.client.post("/auth/sign-up/ready", data={"token": "made-up", "form": form_of(await newcomer.client.get(ready))})

    assert [forged.status_code, unknown.status_code] == [403, 410]
    assert await newcomer.states() == ["made"]
    assert (await newcomer.opened(ready)).status_code == 303


async def test_a_link_opens_one_organization_once(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("once-only", "ada@once.example")
    path = (await newcomer.links())["ada@once.example"]
    first = await newcomer.confirm(path)
    second = await newcomer.client.get(path)
    await newcomer.made()
    looked_at = [await newcomer.client.get(first.headers["location"]) for _ in range(3)]  # as programs do that look at mails
    entered = [(await newcomer.opened(first.headers["location"])), (await newcomer.client.get(first.headers["location"]))]

    assert {page.status_code for page in looked_at} == {200}
    assert (second.status_code, second.headers["location"]) == (303, first.headers["location"])
    assert not await newcomer.made()
    assert entered[0].headers["location"].startswith("http://once-only.localhost:8000/auth/invitation?token=")
    assert entered[1].headers["location"] == "http://once-only.localhost:8000/auth/login"
    assert await newcomer.states() == ["opened"]


async def test_what_is_not_confirmed_in_time_is_nothing(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("too-late", "ada@late.example")
    path = (await newcomer.links())["ada@late.example"]
    async with newcomer.line.pool.control() as connection:
        await connection.execute(TOO_OLD)

    answers = [await newcomer.client.get(path), await newcomer.client.get("/auth/sign-up/confirm?token=made-up")]

    assert [answer.status_code for answer in answers] == [410, 410]
    assert not await newcomer.made()
    assert await newcomer.organizations("too-late") == []


@pytest.mark.parametrize(
    ("name", "slug", "email", "said"),
    [
        ("", "fine", "ada@x.example", "A name takes 1 to 120 characters"),
        ("Fine", "no_good", "ada@x.example", "A short name takes lower-case letters"),
        ("Fine", "admin", "ada@x.example", "is reserved; choose another"),
        ("Fine", "f", "ada@x.example", "A short name takes 2 to 40 characters"),
        ("Fine", "fine", "ada.x.example", "e-mail address has to be one like"),
        ("Fine", "fine", "a..b@x.example", "e-mail address has to be one like"),
        ("Fine", "forgetful-taken", "ada@x.example", "somebody&#39;s already; choose another"),
    ],
)
async def test_what_is_wrong_is_said_in_words_and_nothing_is_sent(
    opening: Opening, pool: Database, migrated: TenantSettings, name: str, slug: str, email: str, said: str
) -> None:
    newcomer = await opening("open")
    if slug == "forgetful-taken":
        await found(migrated, pool, slug=slug, name="Taken", owner_email="o@taken.example")

    answer = await newcomer.ask(slug, email, name)

    assert (answer.status_code, said in answer.text) == (400, True), answer.text
    assert (await newcomer.states(), await newcomer.links()) == ([], {})


async def test_asking_again_and_again_is_slowed_down_and_other_sites_ask_nothing(opening: Opening) -> None:
    newcomer = await opening("open")
    answers = [await newcomer.ask(f"often-{number}", "ada@often.example") for number in range(4)]
    page = await newcomer.client.get("/auth/sign-up")
    fields = {"name": "X", "slug": "foreign", "email": "ada@foreign.example", "invitation": "", "form": form_of(page)}
    foreign = await newcomer.client.post("/auth/sign-up", data=fields, headers={"Origin": "http://acme.localhost:8000"})
    unbound = await newcomer.client.post("/auth/sign-up", data={**fields, "form": "made up"})

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert RateLimited.code
    assert (foreign.status_code, unbound.status_code, len(await newcomer.states())) == (403, 403, 3)


async def test_an_organizations_own_address_knows_of_no_sign_up(opening: Opening, migrated: TenantSettings, pool: Database) -> None:
    newcomer = await opening("open")
    await found(migrated, pool, slug="no-door", name="No Door", owner_email="o@no-door.example")
    async with newcomer.browser("no-door.localhost") as client:
        assert (await client.get("/auth/sign-up")).status_code == 404
