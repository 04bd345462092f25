"""Front ends that let people sign in at an organization: code, PKCE, and what they are refused."""

from __future__ import annotations

import base64

import httpx
import pytest

from auth.service import Auth
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.conftest import NewPerson, bearer, who
from tests.integration.auth.front_ends import BACK, VERIFIER, asking, brought, code_for, registered, trade
from tests.integration.conftest import House


async def test_a_front_end_lets_somebody_sign_in_and_trades_the_code_for_tokens(
    auth: Auth, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, new_person: NewPerson
) -> None:
    front_end, person = await registered(auth, acme), await new_person(acme)
    code = await code_for(browser, person, front_end.client)

    pair = (await trade(at_acme, code, front_end)).json()
    me = await who(at_acme, bearer(pair["access_token"]))
    again = await brought(browser, asking(front_end.client))

    assert me["me"]["id"] == str(person.user_id)
    assert (again["state"], again["iss"], again["from"]) == ("xyz", "http://acme.localhost:8000", "acme")
    refreshed = await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert refreshed.status_code == 200
    token = await auth.parts.tokens.verify(pair["access_token"])
    session = await auth.parts.sessions.by_id(acme.tenant, token.session)
    assert session is not None
    assert (session.client_id, session.amr) == (front_end.client.client_id, ("pwd",))


async def test_a_front_end_whose_answer_was_lost_gets_the_same_successor(
    auth: Auth, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, new_person: NewPerson
) -> None:
    front_end, person = await registered(auth, acme), await new_person(acme)
    pair = (await trade(at_acme, await code_for(browser, person, front_end.client), front_end)).json()
    first, second = [(await at_acme.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})).json() for _ in range(2)]

    assert first["refresh_token"] == second["refresh_token"]
    assert (await who(at_acme, bearer(second["access_token"])))["me"]["id"] == str(person.user_id)


async def test_a_code_is_good_once_for_its_client_verifier_redirect_and_organization(
    auth: Auth,
    acme: House,
    globex: House,
    browser: httpx.AsyncClient,
    at_acme: httpx.AsyncClient,
    at_globex: httpx.AsyncClient,
    new_person: NewPerson,
) -> None:
    front_end, other = await registered(auth, acme), await registered(auth, acme)
    elsewhere = await registered(auth, globex)
    await code_for(browser, await new_person(acme), front_end.client)

    async def fresh() -> str:
        return (await brought(browser, asking(front_end.client)))["code"]

    spent = await fresh()
    assert (await trade(at_acme, spent, front_end)).status_code == 200
    refusals = [
        await trade(at_acme, spent, front_end),
        await trade(at_acme, await fresh(), other),
        await trade(at_acme, await fresh(), front_end, code_verifier=VERIFIER[:-1] + "x"),
        await trade(at_acme, await fresh(), front_end, code_verifier="short"),
        await trade(at_acme, await fresh(), front_end, redirect_uri="https://shop.example/other"),
        await trade(at_globex, await fresh(), elsewhere),
        await trade(at_acme, "nonsense", front_end),
    ]
    late = await fresh()
    await browser.post("/auth/logout", data={"form": form_of(await browser.get("/auth/logout"))})
    refusals.append(await trade(at_acme, late, front_end))
    unverified = await trade(at_acme, late, front_end, code_verifier=None)

    assert {(answer.status_code, answer.json()["error"]) for answer in refusals} == {(401, "invalid_grant")}
    assert (unverified.status_code, unverified.json()["fields"]) == (400, {"code_verifier": "is missing"})


async def test_nobody_is_sent_to_an_address_that_is_not_registered(auth: Auth, acme: House, globex: House, browser: httpx.AsyncClient) -> None:
    front_end, foreign = await registered(auth, acme), await registered(auth, globex)
    pages = [
        await browser.get(asking(front_end.client, **changed))
        for changed in (
            {"redirect_uri": "https://evil.example/"},
            {"redirect_uri": BACK + "/more"},
            {"redirect_uri": BACK.upper()},
            {"client_id": "nobody"},
            {"client_id": foreign.client.client_id},
            {"client_id": None},
        )
    ]
    twice = await browser.get(asking(front_end.client) + "&redirect_uri=https://evil.example/")

    assert {page.status_code for page in [*pages, twice]} == {400}
    assert all("location" not in page.headers for page in [*pages, twice])


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_what_a_front_end_asks_wrongly_it_is_told_at_its_address(
    auth: Auth, acme: House, browser: httpx.AsyncClient, changed: dict[str, str | None], error: str
) -> None:
    front_end = await registered(auth, acme)

    answer = await brought(browser, asking(front_end.client, **changed))

    assert (answer["error"], answer["state"], answer["iss"]) == (error, "xyz", "http://acme.localhost:8000")


async def test_a_front_end_with_a_secret_needs_it_and_one_without_has_none(
    auth: Auth, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, new_person: NewPerson
) -> None:
    confidential, public = await registered(auth, acme, with_secret=True), await registered(auth, acme)
    await code_for(browser, await new_person(acme), confidential.client)
    code = (await brought(browser, asking(confidential.client)))["code"]
    basic = base64.b64encode(f"{confidential.client.client_id}:{confidential.secret}".encode()).decode()

    refusals = [
        await trade(at_acme, code, confidential, client_secret=None),
        await trade(at_acme, code, confidential, client_secret="wrong"),
        await trade(at_acme, code, public, client_secret="any"),
        await trade(at_acme, code, confidential, client_id="nobody"),
    ]
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    by_header = await at_acme.post("/auth/token", data=form, headers={"Authorization": f"Basic {basic}"})

    assert {(answer.status_code, answer.json()["error"]) for answer in refusals} == {(401, "invalid_client")}
    assert by_header.status_code == 200
    token = {"refresh_token": by_header.json()["refresh_token"]}
    strangers = [
        await at_acme.post("/auth/refresh", json=token),
        await at_acme.post("/auth/refresh", json={**token, "client_id": confidential.client.client_id, "client_secret": "wrong"}),
        await at_acme.post("/auth/refresh", json={**token, "client_id": public.client.client_id}),
    ]
    again = await at_acme.post("/auth/refresh", data={**token, "grant_type": "refresh_token"}, headers={"Authorization": f"Basic {basic}"})
    assert {(answer.status_code, answer.json()["error"]) for answer in strangers} == {(401, "invalid_client")}
    assert again.status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "http://shop.example/",
        "https://",
        "https://a.example/#x",
        "https://*.example/",
        "https://u:p@a.example/",
        "javascript:alert(1)",
        "//a.example/",
    ],
)
async def test_an_address_that_could_leak_a_code_is_not_registered(auth: Auth, acme: House, uri: str) -> None:
    with pytest.raises(ValidationFailed):
        await auth.parts.clients.add(acme.tenant, "Shop", [uri], Cause(new_id()))


async def test_libraries_find_their_addresses(at_acme: httpx.AsyncClient) -> None:
    document = (await at_acme.get("/.well-known/oauth-authorization-server")).json()

    assert document["issuer"] == "http://acme.localhost:8000"
    assert document["authorization_endpoint"] == "http://acme.localhost:8000/auth/authorize"
