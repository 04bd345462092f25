"""The pages on which people sign in, in a browser that trusts nobody."""

from __future__ import annotations

import dataclasses
import re

import httpx
import pytest
from litestar.types import ASGIApp

from auth.links import Purpose
from auth.service import Auth
from ops.organizations.founding import found
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.forms import form_of
from tests.integration.auth.conftest import NewPerson, client_at, who
from tests.integration.auth.signing_in import SAME, sign_in
from tests.integration.conftest import House
from tests.integration.serving import running


async def test_the_login_page_names_the_organization_and_lets_nothing_in(at_acme: httpx.AsyncClient, acme: House) -> None:
    page = await at_acme.get("/auth/login")
    assert page.status_code == 200
    assert f"Sign in to {acme.tenant.name}" in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "<script" not in page.text
    assert " style=" not in page.text
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"


async def test_signing_in_gives_a_new_session_that_only_this_host_and_no_script_can_read(
    at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    answer = await sign_in(at_acme, person, next="")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/account")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("imprint-dev="))
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)
    assert (await who(at_acme))["me"]["id"] == str(person.user_id)
    account = await at_acme.get("/auth/account")
    assert "Kim Example" in account.text


async def test_in_production_the_session_has_the_host_prefix_and_the_development_cookie_is_nothing(
    migrated: TenantSettings, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    async with running(dataclasses.replace(migrated, mode="production", public_url="https://imprint.example")) as production:
        async with client_at(production, "acme.imprint.example") as client:
            client.base_url = httpx.URL("https://acme.imprint.example")
            answer = await sign_in(client, person)
            assert answer.status_code == 303
            cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("__Host-imprint="))
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
            assert "domain" not in cookie.lower()
            assert (await who(client))["me"]["id"] == str(person.user_id)
            secret = client.cookies["__Host-imprint"]
        async with client_at(production, "acme.imprint.example") as client:
            assert (await who(client, {"Cookie": f"imprint-dev={secret}"}))["me"] is None


@pytest.mark.parametrize(
    "path",
    [
        "/auth/login",
        "/auth/logout",
        "/auth/account",
        "/auth/invitation",
        "/auth/forgot",
        "/auth/reset",
        "/",
        "/.well-known/jwks.json",
        "/static/x",
        "/graphql",
        "/no/such/page",
    ],
)
@pytest.mark.parametrize("query", ["", "?token=%ff%00&next=%ff%00", "?%", "?next=%E2%80%AE&token=" + "a" * 5000])
async def test_no_address_breaks_on_rubbish(at_acme: httpx.AsyncClient, path: str, query: str) -> None:
    cookies = {"Cookie": "imprint-dev=\xff; imprint-dev-form=" + "a" * 4000}
    answer = await at_acme.get(path + query, headers={name.encode(): value.encode("latin-1") for name, value in cookies.items()})
    assert answer.status_code < 500


async def test_a_wrong_password_shows_the_form_again_with_one_message_and_what_was_typed(
    at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    form = form_of(await at_acme.get("/auth/login"))
    answer = await at_acme.post("/auth/login", data={"login": person.email, "password": "not this one", "form": form, "next": ""}, headers=SAME)
    assert answer.status_code == 401
    assert answer.text.count('role="alert"') == 1
    assert f'value="{person.email}"' in answer.text
    assert "not this one" not in answer.text
    assert "imprint-dev" not in at_acme.cookies


async def test_what_a_person_types_is_shown_escaped(at_acme: httpx.AsyncClient) -> None:
    form = form_of(await at_acme.get("/auth/login"))
    typed = '"><script>alert(1)</script>'
    answer = await at_acme.post("/auth/login", data={"login": typed, "password": "x" * 9, "form": form, "next": typed}, headers=SAME)
    assert "<script" not in answer.text
    assert "&#34;&gt;&lt;script&gt;" in answer.text


class TestFrontDoor:
    @pytest.fixture
    async def base(self, app: ASGIApp) -> httpx.AsyncClient:
        return client_at(app, "localhost")

    async def test_the_base_host_asks_for_the_organization_and_sends_people_there(self, base: httpx.AsyncClient) -> None:
        for path in ("/", "/auth/login"):
            assert "Find your organization" in (await base.get(path)).text
        for name in ("acme", "ACME", "nobody-has-this"):
            answer = await base.post("/auth/find", data={"organization": name})
            assert (answer.status_code, answer.headers["location"]) == (303, f"http://{name.lower()}.localhost:8000/auth/login")

    async def test_everything_else_gets_one_answer(self, base: httpx.AsyncClient) -> None:
        pages = set()
        for name in ("two words", "admin", "a" * 300, "", "nobody@nowhere"):
            answer = await base.post("/auth/find", data={"organization": name})
            assert answer.status_code == 200
            pages.add(answer.text.replace(f'value="{name}"', ""))
        assert len(pages) == 1

    async def test_an_organizations_front_door_leads_to_its_login(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        assert (await at_acme.get("/")).headers["location"] == "/auth/login"
        await sign_in(at_acme, await new_person(acme))
        assert (await at_acme.get("/")).headers["location"] == "/auth/account"


async def test_a_page_and_all_it_loads_stay_under_a_hundred_kilobytes_and_are_kept(app: ASGIApp, migrated: TenantSettings, pool: Database) -> None:
    await found(migrated, pool, slug="light", name="Light", owner_email="o@light.example")
    async with client_at(app, "light.localhost") as client:
        await _weigh(client)


async def _weigh(client: httpx.AsyncClient) -> None:
    page = await client.get("/auth/login")
    total = len(page.content)
    for path in set(re.findall(r'href="(/static/[^"]+)"', page.text)):
        asset = await client.get(path)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        total += len(asset.content)
        for name in re.findall(r'url\("([^"]+)"\)', asset.text if path.endswith(".css") else ""):
            assert (await client.get(f"/static/{name}")).headers["content-type"] == "font/woff2"
    assert total < 100_000
    assert (await client.get("/static/imprint.css")).status_code == 404


@pytest.mark.parametrize(("purpose", "page"), [("invitation", "/auth/invitation"), ("reset", "/auth/reset"), ("address", "/auth/address")])
async def test_programs_that_open_what_letters_lead_to_spend_nothing(
    at_acme: httpx.AsyncClient, auth: Auth, acme: House, new_person: NewPerson, purpose: Purpose, page: str
) -> None:
    person = await new_person(acme, status="invited" if purpose == "invitation" else "active")
    token = await auth.parts.links.issue(acme.tenant, person.user_id, purpose)

    seen = [await at_acme.request(method, page, params={"token": token}) for method in ("GET", "HEAD", "GET")]

    assert [seen[0].status_code, seen[2].status_code] == [200, 200]
    assert await auth.parts.links.person(acme.tenant, token, purpose) == person.user_id
