"""Whoever runs a company's identity provider connects it by a link, without an account and without seeing anything else."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from litestar.types import ASGIApp

from app.admin.sign_on.checks import explained
from app.bus import Bus
from app.users.commands import ChangeRole
from auth.backoff import PROBED_BY_LINK, PROBED_OF_ORGANIZATION
from auth.principal import SYSTEM
from auth.probing import Probing
from auth.service import Auth
from auth.sso.checks import Check
from tenants.database import Database
from tenants.errors import RateLimited
from tenants.ids import new_id
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.admin.console import SET_UP, connect, onward, send, signed_in
from tests.integration.auth.arriving import own
from tests.integration.auth.conftest import NewPerson, Person, client_at, who
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider

LINK = re.compile(r"http://acme\.localhost:8000(/admin/set-up\?token=[A-Za-z0-9_-]{43})")
LINKS, CONNECTION = "/admin/sign-on/links", "/admin/set-up/connection"
TOLD = statement("SELECT action, user_id, details FROM __tenant__.sign_in_events WHERE details ->> 'setupLink' = :link ORDER BY at, id")
DAY_LATER = statement("UPDATE __tenant__.setup_links SET expires_at = now() WHERE id = :id")


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
    form = form_of(page)
    return await browser.post(SET_UP, data={"form": form, "token": link.partition("=")[2]})


async def hand_in(browser: httpx.AsyncClient, provider: Provider, **typed: str) -> httpx.Response:
    values = {"issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, **typed}
    return await send(browser, f"{SET_UP}/new/oidc", f"{SET_UP}/new/oidc", **values)


async def name_of(browser: httpx.AsyncClient) -> str:
    """What the connection of this browser's link is called in addresses."""
    found = re.search(r"/auth/oidc/(oidc-[0-9a-f]{8})/callback", (await browser.get(f"{SET_UP}/new/oidc")).text)
    assert found
    return found[1]


async def test_a_provider_is_connected_and_tested_by_a_link_and_the_administrator_switches_it_on(
    auth: Auth, acme: House, admin: httpx.AsyncClient, person: Person, browsers: list[httpx.AsyncClient], provider: Provider, pool: Database
) -> None:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Kit"}
    await own(auth, acme.tenant, "acme.example")
    guest = browsers[0]
    link = await link_of(admin)

    entry = await guest.get(link)
    assert "Kim Example asks you" in entry.text
    assert entry.headers["referrer-policy"] == "strict-origin"
    begun = await opened(guest, link)
    assert (begun.status_code, begun.headers["location"]) == (303, SET_UP)
    assert "token" not in begun.headers["location"]
    assert (await guest.get(SET_UP)).headers["location"] == f"{SET_UP}/new/oidc"
    name = await name_of(guest)
    wrong = await hand_in(guest, provider, client_secret="")
    assert 'id="client_secret-wrong"' in wrong.text
    assert (await hand_in(guest, provider)).headers["location"] == CONNECTION
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
    again = await hand_in(guest, provider, client_id="another")
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
    hidden, link = await connect(admin, provider), await link_of(admin)
    async with client_at(app, "globex.localhost") as elsewhere:
        assert (await elsewhere.get(link)).status_code == 410
    await opened(guest, link)
    name = await name_of(guest)
    await hand_in(guest, provider)

    for address in ("/admin/sign-on", LINKS, f"/admin/sign-on/{hidden}", f"/admin/sign-on/{name}", "/admin/sign-on/new"):
        assert (await guest.get(address)).headers.get("location", "").startswith("/auth/login"), address
    assert (await guest.get(f"{SET_UP}/new/saml")).status_code == 404
    assert (await guest.get("/auth/account")).headers["location"].startswith("/auth/login")
    assert (await who(guest))["me"] is None
    form = form_of(await guest.get(CONNECTION))
    forged = [
        await guest.post(f"{CONNECTION}/switch", data={"on": "yes"}),
        await guest.post(f"{CONNECTION}/switch", data={"on": "yes", "form": form[:-1]}),
        await guest.post(f"{SET_UP}/finish", data={"form": form}, headers={"Origin": "https://evil.example"}),
        await stranger.post(f"{SET_UP}/finish", data={"form": form}),
    ]
    assert [answer.status_code for answer in forged] == [403, 403, 403, 410]
    begun = onward(await send(guest, CONNECTION, f"{CONNECTION}/test"))
    there = await guest.get(begun.replace(f"/auth/oidc/{name}/", f"/auth/oidc/{hidden}/"))
    assert there.status_code == 401


