"""What takes that somebody has lately proven who they are, and how they do so again."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.authenticators import Device
from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, bearer, client_at, token_pair, who
from tests.integration.auth.passkeys import asked_at, origin_of, register
from tests.integration.auth.second_factors import enrol
from tests.integration.auth.signing_in import sign_in
from tests.integration.auth.test_openid import Connected, connect, refused
from tests.integration.auth.test_programs import asking, brought, registered, trade
from tests.integration.conftest import House
from tests.peers import openid
from tests.peers.openid import Provider

COOKIE = "imprint-dev"
LONG_AGO = statement(
    "UPDATE __tenant__.sessions SET auth_time = auth_time - interval '11 minutes', elevated_at = elevated_at - interval '11 minutes' "
    "WHERE user_id = :user_id"
)
SESSIONS = statement(
    "SELECT id, amr, auth_time, elevated_at, created_at, expires_at, revoked_at FROM __tenant__.sessions "
    "WHERE user_id = :user_id ORDER BY revoked_at NULLS LAST, id"
)
STEPPED = statement("SELECT details FROM __tenant__.sign_in_events WHERE user_id = :user_id AND action = 'SteppedUp'")
TOKEN = re.compile(r'id="made">([^<]+)<')


async def long_ago(pool: Database, person: Person) -> None:
    """As if they had signed in eleven minutes ago."""
    async with transaction(pool, person.tenant, Cause(new_id())) as change:
        await change.connection.execute(LONG_AGO, user_id=person.user_id)


async def rows(pool: Database, person: Person) -> list[Any]:
    async with pool.reading(person.tenant.place) as connection:
        return list(await connection.fetch(SESSIONS, user_id=person.user_id))


async def signed_in_long_ago(browser: httpx.AsyncClient, pool: Database, person: Person) -> None:
    assert (await sign_in(browser, person)).status_code == 303
    await long_ago(pool, person)


async def known_to_be_long_ago(browser: httpx.AsyncClient) -> httpx.Response:
    """The page that asks; what a process knows of a session may be a few seconds old."""
    for _ in range(300):
        asked = await browser.get("/auth/again", params={"next": "/auth/account/second-factor"})
        if asked.status_code == 200:
            return asked
        await asyncio.sleep(0.2)
    raise AssertionError("the session is as fresh as before")


async def prove(browser: httpx.AsyncClient, next: str = "/auth/account/second-factor", **typed: str) -> httpx.Response:
    form = form_of(await browser.get("/auth/again", params={"next": next}))
    return await browser.post("/auth/again", data={"form": form, "next": next, **typed})


async def test_a_page_asks_again_and_leads_back_and_the_session_is_another(
    acme: House, pool: Database, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    await signed_in_long_ago(browser, pool, person)
    before = browser.cookies[COOKIE]
    asked = await browser.get("/auth/account/second-factor")
    wrong = await prove(browser, password="not mine")
    right = await prove(browser, password=PASSWORD)
    after = await browser.get("/auth/account/second-factor")
    browser.cookies.set(COOKIE, before, domain="acme.localhost")
    ended, live = await rows(pool, person)
    async with pool.reading(acme.tenant.place) as connection:
        told = await connection.fetch(STEPPED, user_id=person.user_id)

    assert (asked.status_code, asked.headers["location"]) == (303, "/auth/again?next=%2Fauth%2Faccount%2Fsecond-factor")
    assert (wrong.status_code, right.status_code, right.headers["location"]) == (401, 303, "/auth/account/second-factor")
    assert after.status_code == 200
    assert (ended["revoked_at"] is not None, live["revoked_at"], ended["id"] != live["id"]) == (True, None, True)
    assert [live[name] for name in ("auth_time", "created_at", "expires_at")] == [ended[name] for name in ("auth_time", "created_at", "expires_at")]
    assert [row["details"] for row in told] == [{"by": ["pwd"]}]
    assert (await browser.get("/auth/account")).status_code == 303


async def test_ten_minutes_later_it_is_asked_once_more(acme: House, pool: Database, app: ASGIApp, new_person: NewPerson) -> None:
    person = await new_person(acme)
    async with client_at(app, "acme.localhost") as first:
        await signed_in_long_ago(first, pool, person)
        stepped = await prove(first, password=PASSWORD)
        await long_ago(pool, person)
        asked = await first.get("/auth/account/second-factor")

    assert (stepped.status_code, asked.status_code) == (303, 303)
    assert asked.headers["location"].startswith("/auth/again?")


async def test_a_code_or_a_passkey_proves_it_too_and_both_factors_together_are_more_than_one(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    by_code, by_key, mine = await new_person(acme), await new_person(acme), await new_person(acme)
    device, other = Device(origin_of(by_key)), Device(origin_of(mine))
    for person, own in ((by_key, device), (mine, other)):
        async with client_at(app, "acme.localhost") as client:
            await sign_in(client, person)
            await register(client, own)
    async with client_at(app, "acme.localhost") as client:
        await sign_in(client, by_code)
        enrolled = await enrol(auth, by_code)
        await long_ago(pool, by_code)
        with_code = await prove(client, code=enrolled.code())
    async with client_at(app, "acme.localhost") as client:
        asked = await asked_at(client, "/auth/passkey")
        await client.post("/auth/passkey", data={**asked.fields, "credential": device.prove(asked.options)})
        await long_ago(pool, by_key)
        asked = await asked_at(client, "/auth/again")
        anothers = await client.post("/auth/again", data={**asked.fields, "credential": other.prove(asked.options)})
        asked = await asked_at(client, "/auth/again")
        with_key = await client.post("/auth/again", data={**asked.fields, "next": "/auth/account/tokens", "credential": device.prove(asked.options)})

    assert (with_code.status_code, anothers.status_code, with_key.status_code) == (303, 401, 303)
    assert with_key.headers["location"] == "/auth/account/tokens"
    assert {tuple(row["amr"]) for row in await rows(pool, by_code) if row["revoked_at"] is None} == {("pwd", "otp", "mfa")}


async def test_nothing_is_made_or_changed_without_it(
    acme: House, pool: Database, browser: httpx.AsyncClient, auth: Auth, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    await sign_in(browser, person)
    form = form_of(await browser.get("/auth/account/sessions"))
    await long_ago(pool, person)
    await known_to_be_long_ago(browser)
    answers = [
        await browser.post(address, data={"form": form, **fields})
        for address, fields in (
            ("/auth/account/tokens", {"name": "x", "days": "1"}),
            ("/auth/account/second-factor", {"code": "000000"}),
            ("/auth/account/passkeys", {"credential": "{}"}),
            ("/auth/account/passkeys/remove", {"id": str(new_id())}),
        )
    ]
    page = (await browser.get("/auth/account/tokens")).text

    assert [answer.headers.get("location", "")[:17] for answer in answers] == ["/auth/again?next="] * 4
    assert await auth.parts.api_tokens.of(acme.tenant, person.user_id) == []
    assert ('href="/auth/again?next=/auth/account/tokens"' in page, 'name="days"' in page) == (True, False)


async def test_it_leads_nowhere_else_and_takes_our_own_form(acme: House, globex: House, pool: Database, app: ASGIApp, new_person: NewPerson) -> None:
    person = await new_person(acme)
    async with client_at(app, "acme.localhost") as browser, client_at(app, "globex.localhost") as elsewhere:
        await signed_in_long_ago(browser, pool, person)
        away = await prove(browser, next="//evil.example/", password=PASSWORD)
        nobody = await elsewhere.post("/auth/again", data={"form": "x", "password": PASSWORD})
        elsewhere.cookies.set(COOKIE, browser.cookies[COOKIE])
        stolen = await elsewhere.post("/auth/again", data={"form": "x", "password": PASSWORD})
        await long_ago(pool, person)
        await known_to_be_long_ago(browser)
        forged = await browser.post("/auth/again", data={"form": "x", "password": PASSWORD})
        empty = await prove(browser)

    assert away.headers["location"] == "/auth/account"
    assert [answer.headers["location"] for answer in (nobody, stolen)] == ["/auth/login?next=%2Fauth%2Faccount"] * 2
    assert (forged.status_code, empty.status_code) == (403, 400)


async def test_of_two_at_once_one_has_the_session(auth: Auth, acme: House, pool: Database, browser: httpx.AsyncClient, new_person: NewPerson) -> None:
    person = await new_person(acme)
    await sign_in(browser, person)
    session = await auth.parts.sessions.by_id(acme.tenant, (await rows(pool, person))[0]["id"])
    assert session is not None
    steps = [auth.parts.flow.step_up(acme.tenant, session, ("pwd",), Cause(new_id(), person.user_id), address=None) for _ in range(3)]
    ends = await asyncio.gather(*steps, return_exceptions=True)

    assert sum(not isinstance(end, BaseException) for end in ends) == 1
    assert sum(row["revoked_at"] is None for row in await rows(pool, person)) == 1


MUTATIONS: dict[str, dict[str, Any]] = {
    "mutation($input: ChangeRoleInput!) { done: changeRole(input: $input) { changed } }": {"role": "editor"},
    "mutation($input: GrantPermissionsInput!) { done: grantPermissions(input: $input) { changed } }": {"permissions": ["content.create"]},
    "mutation($input: EraseUserInput!) { done: eraseUser(input: $input) { changed } }": {"confirm": "x"},
}


async def test_mutations_of_that_kind_say_where_to_prove_it_and_change_nothing(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    owner, other = await new_person(acme, role="owner"), await new_person(acme)
    async with client_at(app, "acme.localhost") as client:
        pair = await token_pair(client, owner)
        await long_ago(pool, owner)
        headers = bearer(pair["access_token"])

        async def ask(query: str, given: dict[str, Any]) -> dict[str, Any]:
            answer = await client.post("/graphql", json={"query": query, "variables": {"input": given}}, headers=headers)
            document: dict[str, Any] = answer.json()
            return document

        asked = [await ask(query, {"id": str(other.user_id), **given}) for query, given in MUTATIONS.items()]
        organization = "mutation($input: UpdateOrganizationInput!) { done: updateOrganization(input: $input) { changed } }"
        policies = await ask(organization, {"policies": {"signIn": {"secondFactor": "optional"}}})
        branding = await ask(organization, {"branding": {"tagline": None}})
        invited = await ask(
            "mutation($input: InviteUserInput!) { done: inviteUser(input: $input) { changed } }",
            {"email": f"{new_id().hex}@acme.example", "name": "Second Owner", "role": "owner"},
        )
        fresh = bearer((await token_pair(client, owner))["access_token"])
        query, given = next(iter(MUTATIONS.items()))
        done = await client.post("/graphql", json={"query": query, "variables": {"input": {"id": str(other.user_id), **given}}}, headers=fresh)
    account = await auth.parts.accounts.get(acme.tenant, other.user_id)

    for document in (*asked, policies, invited):
        (error,) = document["errors"]
        assert (error["extensions"]["code"], error["extensions"]["proveAt"]) == ("ELEVATION_REQUIRED", "/auth/again")
    assert branding["data"]["done"] is not None
    assert done.json()["data"]["done"] == {"changed": True}
    assert account is not None
    assert account.role == "editor"


async def test_a_code_gives_no_more_than_its_browsers_session_had_and_a_front_end_may_ask_for_more(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    owner, other, front_end = await new_person(acme, role="owner"), await new_person(acme), await registered(auth, acme)
    query, given = next(iter(MUTATIONS.items()))
    variables = {"input": {"id": str(other.user_id), **given}}
    async with client_at(app, "acme.localhost") as browser, client_at(app, "acme.localhost") as program:

        async def done(code: str) -> tuple[Any, dict[str, Any]]:
            pair = (await trade(program, code, front_end)).json()
            answer = await program.post("/graphql", json={"query": query, "variables": variables}, headers=bearer(pair["access_token"]))
            session = await auth.parts.sessions.by_id(acme.tenant, (await auth.parts.tokens.verify(pair["access_token"])).session)
            return session, answer.json()

        await signed_in_long_ago(browser, pool, owner)
        (browsers,) = await rows(pool, owner)
        stale, refusal = await done((await brought(browser, asking(front_end.client)))["code"])
        wanted = asking(front_end.client, prompt="login")
        asked = await browser.get(wanted)
        page = await browser.get(asked.headers["location"])
        proven = await prove(browser, wanted, password=PASSWORD)
        fresh, allowed = await done((await brought(browser, proven.headers["location"]))["code"])

    assert (stale.auth_time, stale.elevated, fresh.auth_time, fresh.elevated) == (browsers["auth_time"], False, browsers["auth_time"], True)
    assert refusal["errors"][0]["extensions"]["code"] == "ELEVATION_REQUIRED"
    assert (asked.headers["location"][:17], proven.headers["location"]) == ("/auth/again?next=", wanted)
    assert "form-action 'self' https://shop.example" in page.headers["content-security-policy"]
    assert allowed["data"]["done"] == {"changed": True}


async def test_api_tokens_are_not_asked(acme: House, pool: Database, app: ASGIApp, new_person: NewPerson) -> None:
    owner, other = await new_person(acme, role="owner"), await new_person(acme)
    async with client_at(app, "acme.localhost") as browser, client_at(app, "acme.localhost") as program:
        await sign_in(browser, owner)
        form = form_of(await browser.get("/auth/account/tokens"))
        made = await browser.post("/auth/account/tokens", data={"form": form, "name": "x", "days": "1", "permissions": "users.manage"})
        token = TOKEN.search(made.text)
        assert token
        await long_ago(pool, owner)
        query, given = next(iter(MUTATIONS.items()))
        variables = {"input": {"id": str(other.user_id), **given, "role": "reader"}}
        done = await program.post("/graphql", json={"query": query, "variables": variables}, headers=bearer(token[1]))

    assert done.json()["data"]["done"] == {"changed": True}


async def test_the_consoles_forms_are_guarded_and_lead_back(acme: House, pool: Database, app: ASGIApp, new_person: NewPerson) -> None:
    admin = await new_person(acme, role="admin")
    async with client_at(app, "acme.localhost") as browser:
        await signed_in_long_ago(browser, pool, admin)
        page = await browser.get("/admin/sign-on")
        form = form_of(page)
        new = await browser.get("/admin/sign-on/new/oidc")
        policies = await browser.get("/admin/sign-on/policies")
        sent = await browser.post(
            "/admin/sign-on/domains",
            data={"form": form, "domain": "claimed.example"},
            headers={"Referer": "http://acme.localhost:8000/admin/sign-on"},
        )
        abroad = await browser.post("/admin/sign-on/domains", data={"form": form}, headers={"Referer": "http://evil.example/admin/sign-on"})
        again = (await browser.get("/admin/sign-on")).text

    assert page.status_code == 200
    assert new.headers["location"] == "/auth/again?next=%2Fadmin%2Fsign-on%2Fnew%2Foidc"
    assert policies.headers["location"] == "/auth/again?next=%2Fadmin%2Fsign-on%2Fpolicies"
    assert sent.headers["location"] == "/auth/again?next=%2Fadmin%2Fsign-on"
    assert abroad.headers["location"] == "/auth/again?next=%2Fauth%2Faccount"
    assert "claimed.example" not in again


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with openid.running() as running:
        yield running


@pytest.fixture
async def connected(auth: Auth, app: ASGIApp, acme: House, provider: Provider) -> AsyncIterator[Connected]:
    provider.honest()
    subject = new_id().hex
    provider.person = {"sub": subject, "email": f"{subject}@acme.example", "email_verified": True, "name": "Olga Penid", "groups": []}
    connection = await connect(auth, acme, provider)
    async with client_at(app, "acme.localhost") as browser:
        yield Connected(connection, browser, acme)


async def test_whoever_came_through_a_provider_goes_there_again_and_is_asked_anew(
    auth: Auth, acme: House, pool: Database, connected: Connected, provider: Provider
) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    me = (await who(connected.browser))["me"]
    person = Person(UUID(me["id"]), "", acme.tenant)
    await long_ago(pool, person)
    asked = await known_to_be_long_ago(connected.browser)
    there = await connected.begin(next="/auth/account/second-factor", again="1")
    answer = provider.agree(there)
    provider.claims = lambda said: said.update(auth_time=int(time.time()) - 3600)
    stale = await refused(auth, connected, await connected.bring(answer))
    provider.claims = lambda said: said.update(auth_time=int(time.time()))
    mine = dict(provider.person)
    provider.person |= {"sub": new_id().hex, "email": f"{new_id().hex}@acme.example"}
    another = await refused(auth, connected, await connected.bring(provider.agree(await connected.begin(again="1"))))
    provider.person = mine
    back = await connected.bring(provider.agree(await connected.begin(next="/auth/account/second-factor", again="1")))
    after = await connected.browser.get("/auth/account/second-factor")

    query = parse_qs(urlsplit(there).query)
    assert f"/auth/oidc/{connected.connection.name}/login?next=" in asked.text
    assert (query["prompt"], query["max_age"]) == (["login"], ["0"])
    assert (stale, another) == ("token_auth_time", "same_person")
    assert (back.headers["location"], after.status_code) == ("/auth/account/second-factor", 200)


async def test_a_provider_that_may_have_asked_nothing_proves_nothing_anew(connected: Connected, provider: Provider) -> None:
    await connected.bring(provider.agree(await connected.begin()))
    silent = await connected.browser.get("/auth/account/second-factor")
    await connected.bring(provider.agree(await connected.begin(again="1")))
    asked = await connected.browser.get("/auth/account/second-factor")

    assert (silent.status_code, silent.headers["location"][:17], asked.status_code) == (303, "/auth/again?next=", 200)


async def test_saml_providers_are_told_to_ask_anew(visiting: Any) -> None:
    from ops.bench.identity_provider import request_in

    visit = visiting("plain")
    nobody = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})
    await visit.come_in(await visit.good())
    plain = await visit.browser.get(f"{visit.path}/login")
    again = await visit.browser.get(f"{visit.path}/login", params={"again": "1"})

    assert [request_in(answer.headers["location"])[0].get("ForceAuthn") for answer in (nobody, plain, again)] == [None, None, "true"]
