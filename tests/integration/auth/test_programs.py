"""Programs that get tokens: front ends by a code, services by their secret, people's own by tokens they made."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ActivateUser, ChangeRole, InviteUser, SuspendUser
from auth.principal import SYSTEM
from auth.server.clients import Client
from auth.server.codes import challenge_of
from auth.service import Auth
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of, value_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, ask_who, bearer, client_at, who
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
    found = form_of(form)
    assert "https://shop.example" in form.headers["content-security-policy"]
    typed = {"login": person.email, "password": PASSWORD, "form": found, "next": wanted}
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
    unverified = await trade(at_acme, await fresh(), front_end, code_verifier=None)

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


async def service_of(auth: Auth, bus: Bus, house: House, role: str = "editor") -> Registered:
    user_id = new_id()
    await bus.execute(house.tenant, InviteUser(user_id, f"{user_id.hex}@services.invalid", "Robot", role), SYSTEM, correlation_id=new_id())
    await bus.execute(house.tenant, ActivateUser(user_id), SYSTEM, correlation_id=new_id())
    return await registered(auth, house, user_id=user_id)


async def as_service(client: httpx.AsyncClient, service: Registered, **changed: str) -> httpx.Response:
    body = {"grant_type": "client_credentials", "client_id": service.client.client_id, "client_secret": service.secret, **changed}
    return await client.post("/auth/token", json=body)


async def test_a_service_acts_as_its_account_and_its_secret_is_good_at_its_organization_only(
    auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient
) -> None:
    service = await service_of(auth, bus, acme)
    tokens = (await as_service(at_acme, service)).json()

    assert "refresh_token" not in tokens
    assert (await who(at_acme, bearer(tokens["access_token"])))["me"]["role"] == "editor"
    wrong = [await as_service(at_acme, service, client_secret="wrong"), await as_service(at_globex, service)]
    assert {(answer.status_code, answer.json()["error"]) for answer in wrong} == {(401, "invalid_client")}
    assert service.client.user_id is not None
    await bus.execute(acme.tenant, SuspendUser(service.client.user_id), SYSTEM, correlation_id=new_id())
    assert (await as_service(at_acme, service)).status_code == 401


async def test_a_client_that_is_removed_takes_its_sessions_along(
    auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient, make_auth: Callable[[], Auth]
) -> None:
    service = await service_of(auth, bus, acme)
    tokens = (await as_service(at_acme, service)).json()

    await auth.parts.clients.remove(acme.tenant, service.client.client_id, Cause(new_id()))

    token = await auth.parts.tokens.verify(tokens["access_token"])
    assert await make_auth().parts.rights.of(acme.tenant, token.session) is None
    assert (await as_service(at_acme, service)).status_code == 401


async def test_another_service_asks_whether_a_token_is_good(
    auth: Auth, bus: Bus, acme: House, globex: House, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient
) -> None:
    asking_one, foreign = await service_of(auth, bus, acme), await service_of(auth, bus, globex)
    token = (await as_service(at_acme, asking_one)).json()["access_token"]
    other = (await as_service(at_globex, foreign)).json()["access_token"]
    proof = {"client_id": asking_one.client.client_id, "client_secret": asking_one.secret}

    good = (await at_acme.post("/auth/introspect", data={"token": token, **proof})).json()
    bad = [(await at_acme.post("/auth/introspect", json={"token": text, **proof})).json() for text in (other, "x", token + "x", "")]
    nobody = await at_acme.post("/auth/introspect", json={"token": token, "client_id": "nobody"})

    assert (good["active"], good["role"], good["tenant"], good["client_id"]) == (True, "editor", "acme", asking_one.client.client_id)
    assert bad == [{"active": False}] * 4
    assert nobody.status_code == 401


async def test_a_reverse_proxy_asks_who_sends_a_request(auth: Auth, bus: Bus, acme: House, at_acme: httpx.AsyncClient) -> None:
    token = (await as_service(at_acme, await service_of(auth, bus, acme))).json()["access_token"]

    known = await at_acme.get("/auth/verify?permission=content.publish", headers=bearer(token))
    less = await at_acme.get("/auth/verify?permission=users.manage", headers=bearer(token))
    nobody = await at_acme.get("/auth/verify")

    assert (known.status_code, known.headers["x-imprint-role"], known.headers["x-imprint-organization"]) == (204, "editor", "acme")
    assert (less.status_code, nobody.status_code) == (403, 401)


async def own_token(browser: httpx.AsyncClient, person: Person, **typed: str) -> str:
    form = await browser.get("/auth/login")
    found = form_of(form)
    await browser.post("/auth/login", data={"login": person.email, "password": PASSWORD, "form": found})
    page = await browser.get("/auth/account/tokens")
    again = form_of(page)
    made = await browser.post("/auth/account/tokens", data={"form": again, "name": "A script", "days": "30", "permissions": "", **typed})
    token = re.search(r"imp_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", made.text)
    assert token, made.text
    return token[0]


async def test_a_persons_token_does_what_it_was_given_and_its_person_may_do_at_their_organization_until_it_is_revoked(
    app: ASGIApp, bus: Bus, acme: House, browser: httpx.AsyncClient, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme, role="editor")
    token = await own_token(browser, person, permissions="content.create content.publish")

    async with client_at(app, "api.localhost") as api:
        assert (await who(api, bearer(token)))["organization"]["slug"] == "acme"
    verified = await at_acme.get("/auth/verify", headers=bearer(token))
    assert verified.headers["x-imprint-permissions"] == "content.create,content.publish"
    assert (await ask_who(at_globex, bearer(token))).status_code == 401
    assert (await ask_who(at_acme, bearer(token[:-1] + ("A" if token[-1] != "A" else "B")))).status_code == 401
    shown = (await browser.get("/auth/account/tokens")).text
    assert token not in shown
    assert "A script" in shown
    fields = {name: value_of(shown, name) for name in ("form", "id")}
    assert (await browser.post("/auth/account/tokens/revoke", data=fields)).status_code == 303
    assert (await ask_who(at_acme, bearer(token))).status_code == 401


async def test_a_token_never_gives_more_than_its_person_has(
    auth: Auth, bus: Bus, acme: House, new_person: NewPerson, make_auth: Callable[[], Auth], browser: httpx.AsyncClient
) -> None:
    person = await new_person(acme, role="editor")
    token = await own_token(browser, person, permissions="content.publish content.create")

    principal = await make_auth().parts.api_tokens.principal(acme.tenant, token)
    await bus.execute(acme.tenant, ChangeRole(person.user_id, role="author"), SYSTEM, correlation_id=new_id())
    demoted = await make_auth().parts.api_tokens.principal(acme.tenant, token)
    assert principal is not None
    assert demoted is not None
    with pytest.raises(ValidationFailed) as caught:
        await auth.parts.api_tokens.make(acme.tenant, demoted, " ", ["users.manage"], 0, Cause(new_id()))

    assert principal.permissions == {"content.publish", "content.create"}
    assert demoted.permissions == {"content.create"}
    assert set(caught.value.fields) == {"name", "days", "permissions"}


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
