"""Passkeys: made, asked for, used once for each challenge, refused wherever anything about them is another's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import EraseUser, SuspendUser
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.authenticators import Device, encoded
from tests.forms import value_of
from tests.integration.auth.conftest import PASSWORD, NewPerson, client_at, token_pair, who
from tests.integration.auth.passkeys import REFUSED, asked_at, asked_on, checks_failed, device_of, enter, origin_of, register
from tests.integration.auth.second_factors import CODES
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.integration.owner import as_owner


@pytest.fixture
async def another(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(app, "acme.localhost") as client:
        yield client


async def test_somebody_registers_a_passkey_signs_in_with_it_alone_and_removes_it(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    device = Device(origin_of(person))
    await sign_in(browser, person)
    made = await register(browser, device, name="  Kim's   key ")
    page = (await browser.get("/auth/account/second-factor")).text
    came = await enter(another, device)
    again = await enter(another, device)
    me = (await another.get("/graphql", params={"query": "{ me { id twoFactorEnabled } }"})).json()["data"]["me"]
    sessions = await auth.parts.devices.of(acme.tenant, person.user_id)
    amr = {(await auth.parts.sessions.by_id(acme.tenant, one.id)).amr for one in sessions}  # type: ignore[union-attr] # they are live
    (held,) = await auth.parts.passkeys.of(acme.tenant, person.user_id)
    form = value_of(page, "form")
    removed = await browser.post("/auth/account/passkeys/remove", data={"form": form, "id": str(held.id)})
    after = await enter(another, device)

    assert (made.status_code, len(CODES.findall(made.text))) == (200, 10)
    assert "Kim&#39;s key" in page
    assert (held.name, held.host, held.synced, held.last_used_at is not None) == ("Kim's key", "acme.localhost", False, True)
    assert [(answer.status_code, answer.headers["location"]) for answer in (came, again)] == [(303, "/auth/account/tokens")] * 2
    assert me == {"id": str(person.user_id), "twoFactorEnabled": True}
    assert amr == {("pwd",), ("hwk", "mfa")}
    assert removed.status_code == 303
    assert (after.status_code, REFUSED in after.text) == (401, True)
    assert (await auth.parts.factors.of(acme.tenant, person.user_id)).recovery_codes == 0


async def test_it_is_the_second_factor_after_a_password_and_a_code_on_paper_stands_in_for_it(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    device = Device(origin_of(person), verifies=True, synced=True)
    await sign_in(browser, person)
    codes = CODES.findall((await register(browser, device)).text)
    device.verifies = False  # the password was the other factor
    first = await sign_in(another, person)
    page = (await another.get(first.headers["location"])).text
    asked, at = asked_on(page), value_of(page, "at")
    nobody = (await who(another))["me"]
    second = await another.post("/auth/second-factor", data={**asked.fields, "at": at, "credential": device.prove(asked.options)})
    methods = {(await auth.parts.sessions.by_id(acme.tenant, one.id)).amr for one in await auth.parts.devices.of(acme.tenant, person.user_id)}  # type: ignore[union-attr] # they are live
    without = await another.post("/auth/token", json={"email": person.email, "password": PASSWORD})
    on_paper = await another.post("/auth/token", json={"email": person.email, "password": PASSWORD, "totp": codes[0]})

    assert "A recovery code" in page
    assert nobody is None
    assert (second.status_code, second.headers["location"]) == (303, "/auth/account/tokens")
    assert ("pwd", "swk", "mfa") in methods
    assert (without.status_code, without.json()["error"], on_paper.status_code) == (401, "passkey_required", 200)


async def test_where_everybody_needs_a_second_factor_a_passkey_is_one(app: ASGIApp, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict)
    device = Device(origin_of(person))
    async with client_at(app, "careful.localhost") as browser:
        first = await sign_in(browser, person)
        page = (await browser.get(first.headers["location"])).text
        asked, at = asked_on(page), value_of(page, "at")
        done = await browser.post("/auth/second-factor", data={**asked.fields, "at": at, "credential": device.make(asked.options), "name": "Mine"})
        me = (await who(browser))["me"]["id"]
    async with client_at(app, "careful.localhost") as elsewhere:
        came = await enter(elsewhere, device)

    assert len(CODES.findall(done.text)) == 10
    assert me == str(person.user_id)
    assert came.status_code == 303


@pytest.mark.parametrize(
    ("bent", "check"),
    [
        ({"origin": "http://acme.localhost:8001"}, "passkey_origin"),
        ({"origin": "https://acme.localhost:8000"}, "passkey_origin"),
        ({"origin": "http://globex.localhost:8000"}, "passkey_origin"),
        ({"rp_id": "localhost"}, "passkey_rp_id"),
        ({"rp_id": "globex.localhost"}, "passkey_rp_id"),
        ({"challenge": encoded(bytes(32))}, "passkey_challenge"),
        ({"kind": "webauthn.create"}, "passkey_type"),
        ({"cross_origin": True}, "passkey_frame"),
        ({"user_handle": b"somebody else's"}, "passkey_owner"),
        ({"user_handle": None}, "passkey_handle"),
    ],
)
async def test_an_answer_to_something_else_opens_nothing(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson, bent: dict[str, Any], check: str
) -> None:
    device = await device_of(app, await new_person(acme))

    refused = await enter(browser, device, **bent)

    assert (refused.status_code, REFUSED in refused.text, (await who(browser))["me"]) == (401, True, None)
    assert await checks_failed(auth, acme, 1) == [check]


async def test_a_device_that_does_not_know_its_person_is_no_way_in_by_itself(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    device = await device_of(app, person)
    device.verifies = False
    entered = await enter(browser, device)
    await sign_in(browser, await new_person(acme))
    registered = await register(browser, Device(origin_of(person), verifies=False))

    assert (entered.status_code, registered.status_code) == (401, 401)
    assert await checks_failed(auth, acme, 2) == ["passkey_verification"] * 2


async def test_a_challenge_is_good_once_and_in_the_browser_that_was_asked(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    device = await device_of(app, await new_person(acme))
    asked, elsewhere = await asked_at(browser, "/auth/passkey"), await asked_at(another, "/auth/passkey")
    sent = {**asked.fields, "credential": device.prove(asked.options)}
    stolen = await another.post("/auth/passkey", data={**elsewhere.fields, "asked": asked.fields["asked"], "credential": sent["credential"]})
    after_theft = await browser.post("/auth/passkey", data=sent)
    asked = await asked_at(browser, "/auth/passkey")
    sent = {**asked.fields, "credential": device.prove(asked.options)}
    first = await browser.post("/auth/passkey", data=sent)
    browser.cookies.set("imprint-dev-form", another.cookies["imprint-dev-form"])
    none = await browser.post("/auth/passkey", data={**elsewhere.fields, "asked": "", "credential": sent["credential"]})
    again = await browser.post("/auth/passkey", data={**elsewhere.fields, "asked": asked.fields["asked"], "credential": sent["credential"]})

    assert [answer.status_code for answer in (stolen, after_theft, first, none, again)] == [401, 401, 303, 401, 401]
    assert (await checks_failed(auth, acme, 4)) == ["passkey_proving_known"] * 3 + ["passkey_proving_browser"]


async def test_a_counter_that_does_not_go_up_is_refused_and_in_the_audit_log(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    device = await device_of(app, await new_person(acme))
    device.count = 40
    assert (await enter(browser, device)).status_code == 303
    device.count = 40  # a copy of it that has seen less
    copied = await enter(browser, device)
    device.counts = False
    device.count = 0
    none = await enter(browser, device)

    assert (copied.status_code, none.status_code) == (401, 401)
    (_, latest) = await auth.parts.trail.refusals(acme.tenant, most=2)
    assert (latest.check, latest.expected, latest.found, latest.trace in copied.text) == ("passkey_counter", "a counter above 41", "41", True)


async def test_keys_that_never_count_work_again_and_again(acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson) -> None:
    device = await device_of(app, await new_person(acme), counts=False, synced=True)

    assert [(await enter(browser, device)).status_code for _ in range(3)] == [303] * 3


async def test_a_passkey_of_another_organization_or_person_opens_nothing(
    auth: Auth, acme: House, globex: House, app: ASGIApp, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    theirs, person, mine = await new_person(globex), await new_person(acme), await new_person(acme)
    foreign, own = await device_of(app, theirs), await device_of(app, mine)
    await device_of(app, person)
    foreign.origin = origin_of(mine)
    there = await enter(browser, foreign)
    first = await sign_in(another, person)
    page = (await another.get(first.headers["location"])).text
    asked, at = asked_on(page), value_of(page, "at")
    as_another = await another.post("/auth/second-factor", data={**asked.fields, "at": at, "credential": own.prove(asked.options)})

    assert (there.status_code, as_another.status_code, (await who(another))["me"]) == (401, 401, None)
    assert await checks_failed(auth, acme, 2) == ["passkey_person", "passkey_known"]


async def test_what_was_asked_of_one_person_adds_nothing_to_another(
    auth: Auth, acme: House, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    mine, theirs = await new_person(acme), await new_person(acme)
    await sign_in(browser, mine)
    await sign_in(another, theirs)
    asked, own = await asked_at(browser, "/auth/account/second-factor"), await asked_at(another, "/auth/account/second-factor")
    device = Device(origin_of(mine))
    sent = {"form": own.fields["form"], "asked": asked.fields["asked"], "credential": device.make(asked.options), "name": "x"}
    planted = await another.post("/auth/account/passkeys", data=sent)
    forged = await another.post("/auth/account/passkeys", data={**sent, "form": asked.fields["form"]})
    wrong = [await register(browser, Device(origin_of(mine)), **bent) for bent in ({"origin": "http://evil.example"}, {"rp_id": "localhost"})]
    garbage = await browser.post(
        "/auth/account/passkeys", data={**(await asked_at(browser, "/auth/account/second-factor")).fields, "credential": "{"}
    )

    assert [answer.status_code for answer in (planted, forged, *wrong, garbage)] == [401, 403, 401, 401, 401]
    assert [await auth.parts.passkeys.of(acme.tenant, person.user_id) for person in (mine, theirs)] == [[], []]


async def test_one_passkey_is_registered_once_and_nobody_removes_anothers(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    mine, theirs = await new_person(acme), await new_person(acme)
    device = await device_of(app, mine)
    (held,) = await auth.parts.passkeys.of(acme.tenant, mine.user_id)
    await sign_in(another, theirs)
    twice = await register(another, device)
    asked = await asked_at(another, "/auth/account/second-factor")
    removed = await another.post("/auth/account/passkeys/remove", data={"form": asked.fields["form"], "id": str(held.id)})
    nonsense = await another.post("/auth/account/passkeys/remove", data={"form": asked.fields["form"], "id": "none"})

    assert (twice.status_code, removed.status_code, nonsense.status_code) == (409, 404, 400)
    assert await auth.parts.passkeys.of(acme.tenant, mine.user_id) == [held]


async def test_who_may_not_sign_in_does_not_with_a_passkey_and_who_is_erased_has_none(
    auth: Auth, bus: Bus, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson, migrated: TenantSettings
) -> None:
    suspended, erased = await new_person(acme), await new_person(acme)
    devices = [await device_of(app, person) for person in (suspended, erased)]
    account = await auth.parts.accounts.get(acme.tenant, erased.user_id)
    assert account is not None
    await bus.execute(acme.tenant, SuspendUser(suspended.user_id), SYSTEM, correlation_id=new_id())
    await bus.execute(acme.tenant, EraseUser(erased.user_id, confirm=account.username), SYSTEM, correlation_id=new_id())

    assert [(await enter(browser, device)).status_code for device in devices] == [401, 401]
    assert await checks_failed(auth, acme, 2) == ["passkey_known", "passkey_active"]
    async with as_owner(migrated) as owner:
        left = await owner.fetchval(f"SELECT count(*) FROM {acme.tenant.place.schema}.passkeys WHERE user_id = $1", erased.user_id)
    assert left == 0


async def test_an_operators_reset_takes_passkeys_along(
    auth: Auth, acme: House, app: ASGIApp, another: httpx.AsyncClient, new_person: NewPerson
) -> None:
    from tenants.transaction import Cause

    person = await new_person(acme)
    await device_of(app, person)
    await auth.parts.factors.reset(acme.tenant, person.user_id, Cause(new_id()))

    assert await auth.parts.passkeys.of(acme.tenant, person.user_id) == []
    assert (await token_pair(another, person))["token_type"] == "Bearer"


async def test_the_page_brings_its_own_script_and_no_other_may_run(browser: httpx.AsyncClient, acme: House) -> None:
    page = await browser.get("/auth/passkey")
    script = re.search(r'<script src="(/static/passkey\.[0-9a-f]+\.js)"', page.text)

    assert script
    assert (await browser.get(script[1])).headers["content-type"].startswith("text/javascript")
    policy = page.headers["content-security-policy"]
    assert ("script-src 'self';" in policy, "unsafe" in policy, "default-src 'none'" in policy) == (True, False, True)
    assert 'href="/auth/passkey?next=' in (await browser.get("/auth/login")).text
