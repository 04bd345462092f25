"""Whoever runs a company's identity provider connects it by a link, without an account and without seeing anything else."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ChangeRole
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.admin.test_sign_on import FORM, connect, onward, send, signed_in
from tests.integration.auth.conftest import *  # noqa: F403 - the fixtures of signing in
from tests.integration.auth.conftest import NewPerson, Person, client_at, who
from tests.integration.auth.test_arrivals import own
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import CLIENT, SECRET, Provider

LINK = re.compile(r"http://acme\.localhost:8000(/admin/set-up\?token=[A-Za-z0-9_-]{43})")
LINKS, SET_UP, CONNECTION = "/admin/sign-on/links", "/admin/set-up", "/admin/set-up/connection"
TOLD = statement("SELECT action, user_id, details FROM __tenant__.sign_in_events WHERE details ->> 'setupLink' = :link ORDER BY at, id")
DAY_LATER = statement("UPDATE __tenant__.setup_links SET expires_at = now() WHERE id = :id")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid.running() as running:
        running.honest()
        yield running


@pytest.fixture
async def person(acme: House, new_person: NewPerson) -> Person:
    return await new_person(acme, role="admin")


@pytest.fixture
async def admin(app: ASGIApp, person: Person) -> AsyncIterator[httpx.AsyncClient]:
    browser = await signed_in(app, person)
    yield browser
    await browser.aclose()


@pytest.fixture
async def browsers(app: ASGIApp) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Of people who have no account."""
    async with AsyncExitStack() as clients:
        yield [await clients.enter_async_context(client_at(app, "acme.localhost")) for _ in range(3)]


async def link_of(admin: httpx.AsyncClient, **typed: str) -> str:
    made = await send(admin, LINKS, LINKS, do="make", **{"what": "kind:oidc", "days": "7", **typed})
    found = LINK.search(html.unescape(made.text))
    assert found, made.text
    return found[1]


async def opened(browser: httpx.AsyncClient, link: str) -> httpx.Response:
    page = await browser.get(link)
    assert page.status_code == 200, page.text
    form = FORM.search(page.text)
    assert form
    return await browser.post(SET_UP, data={"form": form[1], "token": link.partition("=")[2]})


