"""Sessions of browsers, from signing in to signing out."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from litestar.types import ASGIApp

from tenants.database import Database
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, client_at, refused
from tests.integration.auth.signing_in import SAME, sign_in
from tests.integration.conftest import House


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
