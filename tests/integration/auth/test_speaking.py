"""In which language pages answer."""

from __future__ import annotations

import asyncio
import re

import httpx

from app.bus import Bus
from app.users.commands import UpdatePreferences
from auth.principal import Kind, Principal
from tenants.ids import new_id
from tests.integration.auth.conftest import NewPerson
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House


def _language(page: httpx.Response) -> str:
    found = re.search(r'<html lang="([a-z]+)">', page.text)
    assert found, page.text
    assert page.headers["content-language"] == found[1]
    return found[1]


async def test_a_page_speaks_as_the_browser_asks_and_refuses_so(at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient) -> None:
    german = await at_acme.get("/auth/login", headers={"Accept-Language": "de-AT, en;q=0.5"})
    assert (_language(german), "Passwort" in german.text, "Mot de passe" in german.text) == ("de", True, False)
    french = await at_globex.get("/auth/login", headers={"Accept-Language": "fr"})
    assert (_language(french), "Mot de passe" in french.text) == ("fr", True)
    assert _language(await at_globex.get("/auth/login")) == "en"
    refused = await at_acme.get("/auth/saml/none/metadata", headers={"Accept-Language": "de"})
    assert (refused.status_code, _language(refused)) == (404, "de")
    nowhere = await at_acme.get("/nowhere", headers={"Accept-Language": "fr", "Accept": "text/html"})
    assert (nowhere.status_code, _language(nowhere)) == (404, "fr")


async def test_what_is_chosen_on_a_page_stays_chosen_in_that_browser(at_acme: httpx.AsyncClient) -> None:
    page = await at_acme.get("/auth/login", params={"next": "/auth/account"}, headers={"Accept-Language": "fr"})
    assert 'href="/auth/login?next=%2Fauth%2Faccount&amp;ui_locales=de"' in page.text
    assert _language(await at_acme.get("/auth/login?next=%2Fauth%2Faccount&ui_locales=de", headers={"Accept-Language": "fr"})) == "de"
    assert _language(await at_acme.get("/auth/login", headers={"Accept-Language": "fr"})) == "de"


async def test_a_client_may_ask_for_a_language(at_acme: httpx.AsyncClient) -> None:
    page = await at_acme.get("/auth/login", params={"next": "/auth/authorize?client_id=x&ui_locales=nl+fr"})
    assert _language(page) == "fr"


async def test_a_person_is_answered_in_the_language_they_prefer(at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, bus: Bus) -> None:
    person = await new_person(acme)
    await bus.execute(
        acme.tenant,
        UpdatePreferences(person.user_id, changes={"language": "fr-CA"}),
        Principal(Kind.PERSON, person.user_id, "author"),
        correlation_id=new_id(),
    )
    assert (await sign_in(at_acme, person)).status_code == 303
    async with asyncio.timeout(60):
        while _language(account := await at_acme.get("/auth/account", headers={"Accept-Language": "de"})) != "fr":
            await asyncio.sleep(0.2)
    assert "Votre compte" in account.text
    assert 'hreflang="de"' not in account.text  # their preferences say it; there is nothing to choose here
