"""Devices on which somebody is not asked for their second factor again, and what makes that end."""

from __future__ import annotations

from dataclasses import replace

import httpx
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ReactivateUser, SuspendUser
from auth.principal import SYSTEM
from auth.service import Auth
from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.authenticators import Device
from tests.forms import form_of, value_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, client_at, demand
from tests.integration.auth.passkeys import asked_on, device_of, origin_of, register
from tests.integration.auth.second_factors import Enrolled, enrol, remember
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House, house_of

COOKIE = "imprint-dev-device"
IN, ASKED = "/auth/account/tokens", "/auth/second-factor?at="
PAST = statement("UPDATE __tenant__.remembered_devices SET created_at = created_at - interval '8 days' WHERE user_id = :user_id")
OVER = statement("UPDATE __tenant__.remembered_devices SET expires_at = now() - interval '1 second' WHERE user_id = :user_id")
TOLD = statement("SELECT action FROM __tenant__.sign_in_events WHERE user_id = :user_id AND module = 'remembered_device' ORDER BY at, id")


def lose_session(browser: httpx.AsyncClient) -> None:
    for cookie in [one for one in browser.cookies.jar if one.name == "imprint-dev"]:
        browser.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


async def came_in(browser: httpx.AsyncClient, person: Person) -> bool:
    """With the password; whether nothing else was asked. Whoever is signed in there is no longer: their cookie is lost."""
    lose_session(browser)
    there = (await sign_in(browser, person)).headers["location"]
    assert there.startswith((IN, ASKED))
    return bool(there == IN)


async def remembered(auth: Auth, browser: httpx.AsyncClient, person: Person) -> Enrolled:
    enrolled = await enrol(auth, person)
    await remember(auth, browser, enrolled)
    assert await came_in(browser, person)
    return enrolled


