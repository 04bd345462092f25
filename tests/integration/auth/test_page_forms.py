"""Forms that are not this browser's, or come from another site."""

from __future__ import annotations

import re

import httpx
import pytest
from litestar.types import ASGIApp

from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, WHO, NewPerson, client_at, code_of
from tests.integration.auth.signing_in import SAME, sign_in
from tests.integration.conftest import House


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
