"""What people do about their own sign-ins: see where they are signed in, end it, and change their password."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, bearer, client_at, token_pair
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House

IDS = re.compile(r'name="id" value="([0-9a-f-]{36})"')
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "four entirely different words"
SESSIONS, CHANGE = "/auth/account/sessions", "/auth/account/password"


@pytest.fixture
async def two(app: ASGIApp) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two browsers at one organization's address."""
    async with AsyncExitStack() as stack:
        mine = await stack.enter_async_context(client_at(app, "acme.localhost"))
        yield mine, await stack.enter_async_context(client_at(app, "acme.localhost", agent=FIREFOX))


async def send(browser: httpx.AsyncClient, address: str, **fields: str) -> httpx.Response:
    form = form_of(await browser.get(address))
    return await browser.post(address, data={"form": form, **fields})


async def signed_in(auth: Auth, person: Person) -> int:
    """How many sessions they have, as the database says."""
    return len(await auth.parts.devices.of(person.tenant, person.user_id))


async def test_people_see_where_they_are_signed_in_and_sign_one_out(
    auth: Auth, acme: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], new_person: NewPerson
) -> None:
    person, (mine, other) = await new_person(acme), two
    await sign_in(mine, person)
    await sign_in(other, person)
    page = (await mine.get(SESSIONS)).text
    ids = IDS.findall(page)
    here = await auth.parts.devices.of(acme.tenant, person.user_id)
    firefox = next(str(session.id) for session in here if session.device == "Firefox on Linux")

    assert "Firefox on Linux" in page
    assert page.count("This one") == 1
    assert sorted(ids) == sorted(str(session.id) for session in here)
    assert (await send(mine, SESSIONS, id=firefox)).status_code == 303
    assert (await other.get(SESSIONS)).headers["location"].startswith("/auth/login")
    assert (await mine.get(SESSIONS)).status_code == 200


async def test_signing_out_everywhere_else_ends_programs_too(
    auth: Auth, acme: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], new_person: NewPerson
) -> None:
    person, (mine, other) = await new_person(acme), two
    await sign_in(mine, person)
    pair = await token_pair(other, person)
    await send(mine, SESSIONS, id="others")
    refreshed = await other.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    asked = await other.get("/graphql", params={"query": "{ me { id } }"}, headers=bearer(pair["access_token"]))

    assert (refreshed.status_code, asked.status_code) == (401, 401)
    assert await signed_in(auth, person) == 1


async def test_nobody_ends_anothers_session_neither_here_nor_in_another_organization(
    auth: Auth, acme: House, globex: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], app: ASGIApp, new_person: NewPerson
) -> None:
    victim, intruder, outsider = await new_person(acme), await new_person(acme), await new_person(globex)
    await sign_in(two[0], victim)
    await sign_in(two[1], intruder)
    session = (await auth.parts.devices.of(acme.tenant, victim.user_id))[0].id
    await send(two[1], SESSIONS, id=str(session))
    async with client_at(app, "globex.localhost") as elsewhere:
        await sign_in(elsewhere, outsider)
        await send(elsewhere, SESSIONS, id=str(session))
    forged = await two[1].post(SESSIONS, data={"form": "x", "id": "others"})
    nonsense = await send(two[1], SESSIONS, id="1 OR 1=1")

    assert (forged.status_code, nonsense.status_code) == (403, 400)
    assert (await two[0].get(SESSIONS)).status_code == 200
    assert await signed_in(auth, victim) == 1


async def test_another_password_takes_the_old_one_and_ends_all_other_sessions(
    auth: Auth, acme: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], app: ASGIApp, new_person: NewPerson
) -> None:
    person, (mine, other) = await new_person(acme), two
    await sign_in(mine, person)
    await sign_in(other, person)
    wrong = await send(mine, CHANGE, old="something else entirely", password=NEW)
    short = await send(mine, CHANGE, old=PASSWORD, password="short")
    same = await send(mine, CHANGE, old=PASSWORD, password=PASSWORD)
    assert await signed_in(auth, person) == 2
    done = await send(mine, CHANGE, old=PASSWORD, password=NEW)

    assert (wrong.status_code, short.status_code, same.status_code, done.status_code) == (401, 400, 400, 200)
    assert (await other.get(SESSIONS)).headers["location"].startswith("/auth/login")
    assert (await mine.get(SESSIONS)).status_code == 200
    async with client_at(app, "acme.localhost") as third:
        assert (await sign_in(third, person)).status_code == 401
        assert (await sign_in(third, person, NEW)).status_code == 303


async def test_whoever_guesses_the_old_password_in_an_open_browser_is_slowed_down(
    acme: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], new_person: NewPerson
) -> None:
    await sign_in(two[0], await new_person(acme))
    answers = [(await send(two[0], CHANGE, old=f"guess number {n}", password=NEW)).status_code for n in range(7)]

    assert answers[:5] == [401] * 5
    assert 429 in answers


async def test_whoever_has_no_password_is_told_so(auth: Auth, acme: House, new_person: NewPerson) -> None:
    person = await new_person(acme, status="invited")

    assert not await auth.parts.devices.has_password(acme.tenant, person.user_id)
    assert await auth.parts.devices.end_others(acme.tenant, person.user_id, new_id(), Cause(new_id())) == []


async def test_a_password_that_guessers_try_first_or_made_of_ones_own_names_is_refused_in_words(
    auth: Auth, acme: House, two: tuple[httpx.AsyncClient, httpx.AsyncClient], new_person: NewPerson
) -> None:
    invited, (mine, other) = await new_person(acme, status="invited"), two
    person = await new_person(acme)
    await sign_in(mine, person)
    common = await send(mine, CHANGE, old=PASSWORD, password="P@ssw0rd!2024")
    own = await send(mine, CHANGE, old=PASSWORD, password="KimExample2025")
    own_address = await send(mine, CHANGE, old=PASSWORD, password=person.email)
    link = f"/auth/invitation?token={await auth.parts.links.issue(acme.tenant, invited.user_id, 'invitation')}"
    form = form_of(await other.get(link))
    fields = {"token": link.split("=")[1], "form": form, "name": "Walter Quist"}
    refused = [
        await other.post("/auth/invitation", data={**fields, "password": password})
        for password in ("Welcome!12345", invited.email, "WalterQuist2026")
    ]
    joined = await other.post("/auth/invitation", data={**fields, "password": NEW})

    assert [answer.status_code for answer in (common, own, own_address, *refused)] == [400] * 6
    assert ["guessers try first" in answer.text for answer in (common, own, own_address, *refused)] == [True, False, False, True, False, False]
    assert ["your own name" in answer.text for answer in (common, own, own_address, *refused)] == [False, True, True, False, True, True]
    assert joined.status_code == 303
