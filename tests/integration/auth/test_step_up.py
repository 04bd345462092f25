"""What takes that somebody has lately proven who they are, and how they do so again."""

from __future__ import annotations

import asyncio

import httpx
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.authenticators import Device
from tests.forms import form_of
from tests.integration.auth.asking_again import known_to_be_long_ago, long_ago, prove, rows, signed_in_long_ago
from tests.integration.auth.conftest import PASSWORD, NewPerson, client_at
from tests.integration.auth.passkeys import asked_at, origin_of, register
from tests.integration.auth.second_factors import enrol
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House

COOKIE = "imprint-dev"
STEPPED = statement("SELECT details FROM __tenant__.sign_in_events WHERE user_id = :user_id AND action = 'SteppedUp'")


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
