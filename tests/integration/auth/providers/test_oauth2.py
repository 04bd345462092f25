"""Signing in at OAuth 2 providers that speak no OpenID Connect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from auth.sso.connections import Connection
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.integration.auth.conftest import client_at, who
from tests.integration.auth.providers.connecting import ANSWERS as OPENID_ANSWERS
from tests.integration.auth.providers.connecting import Connected, becoming, connect_to, refusal
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider


@pytest.fixture
async def connected(auth: Auth, app: ASGIApp, acme: House, provider: Provider) -> AsyncIterator[Connected]:
    provider.honest()
    become(provider, number_of())
    connection = await connect(auth, acme, provider)
    async with client_at(app, "acme.localhost") as browser:
        yield Connected(connection, browser, acme)


def number_of() -> int:
    return new_id().int % 2**53


def become(provider: Provider, number: int, login: str = "octo") -> None:
    """Whoever is signed in at the provider now."""
    provider.person = {"id": number, "login": login, "name": "Octavia Hub", "email": "public@elsewhere.example", "groups": ["staff"]}
    provider.addresses = [
        {"email": "private@elsewhere.example", "verified": True, "primary": False},
        {"email": f"o{number}@acme.example", "verified": True, "primary": True},
    ]


def settings_of(provider: Provider, **settings: Any) -> dict[str, Any]:
    """As GitHub's, at this provider."""
    at = provider.issuer
    addresses = {"authorize_url": f"{at}/authorize", "token_url": f"{at}/token", "userinfo_url": f"{at}/me", "emails_url": f"{at}/me/emails"}
    return {"preset": "github", "client_id": CLIENT, **addresses, **settings}


async def connect(auth: Auth, house: House, provider: Provider, **settings: Any) -> Connection:
    return await connect_to(auth, house, "oauth2", settings_of(provider, **settings))


async def refused(auth: Auth, connected: Connected, answer: httpx.Response) -> str:
    """The name of the check that failed; nobody is signed in."""
    row = await refusal(auth, connected, answer)
    assert (await who(connected.browser))["me"] is None
    return str(row["name"])


async def test_somebody_signs_in_and_is_whom_the_user_api_names(connected: Connected, provider: Provider) -> None:
    there = await connected.begin(next="/auth/account/tokens")
    back = await connected.bring(provider.agree(there))
    me = (await who(connected.browser))["me"]
    query = parse_qs(urlsplit(there).query)

    assert (back.status_code, back.headers["location"]) == (303, "/auth/account/tokens")
    assert me["role"] == "author"
    assert (query["code_challenge_method"], query["scope"]) == (["S256"], ["read:user user:email"])
    assert query["redirect_uri"] == [f"http://acme.localhost:8000/auth/oauth2/{connected.connection.name}/callback"]


ANSWERS = {kind: expected for kind, expected in OPENID_ANSWERS.items() if "issuer" not in kind}


@pytest.mark.parametrize("kind", ANSWERS)
async def test_an_answer_that_is_not_right_signs_nobody_in(auth: Auth, connected: Connected, provider: Provider, kind: str) -> None:
    expected, changed = ANSWERS[kind]
    answer = {name: value for name, value in {**provider.agree(await connected.begin()), **changed}.items() if value is not None}

    assert await refused(auth, connected, await connected.bring(answer)) == expected.replace("oidc_", "oauth2_")


async def test_a_state_works_once_in_its_browser_and_at_its_connection(
    auth: Auth, app: ASGIApp, connected: Connected, provider: Provider, acme: House
) -> None:
    other = replace(connected, connection=await connect(auth, acme, provider))
    async with client_at(app, "acme.localhost") as stranger:
        stolen = provider.agree(await connected.begin())
        assert await refused(auth, connected, await connected.bring(stolen, stranger)) == "oauth2_browser"
        assert (await who(stranger))["me"] is None
    swapped = provider.agree(await connected.begin())
    assert await refused(auth, other, await other.bring(swapped)) == "state_connection"
    used = provider.agree(await connected.begin())
    await connected.bring({**used, "error": "access_denied"})
    assert await refused(auth, connected, await connected.bring(used)) == "oauth2_known"


