from __future__ import annotations

import asyncio
import dataclasses
import re
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import InviteUser, RemoveUser
from auth.links import Purpose
from auth.principal import SYSTEM
from auth.service import Auth
from ops.founding import found
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, WHO, NewPerson, Person, client_at, code_of, refused, who
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.integration.serving import running

SAME = {"Sec-Fetch-Site": "same-origin", "Origin": "http://acme.localhost:8000"}


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


class TestForms:
    @pytest.mark.parametrize("form", ["", "x", None])
    async def test_without_its_token_nobody_is_signed_in(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, form: str | None
    ) -> None:
        person = await new_person(acme)
        await at_acme.get("/auth/login")
        fields = {"login": person.email, "password": PASSWORD, "next": ""} | ({} if form is None else {"form": form})
        answer = await at_acme.post("/auth/login", data=fields, headers=SAME)
        assert answer.status_code == 403
        assert "imprint-dev" not in at_acme.cookies

    async def test_a_token_made_for_another_browser_or_organization_is_none(
        self, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, app: ASGIApp, acme: House, new_person: NewPerson
    ) -> None:
        person = await new_person(acme)
        async with client_at(app, "acme.localhost") as attacker:
            theirs = form_of(await attacker.get("/auth/login"))
        await at_acme.get("/auth/login")
        foreign = form_of(await at_globex.get("/auth/login"))
        for form in (theirs, foreign):
            answer = await at_acme.post("/auth/login", data={"login": person.email, "password": PASSWORD, "form": form, "next": ""}, headers=SAME)
            assert answer.status_code == 403

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "http://globex.localhost:8000"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://acme.localhost"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
        ids=str,
    )
    async def test_sent_by_another_site_it_is_refused_even_with_its_token(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, headers: dict[str, str]
    ) -> None:
        person = await new_person(acme)
        form = form_of(await at_acme.get("/auth/login"))
        answer = await at_acme.post("/auth/login", data={"login": person.email, "password": PASSWORD, "form": form, "next": ""}, headers=headers)
        assert answer.status_code == 403

    async def test_a_post_by_cookie_needs_the_sessions_token_and_a_get_does_not(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson
    ) -> None:
        await sign_in(at_acme, await new_person(acme))
        page = await at_acme.get("/graphql", headers={"Accept": "text/html"})
        found = re.search(r'data-form-token="([^"]+)"', page.text)
        assert found, page.text

        async def post(more: dict[str, str]) -> httpx.Response:
            return await at_acme.post("/graphql", json={"query": WHO}, headers=SAME | more)

        token = {"X-CSRF-Token": found[1]}
        for refusal in (await post({}), await post({"X-CSRF-Token": "x"}), await post(token | {"Origin": "http://globex.localhost:8000"})):
            assert (refusal.status_code, code_of(refusal)) == (403, "CSRF_FAILED")
        assert (await post(token)).json()["data"]["me"]["role"] == "author"

    @pytest.mark.parametrize("body", [b"login=%ff", b"login=a&login=b", b"a", b"admin=1", b"login=%00", "login=ä".encode()])
    async def test_that_are_no_forms_of_ours_get_a_page_and_no_error(self, at_acme: httpx.AsyncClient, body: bytes) -> None:
        answer = await at_acme.post("/auth/login", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text


class TestSessions:
    async def test_the_session_changes_at_every_sign_in_and_the_one_before_ends(
        self, at_acme: httpx.AsyncClient, app: ASGIApp, acme: House, new_person: NewPerson
    ) -> None:
        person = await new_person(acme)
        await sign_in(at_acme, person)
        first = at_acme.cookies["imprint-dev"]
        async with client_at(app, "acme.localhost") as again:
            again.cookies.set("imprint-dev-form", "planted-before", domain="acme.localhost")
            form = form_of(await again.get("/auth/login"))
            fields = {"login": person.email, "password": PASSWORD, "form": form, "next": ""}
            cookies = f"imprint-dev={first}; imprint-dev-form=planted-before"
            answer = await again.post("/auth/login", data=fields, headers=SAME | {"Cookie": cookies})
            assert answer.status_code == 303
            assert again.cookies["imprint-dev"] != first
        await asyncio.sleep(3.1)
        assert await refused(at_acme, {"Cookie": f"imprint-dev={first}"})

    async def test_signing_out_ends_it_for_good(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        await sign_in(at_acme, await new_person(acme))
        kept = at_acme.cookies["imprint-dev"]
        assert (await at_acme.post("/auth/logout", data={"form": "x"}, headers=SAME)).status_code == 403
        form = form_of(await at_acme.get("/auth/logout"))
        answer = await at_acme.post("/auth/logout", data={"form": form}, headers=SAME)
        assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login?signed-out")
        assert "imprint-dev" not in at_acme.cookies
        assert await refused(at_acme, {"Cookie": f"imprint-dev={kept}"})
        assert "You are signed out" in (await at_acme.get("/auth/login?signed-out")).text

    async def test_a_cookie_of_one_organization_is_worth_nothing_at_another(
        self, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, acme: House, new_person: NewPerson
    ) -> None:
        await sign_in(at_acme, await new_person(acme))
        planted = {"Cookie": f"imprint-dev={at_acme.cookies['imprint-dev']}"}
        assert await refused(at_globex, planted)
        assert (await at_globex.get("/auth/account", headers=planted)).headers["location"].startswith("/auth/login")

    async def test_one_that_is_past_its_time_is_over(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database) -> None:
        person = await new_person(acme)
        await sign_in(at_acme, person)
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(statement("UPDATE __tenant__.sessions SET expires_at = now() WHERE user_id = :id"), id=person.user_id)
        assert await refused(at_acme)
        assert (await at_acme.get("/auth/login")).status_code == 200

    async def test_its_secret_is_in_no_table(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, pool: Database) -> None:
        await sign_in(at_acme, await new_person(acme))
        async with pool.reading(acme.tenant.place) as connection:
            rows = await connection.fetch(statement("SELECT s::text AS row FROM __tenant__.sessions s"))
        assert rows
        assert not any(at_acme.cookies["imprint-dev"] in row["row"] for row in rows)

    @pytest.mark.parametrize("wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "evil"])
    async def test_nobody_is_sent_elsewhere_after_signing_in(
        self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson, wanted: str
    ) -> None:
        assert (await sign_in(at_acme, await new_person(acme), next=wanted)).headers["location"] == "/auth/account"

    async def test_whoever_wanted_a_page_gets_there(self, at_acme: httpx.AsyncClient, acme: House, new_person: NewPerson) -> None:
        assert (await sign_in(at_acme, await new_person(acme), next="/graphql?a=b")).headers["location"] == "/graphql?a=b"
        assert (await at_acme.get("/auth/login?next=/graphql")).headers["location"] == "/graphql"


class TestInvitations:
    async def test_a_link_makes_a_person_active_with_a_password_once(
        self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, new_person: NewPerson, app: ASGIApp
    ) -> None:
        person = await new_person(acme, status="invited")
        link = await auth.parts.links.invite(acme.tenant, person.user_id)
        assert link.startswith("http://acme.localhost:8000/auth/invitation?token=")
        path = urlsplit(link).path + "?" + urlsplit(link).query
        page = await at_acme.get(path)
        fields = {"token": link.rpartition("=")[2], "form": form_of(page)}
        short = await at_acme.post("/auth/invitation", data=fields | {"password": "short"}, headers=SAME)
        assert short.status_code == 400
        assert "12 to 256 characters" in short.text
        joined = await at_acme.post("/auth/invitation", data=fields | {"password": "a long enough one"}, headers=SAME)
        assert joined.status_code == 303
        assert (await who(at_acme))["me"]["id"] == str(person.user_id)
        assert (await at_acme.get(path)).status_code == 410
        async with client_at(app, "acme.localhost") as client:
            answer = await client.post("/auth/token", json={"email": person.email, "password": "a long enough one"})
            assert answer.status_code == 200

    async def test_of_two_at_once_one_joins(self, app: ASGIApp, auth: Auth, acme: House, new_person: NewPerson) -> None:
        person = await new_person(acme, status="invited")
        token = await auth.parts.links.issue(acme.tenant, person.user_id, "invitation")

        async def join(password: str) -> int:
            async with client_at(app, "acme.localhost") as client:
                form = form_of(await client.get(f"/auth/invitation?token={token}"))
                fields = {"token": token, "form": form, "password": password}
                return (await client.post("/auth/invitation", data=fields, headers=SAME)).status_code

        statuses = await asyncio.gather(join("the first password"), join("the second password"))
        assert sorted(statuses) == [303, 410]

    @pytest.fixture
    async def invited(self, acme: House, new_person: NewPerson) -> Person:
        return await new_person(acme, status="invited")

    async def test_a_link_works_at_its_own_organization_alone_and_for_its_purpose(
        self, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, auth: Auth, acme: House, invited: Person
    ) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        reset = await auth.parts.links.issue(acme.tenant, invited.user_id, "reset")
        assert (await at_globex.get(f"/auth/invitation?token={token}")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={reset}")).status_code == 410
        assert (await at_acme.get("/auth/invitation?token=%00%ff")).status_code == 410
        assert (await at_acme.get("/auth/invitation")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 200

    async def test_a_link_ends_with_its_time(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, invited: Person, pool: Database) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(statement("UPDATE __tenant__.links SET expires_at = now() WHERE user_id = :id"), id=invited.user_id)
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 410

    async def test_being_invited_again_makes_links_useless_that_were_sent_before(
        self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, bus: Bus, invited: Person
    ) -> None:
        old = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        await bus.execute(acme.tenant, InviteUser(new_id(), invited.email, "Kim Example", "author"), SYSTEM, correlation_id=new_id())
        new = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        assert (await at_acme.get(f"/auth/invitation?token={old}")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={new}")).status_code == 200

    async def test_of_two_links_of_one_person_one_is_used(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, invited: Person) -> None:
        one, other = [await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation") for _ in range(2)]
        form = form_of(await at_acme.get(f"/auth/invitation?token={one}"))
        fields = {"token": one, "form": form, "name": "Kim Otherwise", "password": "a long enough one"}
        assert (await at_acme.post("/auth/invitation", data=fields, headers=SAME)).status_code == 303
        assert (await at_acme.get(f"/auth/invitation?token={other}")).status_code == 410
        assert "Kim Otherwise" in (await at_acme.get("/auth/account")).text

    async def test_a_removed_persons_link_is_useless(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, bus: Bus, invited: Person) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        await bus.execute(acme.tenant, RemoveUser(invited.user_id), SYSTEM, correlation_id=new_id())
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 410


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