async def hand_in(browser: httpx.AsyncClient, provider: Provider, name: str, **typed: str) -> httpx.Response:
    values = {"name": name, "issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, **typed}
    return await send(browser, f"{SET_UP}/new/oidc", f"{SET_UP}/new/oidc", **values)


async def test_a_provider_is_connected_and_tested_by_a_link_and_the_administrator_switches_it_on(
    auth: Auth, acme: House, admin: httpx.AsyncClient, person: Person, browsers: list[httpx.AsyncClient], provider: Provider, pool: Database
) -> None:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Kit"}
    await own(auth, acme.tenant, "acme.example")
    guest, name = browsers[0], f"c{new_id().hex[:20]}"
    link = await link_of(admin)

    entry = await guest.get(link)
    assert "Kim Example asks you" in entry.text
    assert entry.headers["referrer-policy"] == "strict-origin"
    begun = await opened(guest, link)
    assert (begun.status_code, begun.headers["location"]) == (303, SET_UP)
    assert "token" not in begun.headers["location"]
    assert (await guest.get(SET_UP)).headers["location"] == f"{SET_UP}/new/oidc"
    wrong = await hand_in(guest, provider, name, client_secret="")
    assert 'id="client_secret-wrong"' in wrong.text
    assert (await hand_in(guest, provider, name)).headers["location"] == CONNECTION
    page = await guest.get(CONNECTION)
    assert f"http://acme.localhost:8000/auth/oidc/{name}/callback" in page.text
    assert SECRET not in page.text
    for other in ("Roles by group", "/admin/sign-on", "/auth/account", "acme.example"):
        assert other not in page.text, other
    there = await guest.get(onward(await send(guest, CONNECTION, f"{CONNECTION}/test")))
    back = await guest.get(f"/auth/oidc/{name}/callback", params=provider.agree(there.headers["location"]))
    tested = await guest.get(back.headers["location"])
    assert back.headers["location"].startswith(f"{CONNECTION}/test?result=")
    assert "checks passed" in tested.text
    assert "Switch it on" not in tested.text
    assert (await send(guest, CONNECTION, f"{CONNECTION}/switch", on="yes")).status_code == 403
    again = await hand_in(guest, provider, "ignored", client_id="another")
    assert again.status_code == 303
    assert (await auth.parts.connections.named(acme.tenant, name)).settings["client_id"] == "another"
    assert "Thank you" in (await send(guest, CONNECTION, f"{SET_UP}/finish")).text
    assert (await guest.get(CONNECTION)).status_code == 410

    listed = await admin.get(LINKS)
    assert "Finished" in listed.text
    on = await send(admin, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/switch", on="yes")
    assert on.status_code == 303
    made = next(one for one in await auth.parts.setup_links.of(acme.tenant) if one.created_by == person.user_id)
    async with pool.reading(acme.tenant.place) as connection:
        told = await connection.fetch(TOLD, link=str(made.id))
    assert [row["action"] for row in told] == ["SetupLinkMade", "SetupLinkOpened", "ConnectionAdded", "ConnectionChanged", "SetupLinkFinished"]
    assert {row["user_id"] for row in told} == {person.user_id}
    assert {row["details"].get("through") for row in told if row["action"].startswith("Connection")} == {"set-up link"}
    assert (await who(guest))["me"] is None


async def test_a_link_works_once_in_one_browser_until_it_is_revoked_or_its_administrator_may_no_longer(
    auth: Auth, bus: Bus, acme: House, admin: httpx.AsyncClient, person: Person, browsers: list[httpx.AsyncClient], pool: Database
) -> None:
    one, other, third = browsers
    link = await link_of(admin, what="")
    assert (await one.get(SET_UP)).status_code == 410
    await opened(one, link)
    assert (await other.get(link)).status_code == 410
    assert (await other.get(SET_UP)).status_code == 410
    assert (await one.get(f"{SET_UP}/new")).status_code == 200
    held = next(one for one in await auth.parts.setup_links.of(acme.tenant) if one.created_by == person.user_id)
    assert (await send(admin, LINKS, LINKS, do="revoke", link=str(held.id))).status_code == 303
    assert (await one.get(f"{SET_UP}/new")).status_code == 410
    assert (await send(admin, LINKS, LINKS, do="revoke", link=str(held.id))).status_code == 404
    late = await link_of(admin)
    old = (await auth.parts.setup_links.of(acme.tenant))[0]
    async with pool.writing(acme.tenant.place) as connection:
        await connection.execute(DAY_LATER, id=old.id)
    assert (await third.get(late)).status_code == 410
    assert "Expired" in (await admin.get(LINKS)).text

    last = await link_of(admin)
    await opened(other, last)
    assert (await other.get(f"{SET_UP}/new/oidc")).status_code == 200
    await bus.execute(acme.tenant, ChangeRole(person.user_id, role="editor"), SYSTEM, correlation_id=new_id())
    assert (await other.get(f"{SET_UP}/new/oidc")).status_code == 410


async def test_a_link_opens_its_own_connection_and_nothing_else(
    app: ASGIApp, globex: House, admin: httpx.AsyncClient, browsers: list[httpx.AsyncClient], provider: Provider
) -> None:
    provider.honest()
    guest, stranger, _ = browsers
    hidden, link, name = await connect(admin, provider), await link_of(admin), f"c{new_id().hex[:20]}"
    async with client_at(app, "globex.localhost") as elsewhere:
        assert (await elsewhere.get(link)).status_code == 410
    await opened(guest, link)
    await hand_in(guest, provider, name)

    for address in ("/admin/sign-on", LINKS, f"/admin/sign-on/{hidden}", f"/admin/sign-on/{name}", "/admin/sign-on/new"):
        assert (await guest.get(address)).headers.get("location", "").startswith("/auth/login"), address
    assert (await guest.get(f"{SET_UP}/new/saml")).status_code == 404
    assert (await guest.get("/auth/account")).headers["location"].startswith("/auth/login")
    assert (await who(guest))["me"] is None
    form = FORM.search((await guest.get(CONNECTION)).text)
    assert form
    forged = [
        await guest.post(f"{CONNECTION}/switch", data={"on": "yes"}),
        await guest.post(f"{CONNECTION}/switch", data={"on": "yes", "form": form[1][:-1]}),
        await guest.post(f"{SET_UP}/finish", data={"form": form[1]}, headers={"Origin": "https://evil.example"}),
        await stranger.post(f"{SET_UP}/finish", data={"form": form[1]}),
    ]
    assert [answer.status_code for answer in forged] == [403, 403, 403, 410]
    begun = onward(await send(guest, CONNECTION, f"{CONNECTION}/test"))
    there = await guest.get(begun.replace(f"/auth/oidc/{name}/", f"/auth/oidc/{hidden}/"))
    back = await guest.get(f"/auth/oidc/{hidden}/callback", params=provider.agree(there.headers["location"]))
    assert back.status_code == 401


async def test_a_link_that_says_so_switches_on_and_one_that_does_not_leaves_alone_what_is_on(
    auth: Auth, acme: House, admin: httpx.AsyncClient, browsers: list[httpx.AsyncClient], provider: Provider
) -> None:
    provider.honest()
    one, other, _ = browsers
    name = f"c{new_id().hex[:20]}"
    await opened(one, await link_of(admin, may_switch_on="yes"))
    await hand_in(one, provider, name)
    assert (await send(one, CONNECTION, f"{CONNECTION}/switch", on="yes")).status_code == 303
    await opened(other, await link_of(admin, what=f"connection:{name}"))

    page = await other.get(CONNECTION)
    refused = await hand_in(other, provider, name, client_id="mine")

    assert "On: people sign in by it" in page.text
    assert refused.status_code == 403
    auth.parts.connections.forget(acme.tenant)
    kept = await auth.parts.connections.named(acme.tenant, name)
    assert (kept.enabled, kept.settings["client_id"]) == (True, CLIENT)


async def test_what_is_wrong_with_a_link_is_said_and_guessing_is_slowed_down(
    app: ASGIApp, acme: House, admin: httpx.AsyncClient, new_person: NewPerson, browsers: list[httpx.AsyncClient]
) -> None:
    wrong = [await send(admin, LINKS, LINKS, do="make", **typed) for typed in ({"what": "", "days": "365"}, {"what": "kind:none", "days": "7"})]
    editor = await signed_in(app, await new_person(acme, role="editor"))
    refused = await editor.get(LINKS)
    guest = browsers[0]
    form = FORM.search((await guest.get(await link_of(admin))).text)
    assert form
    guessed = [(await guest.post(SET_UP, data={"form": form[1], "token": "x" * 43})).status_code for _ in range(8)]

    assert [answer.status_code for answer in wrong] == [400, 400]
    assert refused.status_code == 403
    assert (guessed[0], guessed[-1]) == (410, 429)
    await editor.aclose()
