"""Signing in by the login page."""

from __future__ import annotations

import httpx

from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, Person

SAME = {"Sec-Fetch-Site": "same-origin", "Origin": "http://acme.localhost:8000"}
"""Headers that a browser sends with a form of Acme's own pages."""


async def sign_in(browser: httpx.AsyncClient, person: Person, password: str = PASSWORD, *, next: str = "/auth/account/tokens") -> httpx.Response:
    page = await browser.get("/auth/login")
    typed = {"login": person.email, "password": password, "form": form_of(page), "next": next}
    return await browser.post("/auth/login", data=typed, headers={"Origin": str(browser.base_url).rstrip("/")})
