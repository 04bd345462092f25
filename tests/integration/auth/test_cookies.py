"""The cookies of a server in production: https before a trusted proxy that speaks plain http with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest
from litestar.types import ASGIApp, Receive, Scope, Send

from auth.cookies import CookieNames
from auth.service import Auth
from auth.settings import AuthSettings
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.admin.console import SET_UP
from tests.integration.auth.asking_again import known_to_be_long_ago, long_ago, prove
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person
from tests.integration.auth.second_factors import enrol, remember
from tests.integration.conftest import House
from tests.integration.serving import running

BASE, PROXY = "imprint.example", "10.0.0.1"
NAMES = CookieNames(plain=False)
EVERY = {NAMES.session, NAMES.form, NAMES.language, NAMES.setup, NAMES.device}
ALWAYS = {"path=/", "httponly", "samesite=lax", "secure"}


class Seen:
    """A browser, and every Set-Cookie that it was sent."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        async def in_clear(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "scheme": "http"}, receive, send)  # type: ignore[arg-type] # as the proxy speaks with the server

        headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Origin": f"https://{host}"}
        transport = httpx.ASGITransport(in_clear, client=(PROXY, 1))  # type: ignore[arg-type] # Litestar types ASGI more closely
        self.sent: list[str] = []
        self.browser = httpx.AsyncClient(transport=transport, base_url=f"https://{host}", headers=headers, event_hooks={"response": [self._note]})

    async def _note(self, answer: httpx.Response) -> None:
        self.sent += answer.headers.get_list("set-cookie")

    def by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for cookie in self.sent:
            found.setdefault(cookie.partition("=")[0], []).append(cookie)
        return found


@pytest.fixture(scope="module")
async def production(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    settings = replace(migrated, mode="production", public_url=f"https://{BASE}")
    async with running(settings, AuthSettings(trusted_proxies=(ip_network(f"{PROXY}/32"),), sign_up="open")) as product:
        yield product


async def open_setup_link(auth: Auth, seen: Seen, person: Person) -> None:
    token = await auth.parts.setup_links.make(person.tenant, person.user_id, "oidc", None, Cause(new_id()), days=1, may_switch_on=False)
    form = form_of(await seen.browser.get(SET_UP, params={"token": token}))
    assert (await seen.browser.post(SET_UP, data={"form": form, "token": token})).headers["location"] == SET_UP


async def test_every_cookie_is_of_this_host_alone_over_tls_and_out_of_scripts_reach(
    production: ASGIApp, auth: Auth, acme: House, pool: Database, new_person: NewPerson
) -> None:
    person, seen = await new_person(acme, role="admin"), Seen(production, f"acme.{BASE}")
    enrolled = await enrol(auth, person)
    async with seen.browser:
        await seen.browser.get("/auth/login", params={"ui_locales": "de"})
        await remember(auth, seen.browser, enrolled)
        first = seen.browser.cookies[NAMES.session]
        await long_ago(pool, person)
        await known_to_be_long_ago(seen.browser)
        assert (await prove(seen.browser, password=PASSWORD)).status_code == 303
        stepped_up = seen.browser.cookies[NAMES.session]
        await open_setup_link(auth, seen, person)
        form = form_of(await seen.browser.get("/auth/logout"))
        assert (await seen.browser.post("/auth/logout", data={"form": form})).status_code == 303
        after = await seen.browser.get("/auth/account")

    sent = seen.by_name()
    assert set(sent) == EVERY
    for cookie in seen.sent:
        name, *attributes = cookie.lower().split("; ")
        assert name.startswith("__host-"), cookie
        assert set(attributes) >= ALWAYS, cookie
        assert not any(attribute.startswith("domain") for attribute in attributes), cookie
    assert len({first, stepped_up}) == 2
    assert "max-age=0" in sent[NAMES.session][-1].lower()
    assert after.headers["location"].startswith("/auth/login")


async def test_the_installations_own_address_sets_them_so_too(production: ASGIApp) -> None:
    seen = Seen(production, BASE)
    async with seen.browser:
        assert (await seen.browser.get("/auth/sign-up", params={"ui_locales": "fr"})).status_code == 200

    assert set(seen.by_name()) == {NAMES.form, NAMES.language}
    assert all(set(cookie.lower().split("; ")) >= ALWAYS and "domain" not in cookie.lower() for cookie in seen.sent)


async def test_a_cookie_that_another_host_could_have_planted_is_worth_nothing(
    production: ASGIApp, auth: Auth, acme: House, globex: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    seen = Seen(production, f"acme.{BASE}")
    async with seen.browser:
        form = form_of(await seen.browser.get("/auth/login"))
        await seen.browser.post("/auth/login", data={"login": person.email, "password": PASSWORD, "form": form})
        secret = seen.browser.cookies[NAMES.session]
    answers: list[httpx.Response] = []
    for host, name in ((f"acme.{BASE}", "imprint"), (f"acme.{BASE}", "imprint-dev"), (f"globex.{BASE}", NAMES.session)):
        stranger = Seen(production, host)
        async with stranger.browser:
            answers.append(await stranger.browser.get("/auth/account", headers={"Cookie": f"{name}={secret}"}))

    assert [answer.headers["location"].partition("?")[0] for answer in answers] == ["/auth/login"] * 3