async def test_a_link_that_says_so_switches_on_and_one_that_does_not_leaves_alone_what_is_on(
    auth: Auth, acme: House, admin: httpx.AsyncClient, browsers: list[httpx.AsyncClient], provider: Provider
) -> None:
    provider.honest()
    one, other, _ = browsers
    await opened(one, await link_of(admin, may_switch_on="yes"))
    name = await name_of(one)
    await hand_in(one, provider)
    assert (await send(one, CONNECTION, f"{CONNECTION}/switch", on="yes")).status_code == 303
    await opened(other, await link_of(admin, what=f"connection:{name}"))

    page = await other.get(CONNECTION)
    refused = await hand_in(other, provider, client_id="mine")

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
    form = form_of(await guest.get(await link_of(admin)))
    guessed = [(await guest.post(SET_UP, data={"form": form, "token": "x" * 43})).status_code for _ in range(8)]

    assert [answer.status_code for answer in wrong] == [400, 400]
    assert refused.status_code == 403
    assert (guessed[0], guessed[-1]) == (410, 429)
    await editor.aclose()


async def test_guests_have_a_provider_asked_so_often_by_each_link_and_learn_no_name_that_is_taken(
    app: ASGIApp, globex: House, admin: httpx.AsyncClient, new_person: NewPerson, browsers: list[httpx.AsyncClient], provider: Provider
) -> None:
    guest, other, _ = browsers
    taken = await connect(admin, provider)
    await opened(guest, await link_of(admin))
    await opened(other, await link_of(admin))
    named = await hand_in(guest, provider, name=taken, issuer="https://127.0.0.1:1/")
    probed = [await hand_in(guest, provider, issuer=f"http://127.0.0.1:{port}/") for port in range(1, PROBED_BY_LINK.free + 3)]
    beside = await hand_in(other, provider)

    assert (named.status_code, taken in named.text) == (400, False)
    assert 'name="name"' not in probed[0].text
    assert (probed[0].status_code, probed[-1].status_code, "retry-after" in probed[-1].headers) == (400, 429, True)
    assert (await guest.get(f"{SET_UP}/new/oidc")).status_code == 200
    assert beside.headers["location"] == CONNECTION
    elsewhere = await signed_in(app, await new_person(globex, role="admin"))
    made = await send(elsewhere, LINKS, LINKS, do="make", what="kind:oidc", days="7")
    link = re.search(r"(/admin/set-up\?token=[A-Za-z0-9_-]{43})", html.unescape(made.text))
    assert link
    async with client_at(app, "globex.localhost") as third:
        await opened(third, link[1])
        assert (await hand_in(third, provider)).headers["location"] == CONNECTION
    await elsewhere.aclose()


async def test_many_links_of_one_organization_ask_no_more_together(acme: House, globex: House) -> None:
    probing = Probing(None)
    for _ in range(PROBED_OF_ORGANIZATION.free):
        await probing.enter(acme.tenant, new_id())
    with pytest.raises(RateLimited):
        await probing.enter(acme.tenant, new_id())
    await probing.enter(globex.tenant, new_id())


def test_a_guest_reads_of_no_domain_but_the_one_that_was_found() -> None:
    check = Check("email_domain", "a domain that this organization has verified: acme.example", "x.example")
    assert ["acme.example" in explained(check, guest=guest).expected for guest in (False, True)] == [True, False]
