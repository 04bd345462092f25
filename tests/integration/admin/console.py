"""The organization's console, as an administrator goes through it."""

from __future__ import annotations

import html
import re

import httpx
from litestar.types import ASGIApp

from auth.service import Auth
from auth.sso.connections import Connection
from tenants.ids import new_id
from tests.forms import form_of
from tests.integration.auth.conftest import Person, client_at
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider

SET_UP = "/admin/set-up"
"""Where whoever has a link comes in."""


async def signed_in(app: ASGIApp, person: Person) -> httpx.AsyncClient:
    browser = client_at(app, f"{person.tenant.slug}.localhost")
    assert (await sign_in(browser, person)).status_code == 303
    return browser


async def send(browser: httpx.AsyncClient, page: str, to: str, **typed: str) -> httpx.Response:
    """A form of that page, filled in."""
    form = form_of(await browser.get(page))
    return await browser.post(to, data={"form": form, **typed})


async def connect(browser: httpx.AsyncClient, provider: Provider) -> str:
    name = f"c{new_id().hex[:20]}"
    answer = await send(
        browser,
        "/admin/sign-on/new/oidc",
        "/admin/sign-on/new/oidc",
        name=name,
        issuer=provider.issuer,
        client_id=CLIENT,
        client_secret=SECRET,
    )
    assert (answer.status_code, answer.headers.get("location")) == (303, f"/admin/sign-on/{name}"), answer.text
    return name


def onward(page: httpx.Response) -> str:
    """Where a page leads that goes on by itself; it is not a redirect, which browsers would not follow to a provider after a form."""
    there = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert there, page.text
    return html.unescape(there[1])


async def rehearse(browser: httpx.AsyncClient, provider: Provider, name: str) -> httpx.Response:
    begun = await send(browser, f"/admin/sign-on/{name}", f"/admin/sign-on/{name}/test")
    there = await browser.get(onward(begun))
    back = await browser.get(f"/auth/oidc/{name}/callback", params=provider.agree(there.headers["location"]))
    return await browser.get(back.headers["location"])


async def kept_by(auth: Auth, house: House, name: str) -> Connection:
    auth.parts.connections.forget(house.tenant)
    return await auth.parts.connections.named(house.tenant, name)
