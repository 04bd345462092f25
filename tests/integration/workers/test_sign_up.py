"""Opening an organization by oneself: asked for, proven by a link, made by a worker wholly or not at all, entered by its owner."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest

from app.bus import Bus
from app.users.accounts import Members
from auth.realms.realms import Realms
from auth.settings import AuthSettings
from migrations.provisioning import HeadProvisioner
from ops.founding import Founded, found
from ops.inviting import invite_to_sign_up
from ops.settings import Settings
from tenants import lifecycle
from tenants.database import Database
from tenants.database.failures import StatementFailed
from tenants.errors import RateLimited
from tenants.ids import new_id
from tenants.lifecycle.entries import WrongState
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.migrations.commands import environment, imprint
from tests.integration.serving import running
from tests.integration.workers.conftest import Line
from tests.letters import letters_in
from workers.front import FrontDesk
from workers.mail import postman
from workers.sign_ups import Founder, SignUpMaker

PASSWORD = "a lantern in the orchard"
NOTHING = (statement("DELETE FROM control.front_letters"), statement("DELETE FROM control.sign_ups"))
ORGANIZATIONS = statement("SELECT slug, name, status FROM control.organizations WHERE slug LIKE :slugs ORDER BY slug")
STATES = statement("SELECT state FROM control.sign_ups ORDER BY asked_at, id")
AGAIN = statement("UPDATE control.sign_ups SET next_attempt_at = now() WHERE state = 'confirmed'")
TOO_OLD = statement("UPDATE control.sign_ups SET expires_at = now() - interval '1 second'")


class Newcomer:
    """A browser at the installation's own address, the worker behind it, and the letters that come."""

    def __init__(self, line: Line, app: Any, folder: Path) -> None:
        self.line, self.app, self.folder = line, app, folder
        self.realms = Realms(line.pool, Keyring(line.tenants.secret_keys))
        self.desk = FrontDesk(line.pool, self.realms, postman(line.tenants, replace(line.settings, smtp_url=folder.as_uri())))
        self.client = self.browser("localhost")

    def browser(self, host: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(f"10.7.{new_id().bytes[-1]}.{new_id().bytes[-2]}", 1))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}:8000", headers={"Origin": f"http://{host}:8000"})

    async def ask(self, slug: str, email: str, name: str = "The Gazette", invitation: str = "") -> httpx.Response:
        page = await self.client.get("/auth/sign-up", params={"invitation": invitation} if invitation else None)
        fields = {"name": name, "slug": slug, "email": email, "invitation": invitation, "form": form_of(page)}
        return await self.client.post("/auth/sign-up", data=fields)

    async def links(self) -> dict[str, str]:
        """The path that the latest letter to each address leads to."""
        while await self.desk.step():
            continue
        found: dict[str, str] = {}
        for one in letters_in(self.folder):
            path = re.search(r"http://localhost:8000(/auth/\S+)", one.text)
            assert path
            found[one.to] = path[1]
        return found

    async def confirm(self, path: str) -> httpx.Response:
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        fields = {"token": path.partition("token=")[2], "form": form_of(page)}
        return await self.client.post("/auth/sign-up/confirm", data=fields)

    async def opened(self, path: str) -> httpx.Response:
        """The button of the page behind which the organization is."""
        page = await self.client.get(path)
        assert page.status_code == 200, page.text
        assert "form-action 'self' http://*.localhost:8000" in page.headers["content-security-policy"]  # its answer leads there
        fields = {"token": path.partition("token=")[2], "form": form_of(page)}
        return await self.client.post("/auth/sign-up/ready", data=fields)

    async def made(self, founder: Founder = found) -> bool:
        """One turn of the worker; whether it found anything to do."""
        maker = SignUpMaker(self.line.tenants, self.line.pool, self.realms.key, founder)
        return await maker.step()

    async def organizations(self, slugs: str) -> list[tuple[str, str, str]]:
        async with self.line.pool.control() as connection:
            return [(row["slug"], row["name"], row["status"]) for row in await connection.fetch(ORGANIZATIONS, slugs=slugs)]

    async def states(self) -> list[str]:
        async with self.line.pool.control() as connection:
            return [row["state"] for row in await connection.fetch(STATES)]


@dataclass(frozen=True, slots=True)
class Opening:
    line: Line
    folder: Path
    stack: AsyncExitStack

    async def __call__(self, mode: Literal["off", "invite", "open"]) -> Newcomer:
        app = await self.stack.enter_async_context(running(self.line.tenants, AuthSettings(sign_up=mode)))
        newcomer = Newcomer(self.line, app, self.folder)
        await self.stack.enter_async_context(newcomer.client)
        return newcomer


@pytest.fixture
async def opening(line: Line, tmp_path: Path) -> AsyncIterator[Opening]:
    async with line.pool.control() as connection:
        for delete in NOTHING:
            await connection.execute(delete)
    async with AsyncExitStack() as stack:
        yield Opening(line, tmp_path / "mail", stack)


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


async def test_of_two_who_want_the_same_short_name_the_second_is_told_and_nothing_of_theirs_is_left(opening: Opening) -> None:
    newcomer = await opening("open")
    for who in ("ada", "bob"):
        await newcomer.ask("wanted", f"{who}@two.example", f"{who}'s")
    links = await newcomer.links()
    ready = [(await newcomer.confirm(links[f"{who}@two.example"])).headers["location"] for who in ("ada", "bob")]
    assert [await newcomer.made(), await newcomer.made(), await newcomer.made()] == [True, True, False]

    refused = await newcomer.client.get(ready[1])
    german = await newcomer.client.get(ready[1], headers={"Accept-Language": "de"})

    assert (refused.status_code, "became somebody else" in refused.text, "Der Kurzname wanted" in german.text) == (409, True, True)
    assert (await newcomer.opened(ready[0])).status_code == 303
    assert await newcomer.organizations("wanted") == [("wanted", "ada's", "active")]