PKCE: dict[str, Callable[[dict[str, str]], Any]] = {
    "verifier of another sign-in": lambda code: code.update(code_challenge="A" * 43),
    "redirect address swapped": lambda code: code.update(redirect_uri="http://acme.localhost:8000/elsewhere"),
}


@pytest.mark.parametrize("kind", PKCE)
async def test_a_code_is_good_only_for_the_sign_in_that_asked_for_it(auth: Auth, connected: Connected, provider: Provider, kind: str) -> None:
    answer = provider.agree(await connected.begin())
    PKCE[kind](provider.codes[answer["code"]])

    assert await refused(auth, connected, await connected.bring(answer)) == "code_exchange"


async def test_a_code_is_good_once(auth: Auth, app: ASGIApp, connected: Connected, provider: Provider) -> None:
    async with client_at(app, "acme.localhost") as browser:
        first = replace(connected, browser=browser)
        used = provider.agree(await first.begin())
        assert (await first.bring(used)).status_code == 303
    again = provider.agree(await connected.begin())

    assert await refused(auth, connected, await connected.bring({**again, "code": used["code"]})) == "code_exchange"


def _json(document: object, status: int = 200) -> tuple[int, bytes, str]:
    return status, json.dumps(document).encode(), "application/json"


FAULTS: dict[str, tuple[str, Callable[[Provider], Any]]] = {
    "an error with status 200": ("code_exchange", lambda p: p.answers.update({"/token": _json({"error": "bad_verification_code"})})),
    "no access token": ("code_exchange", lambda p: p.answers.update({"/token": _json({"token_type": "bearer"})})),
    "a token with a line break": ("code_exchange", lambda p: p.answers.update({"/token": _json({"access_token": "a\r\nX: y"})})),
    "another type of token": ("code_exchange", lambda p: p.answers.update({"/token": _json({"access_token": "a", "token_type": "mac"})})),
    "token endpoint redirects": ("code_exchange", lambda p: p.answers.update({"/token": (302, b"", "text/plain")})),
    "user API refuses": ("user_api", lambda p: p.answers.update({"/token": _json({"access_token": "other"})})),
    "user API redirects": ("user_api", lambda p: p.answers.update({"/me": (302, b"", "text/plain")})),
    "user API lists": ("user_api", lambda p: p.answers.update({"/me": _json([{"id": 1}])})),
    "no id": ("user_id", lambda p: p.person.pop("id")),
    "true as id": ("user_id", lambda p: p.person.update(id=True)),
    "an id that no row takes": ("user_id", lambda p: p.person.update(id="\ud800")),
    "addresses are no list": ("user_addresses", lambda p: p.answers.update({"/me/emails": _json({"email": "a@acme.example", "verified": True})})),
    "addresses are no JSON": ("user_addresses", lambda p: p.answers.update({"/me/emails": (200, b"<html>", "text/html")})),
    "only another's domain": ("email_domain", lambda p: setattr(p, "addresses", p.addresses[:1])),
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_provider_that_does_not_say_who_it_is_signs_nobody_in(auth: Auth, connected: Connected, provider: Provider, kind: str) -> None:
    expected, break_it = FAULTS[kind]
    answer = provider.agree(await connected.begin())
    break_it(provider)

    assert await refused(auth, connected, await connected.bring(answer)) == expected


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_only_addresses_that_the_provider_says_are_verified_count(
    auth: Auth, connected: Connected, provider: Provider, acme: House, verified: object
) -> None:
    provider.person["email"] = provider.addresses[1]["email"]
    provider.addresses[1]["verified"] = verified
    provider.addresses.pop(0)
    listed = await refused(auth, connected, await connected.bring(provider.agree(await connected.begin())))
    plain = replace(connected, connection=await connect(auth, acme, provider, emails_url=f"{provider.issuer}/me"))
    settings = {**plain.connection.settings, "emails_url": ""}
    changed = replace(plain.connection, settings=settings)
    await auth.parts.connections.change(acme.tenant, plain.connection.name, becoming(changed), Cause(new_id()))
    provider.person["email_verified"] = verified
    said = await refused(auth, plain, await plain.bring(provider.agree(await plain.begin())))

    assert listed.startswith("email")
    assert said == "email_verified"


async def test_whom_the_token_endpoint_names_does_not_count(connected: Connected, provider: Provider) -> None:
    answer = provider.agree(await connected.begin())
    forged = {"access_token": "opaque", "token_type": "bearer", "id": 1, "email": "owner@acme.example", "id_token": provider.id_token({})}
    provider.answers["/token"] = _json(forged)
    await connected.bring(answer)
    first = (await who(connected.browser))["me"]
    provider.answers.clear()
    await connected.bring(provider.agree(await connected.begin()))

    assert first is not None
    assert (await who(connected.browser))["me"] == first


async def test_a_changed_login_name_is_not_a_new_person_and_a_freed_one_not_its_old_owner(
    connected: Connected, app: ASGIApp, provider: Provider
) -> None:
    number = provider.person["id"]
    seen = []
    for one, login in ((number, "octo"), (number, "renamed"), (number_of(), "octo")):
        become(provider, one, login)
        async with client_at(app, "acme.localhost") as browser:
            there = replace(connected, browser=browser)
            assert (await there.bring(provider.agree(await there.begin()))).status_code == 303
            seen.append((await who(browser))["me"]["id"])

    assert seen[0] == seen[1]
    assert seen[2] != seen[0]


async def test_a_connection_that_is_switched_off_lets_nobody_begin(auth: Auth, connected: Connected, acme: House) -> None:
    off = replace(connected.connection, enabled=False)
    await auth.parts.connections.change(acme.tenant, off.name, becoming(off), Cause(new_id()))
    answer = await connected.browser.get(f"/auth/oauth2/{off.name}/login")

    assert await refused(auth, connected, answer) == "connection_enabled"


async def test_a_client_proves_itself_in_the_header_where_that_is_set(auth: Auth, connected: Connected, provider: Provider, acme: House) -> None:
    there = replace(connected, connection=await connect(auth, acme, provider, authentication="client_secret_basic"))

    assert (await there.bring(provider.agree(await there.begin()))).status_code == 303


async def test_the_provider_is_examined_without_anybody_signing_in(auth: Auth, connected: Connected, provider: Provider, acme: House) -> None:
    module = auth.parts.modules["oauth2"]
    good = await module.examine(acme.tenant, connected.connection)
    provider.answers["/me"] = _json({"id": 1})
    open_to_all = await module.examine(acme.tenant, connected.connection)

    assert [(check.name, check.passed) for check in good] == [("user_api", True), ("user_addresses", True)]
    assert [check.passed for check in open_to_all] == [False, True]


async def test_settings_that_cannot_be_used_are_refused_by_their_names(auth: Auth, provider: Provider) -> None:
    module = auth.parts.modules["oauth2"]
    good, wrong = settings_of(provider), []
    for given, secrets in (
        ({}, {}),
        ({**good, "preset": "hub"}, {"client_secret": SECRET}),
        ({**good, "token_url": "ftp://hub.example/", "userinfo_url": "http://me@hub.example/"}, {"client_secret": SECRET}),
        ({**good, "shoe": "42", "id_field": "a b", "scopes": "a\nb"}, {"client_secret": SECRET}),
        ({**good, "authentication": "none"}, {"client_secret": SECRET}),
        ({**good, "client_id": 7}, {"client_secret": SECRET}),
    ):
        with pytest.raises(ValidationFailed) as caught:
            await module.settle(given, secrets)
        wrong.append(",".join(sorted(caught.value.fields)))

    assert wrong == [
        "authorize_url,client_id,client_secret,token_url,userinfo_url",
        "preset",
        "token_url,userinfo_url",
        "id_field,scopes,shoe",
        "client_secret",
        "client_id",
    ]
    settled, _ = await module.settle({"preset": "github", "client_id": CLIENT}, {"client_secret": SECRET})
    assert (settled["userinfo_url"], settled["id_field"]) == ("https://api.github.com/user", "id")
