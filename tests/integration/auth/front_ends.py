"""A front end of an organization, as it sends people there and trades the code that they bring."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from auth.server.clients import Client
from auth.server.codes import challenge_of
from auth.service import Auth
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, Person
from tests.integration.conftest import House

BACK = "https://shop.example/signed-in?from=acme"
VERIFIER = secrets.token_urlsafe(48)


@dataclass(frozen=True, slots=True)
class Registered:
    client: Client
    secret: str | None


async def registered(auth: Auth, house: House, *, back: str = BACK, **more: Any) -> Registered:
    uris = [] if "user_id" in more else [back]
    return Registered(*await auth.parts.clients.add(house.tenant, f"Shop {new_id()}", uris, Cause(new_id()), **more))


def asking(client: Client, **changed: str | None) -> str:
    """The address at which a front end lets somebody sign in."""
    given = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": BACK,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        "state": "xyz",
    }
    merged = {name: value for name, value in {**given, **changed}.items() if value is not None}
    return f"/auth/authorize?{urlencode(merged)}"


async def sign_in(browser: httpx.AsyncClient, person: Person, wanted: str) -> httpx.Response:
    page = await browser.get(wanted)
    assert page.status_code == 303, page.text
    assert page.headers["location"].startswith("/auth/login?")
    form = await browser.get(page.headers["location"])
    assert "https://shop.example" in form.headers["content-security-policy"]
    typed = {"login": person.email, "password": PASSWORD, "form": form_of(form), "next": wanted}
    return await browser.post("/auth/login", data=typed)


async def code_for(browser: httpx.AsyncClient, person: Person, client: Client, **changed: str | None) -> str:
    wanted = asking(client, **changed)
    signed_in = await sign_in(browser, person, wanted)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, wanted)
    return (await brought(browser, wanted))["code"]


async def brought(browser: httpx.AsyncClient, wanted: str) -> dict[str, str]:
    """What the browser brings to the redirect address."""
    answer = await browser.get(wanted)
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://shop.example/signed-in"
    return {name: values[0] for name, values in parse_qs(address.query).items()}


async def trade(client: httpx.AsyncClient, code: str, front_end: Registered, **changed: Any) -> httpx.Response:
    body = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, "client_id": front_end.client.client_id}
    body |= {"client_secret": front_end.secret} if front_end.secret else {}
    return await client.post("/auth/token", json={name: value for name, value in {**body, **changed}.items() if value is not None})