async def test_what_cannot_be_made_is_tried_again_and_leaves_nothing_half_made(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("halfway", "ada@half.example")
    ready = (await newcomer.confirm((await newcomer.links())["ada@half.example"])).headers["location"]

    async def stops(settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str) -> Founded:
        await lifecycle.create(settings, HeadProvisioner(), tenant_slug(slug), name, "basic")
        raise StatementFailed(f"the disk of {owner_email} is full for {database}")

    for _ in range(5):
        assert await newcomer.organizations("halfway") in ([], [("halfway", "The Gazette", "provisioning")])
        assert await newcomer.made(stops)
        async with newcomer.line.pool.control() as connection:
            await connection.execute(AGAIN)

    assert not await newcomer.made()
    assert await newcomer.organizations("halfway") == []
    page = await newcomer.client.get(ready)
    assert (page.status_code, "It could not be made just now" in page.text) == (409, True)


async def test_one_that_was_interrupted_is_finished(opening: Opening) -> None:
    newcomer = await opening("open")
    await newcomer.ask("resumed", "ada@resumed.example")
    ready = (await newcomer.confirm((await newcomer.links())["ada@resumed.example"])).headers["location"]

    async def killed(settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str) -> Founded:
        await found(settings, database, slug=slug, name=name, owner_email=owner_email)
        raise StatementFailed("killed")

    assert await newcomer.made(killed)
    async with newcomer.line.pool.control() as connection:
        await connection.execute(AGAIN)
    assert await newcomer.made()

    assert (await newcomer.opened(ready)).headers["location"].startswith("http://resumed.localhost:8000/auth/invitation?token=")


@pytest.fixture
def invite(migrated: TenantSettings) -> Callable[[str], Any]:
    async def make(email: str, mode: str = "invite") -> dict[str, Any]:
        variables = {**environment(migrated), "IMPRINT_SIGN_UP": mode, "IMPRINT_SMTP_URL": "file:///nowhere"}
        return await invite_to_sign_up(migrated, Settings.read(variables), email)

    return make


async def test_an_invitation_is_good_for_one_organization_of_whoever_it_was_made_out_to(opening: Opening, invite: Any) -> None:
    newcomer = await opening("invite")
    made = await invite("Ada@Invited.example")
    path = (await newcomer.links())["ada@invited.example"]
    token = path.partition("invitation=")[2]
    assert (made["email"], made["invitation"].endswith(path), made["mailed"]) == ("ada@invited.example", True, True)
    assert 'value="ada@invited.example"' in (await newcomer.client.get(path)).text

    other = await newcomer.ask("invited-two", "bob@invited.example", invitation=token)
    for slug in ("invited-one", "invited-two"):
        assert (await newcomer.ask(slug, "ada@invited.example", invitation=token)).status_code == 200
    letters = await newcomer.links()
    done = await newcomer.confirm(letters["ada@invited.example"])
    await newcomer.made()

    assert (other.status_code, "has to be the one that was invited" in other.text) == (400, True)
    assert (await newcomer.opened(done.headers["location"])).status_code == 303
    assert len(await newcomer.organizations("invited-%")) == 1
    assert (await newcomer.client.get(path)).status_code == 403
    assert sorted(await newcomer.states()) == ["asked", "opened"]


async def test_the_command_prints_the_link_and_is_refused_where_sign_up_is_off(line: Line, migrated: TenantSettings) -> None:
    made = await imprint(migrated, "tenants", "invite", "Bob@Command.example", "--json", IMPRINT_SIGN_UP="invite")
    wrong = await imprint(migrated, "tenants", "invite", "nobody", IMPRINT_SIGN_UP="open")
    off = await imprint(migrated, "tenants", "invite", "bob@command.example", IMPRINT_SIGN_UP="off")

    assert (made.code, wrong.code, off.code) == (0, 1, 3), made.err
    assert (made.json["email"], made.json["mailed"]) == ("bob@command.example", False)
    assert made.json["invitation"].startswith("http://localhost:8000/auth/sign-up?invitation=")
    assert "IMPRINT_SIGN_UP is off" in off.err


async def test_without_one_nobody_opens_anything(opening: Opening) -> None:
    newcomer = await opening("invite")
    pages = [await newcomer.client.get("/auth/sign-up"), await newcomer.client.get("/auth/sign-up?invitation=made-up")]

    assert [page.status_code for page in pages] == [403, 403]
    assert all("by invitation" in page.text for page in pages)
    assert "/auth/sign-up" not in (await newcomer.client.get("/")).text


async def test_where_sign_up_is_off_there_is_neither_page_nor_invitation(opening: Opening, invite: Any) -> None:
    newcomer = await opening("off")
    pages = [
        await newcomer.client.get("/auth/sign-up"),
        await newcomer.client.post("/auth/sign-up", data={"name": "x"}),
        await newcomer.client.get("/auth/sign-up/confirm?token=x"),
        await newcomer.client.get("/auth/sign-up/ready?token=x"),
    ]

    assert [page.status_code for page in pages] == [404] * 4
    with pytest.raises(WrongState, match="IMPRINT_SIGN_UP is off"):
        await invite("ada@off.example", "off")


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