async def test_whoever_chooses_so_is_not_asked_again_on_this_device_and_the_secret_is_another_each_time(
    auth: Auth, acme: House, pool: Database, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    person = enrolled.person
    done = await remember(auth, browser, enrolled)
    cookie = next(line for line in done.headers.get_list("set-cookie") if line.startswith(f"{COOKIE}="))
    first = browser.cookies[COOKIE]
    again = await came_in(browser, person)
    second = browser.cookies[COOKIE]
    session = await auth.parts.devices.of(acme.tenant, person.user_id)
    latest = await auth.parts.sessions.by_id(acme.tenant, session[0].id)
    async with client_at(app, "acme.localhost") as thief:
        thief.cookies.set(COOKIE, first)
        stale = await came_in(thief, person)
    async with client_at(app, "acme.localhost") as elsewhere:
        unknown = await came_in(elsewhere, person)
    async with pool.reading(acme.tenant.place) as connection:
        told = [row["action"] for row in await connection.fetch(TOLD, user_id=person.user_id)]

    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Max-Age=2592000" in cookie
    assert (again, stale, unknown, first != second) == (True, False, False, True)
    assert latest is not None
    assert latest.amr == ("pwd",)
    assert told == ["DeviceRemembered", "RememberedDeviceUsed"]


async def test_whoever_does_not_choose_so_is_asked_each_time(auth: Auth, acme: House, browser: httpx.AsyncClient, new_person: NewPerson) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    await remember(auth, browser, enrolled, chosen=False)

    assert not await came_in(browser, enrolled.person)
    assert COOKIE not in browser.cookies


async def test_a_passkey_as_the_second_factor_may_be_remembered_too(
    acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    device = await device_of(app, person)
    page = (await browser.get((await sign_in(browser, person)).headers["location"])).text
    asked, at = asked_on(page), value_of(page, "at")
    await browser.post("/auth/second-factor", data={**asked.fields, "at": at, "credential": device.prove(asked.options), "remember": "on"})

    assert await came_in(browser, person)


async def test_a_device_is_remembered_of_one_person_at_one_organization(
    auth: Auth, acme: House, globex: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    mine, other, there = await new_person(acme), await new_person(acme), await new_person(globex)
    await remembered(auth, browser, mine)
    for person in (other, there):
        await enrol(auth, person)
    secret = browser.cookies[COOKIE]
    as_another = await came_in(browser, other)
    async with client_at(app, "globex.localhost") as elsewhere:
        elsewhere.cookies.set(COOKIE, secret)
        at_another = await came_in(elsewhere, there)

    assert (as_another, at_another, await came_in(browser, mine)) == (False, False, True)


async def test_people_see_such_devices_and_forget_one_but_nobody_anothers(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    mine, other = await new_person(acme), await new_person(acme)
    await remembered(auth, browser, mine)
    page = (await browser.get("/auth/account/sessions")).text
    known = value_of(page, "device")
    async with client_at(app, "acme.localhost") as stranger:
        await sign_in(stranger, other)
        theirs = form_of(await stranger.get("/auth/account/sessions"))
        await stranger.post("/auth/account/sessions", data={"form": theirs, "device": known})
    untouched = await came_in(browser, mine)
    form = form_of(await browser.get("/auth/account/sessions"))
    forgotten = await browser.post("/auth/account/sessions", data={"form": form, "device": known})
    after = (await browser.get("/auth/account/sessions")).text

    assert "This device" in page
    assert (untouched, forgotten.status_code, await came_in(browser, mine)) == (True, 303, False)
    assert 'name="device" value=' not in after


async def test_another_password_ends_it(auth: Auth, acme: House, browser: httpx.AsyncClient, new_person: NewPerson) -> None:
    person = await new_person(acme)
    await remembered(auth, browser, person)
    form = form_of(await browser.get("/auth/account/password"))
    changed = await browser.post("/auth/account/password", data={"form": form, "old": PASSWORD, "password": "four other words here"})
    await auth.parts.credentials.set_password(acme.tenant, person.user_id, PASSWORD)

    assert changed.status_code == 200
    assert not await came_in(browser, person)


async def test_every_change_of_factors_ends_it(auth: Auth, acme: House, app: ASGIApp, new_person: NewPerson) -> None:
    ended = []
    for change in ("passkey", "codes", "authenticator"):
        person = await new_person(acme)
        async with client_at(app, "acme.localhost") as browser:
            enrolled = await remembered(auth, browser, person)
            if change == "passkey":
                assert (await register(browser, Device(origin_of(person)))).status_code == 303
            elif change == "codes":
                await auth.parts.factors.renew_codes(acme.tenant, person.user_id, enrolled.code(), "192.0.2.9", Cause(new_id()))
            else:
                await auth.parts.factors.remove(acme.tenant, person.user_id, enrolled.code(), "192.0.2.9", Cause(new_id()))
                await enrol(auth, person)
            ended.append(not await came_in(browser, person))

    assert ended == [True] * 3


async def test_signing_out_everywhere_and_being_kept_out_end_it(
    auth: Auth, bus: Bus, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    leaving, suspended = await new_person(acme), await new_person(acme)
    await remembered(auth, browser, leaving)
    form = form_of(await browser.get("/auth/account/sessions"))
    await browser.post("/auth/account/sessions", data={"form": form, "id": "others"})
    async with client_at(app, "acme.localhost") as other:
        await remembered(auth, other, suspended)
        for command in (SuspendUser(suspended.user_id), ReactivateUser(suspended.user_id)):
            await bus.execute(acme.tenant, command, SYSTEM, correlation_id=new_id())
        back = await came_in(other, suspended)

    assert (await came_in(browser, leaving), back) == (False, False)


async def test_it_ends_after_its_days_and_sooner_where_the_organization_allows_fewer(
    auth: Auth, bus: Bus, migrated: TenantSettings, pool: Database, app: ASGIApp, new_person: NewPerson
) -> None:
    house = await house_of(migrated, pool, replace(GLOBEX, slug="reminded"))
    person, over = await new_person(house), await new_person(house)
    async with client_at(app, "reminded.localhost") as browser, client_at(app, "reminded.localhost") as other:
        await remembered(auth, browser, person)
        await remembered(auth, other, over)
        async with transaction(pool, house.tenant, Cause(new_id())) as change:
            await change.connection.execute(PAST, user_id=person.user_id)
            await change.connection.execute(OVER, user_id=over.user_id)
        a_week_later = await came_in(browser, person)
        ended = await came_in(other, over)
        parts = auth.parts.remembered
        fewer = await parts.recall(house.tenant, person.user_id, browser.cookies[COOKIE], 7, "tests", Cause(new_id()))
        none = await parts.recall(house.tenant, person.user_id, browser.cookies[COOKIE], 0, "tests", Cause(new_id()))
        refused = await parts.remember(house.tenant, person.user_id, 0, "tests", Cause(new_id()))
        listed = await parts.of(house.tenant, person.user_id, 7, None)
        lose_session(other)
        shown = (await other.get((await sign_in(other, over)).headers["location"])).text
        await demand(bus, house, {"signIn": {"rememberDays": 0}})
        hidden = await auth.parts.policies.of(house.tenant)

    assert (a_week_later, ended) == (True, False)
    assert (fewer, none, refused, listed) == (None, None, None, [])
    assert hidden.remember_days == 0
    assert "for 30 days" in shown


async def test_at_most_twenty_devices_are_remembered(auth: Auth, acme: House, new_person: NewPerson) -> None:
    person, parts = await new_person(acme), auth.parts.remembered
    secrets = [await parts.remember(acme.tenant, person.user_id, 30, f"agent {number}", Cause(new_id())) for number in range(21)]
    first = await parts.recall(acme.tenant, person.user_id, secrets[0].secret if secrets[0] else "", 30, "x", Cause(new_id()))

    assert first is None
    assert len(await parts.of(acme.tenant, person.user_id, 30, None)) == 20
