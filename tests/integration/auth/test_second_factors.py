"""Second factors: set up, asked for, never skipped, lost and reset."""

from __future__ import annotations

import asyncio
import html
import re
from dataclasses import replace

import httpx
import pyotp
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import EraseUser
from auth.errors import InvalidCode
from auth.factors.factors import Need
from auth.gate import Arrival
from auth.policies import Decided
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.transaction import Cause
from tests.authenticators import Device
from tests.forms import form_of, value_of
from tests.integration.auth.arriving import connected, somebody
from tests.integration.auth.conftest import PASSWORD, NewPerson, Person, ask_who, bearer, client_at, demand, who
from tests.integration.auth.second_factors import CODES, as_if_later, enrol, type_code
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint

OPTIONS = re.compile(r'data-options="([^"]+)"')
SECRET = re.compile(r'id="secret">([A-Z2-7]+)<')


async def test_somebody_sets_a_second_factor_up_and_is_asked_for_it_from_then_on(
    auth: Auth, acme: House, browser: httpx.AsyncClient, app: ASGIApp, new_person: NewPerson
) -> None:
    person = await new_person(acme)
    await sign_in(browser, person)
    page = (await browser.get("/auth/account/second-factor")).text
    form, secret = value_of(page, "form"), SECRET.search(page)
    assert secret
    assert 'src="data:image/svg+xml;base64,' in page
    wrong = await browser.post("/auth/account/second-factor", data={"form": form, "code": "000000"})
    done = await browser.post("/auth/account/second-factor", data={"form": form, "code": pyotp.TOTP(secret[1]).now()})
    codes = CODES.findall(done.text)
    assert (wrong.status_code, done.status_code, len(codes)) == (401, 200, 10)

    async with client_at(app, "acme.localhost") as another:
        first = await sign_in(another, person)
        assert first.headers["location"].startswith("/auth/second-factor?at=")
        assert (await who(another))["me"] is None
        assert (await another.get("/auth/account")).status_code == 303
        replayed = await type_code(another, first.headers["location"], pyotp.TOTP(secret[1]).now())
        await as_if_later(auth, person)
        second = await type_code(another, first.headers["location"], pyotp.TOTP(secret[1]).now())
        me = (await another.get("/graphql", params={"query": "{ me { twoFactorEnabled } }"})).json()
    assert replayed.status_code == 401
    assert (second.status_code, second.headers["location"]) == (303, "/auth/account/tokens")
    assert me["data"]["me"]["twoFactorEnabled"] is True


async def test_a_secret_that_was_shown_in_another_browser_is_never_the_one_that_counts(
    auth: Auth, acme: House, browser: httpx.AsyncClient, app: ASGIApp, new_person: NewPerson
) -> None:
    """Whoever has looked at the page with a password that they should not know would have a copy of the authenticator."""
    person = await new_person(acme)

    async def shown(by: httpx.AsyncClient) -> tuple[str, str]:
        page = (await by.get("/auth/account/second-factor")).text
        return value_of(page, "form"), SECRET.findall(page)[0]

    async with client_at(app, "acme.localhost") as stranger:
        await sign_in(stranger, person)
        _, seen = await shown(stranger)
    await sign_in(browser, person)
    form, own = await shown(browser)
    copied = await browser.post("/auth/account/second-factor", data={"form": form, "code": pyotp.TOTP(seen).now()})
    _, again = await shown(browser)
    done = await browser.post("/auth/account/second-factor", data={"form": form, "code": pyotp.TOTP(own).now()})
    await as_if_later(auth, person)
    with pytest.raises(InvalidCode):
        await auth.parts.factors.prove(acme.tenant, person.user_id, pyotp.TOTP(seen).now(), "192.0.2.1", Cause(new_id()))
    await auth.parts.factors.prove(acme.tenant, person.user_id, pyotp.TOTP(own).now(), "192.0.2.1", Cause(new_id()))

    assert own == again != seen
    assert (len(own), copied.status_code, done.status_code) == (32, 401, 200)


async def test_a_second_step_is_good_once_in_its_browser_and_not_without_the_first(
    auth: Auth, acme: House, app: ASGIApp, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    first = await sign_in(browser, enrolled.person)
    async with client_at(app, "acme.localhost") as stranger:
        elsewhere = await stranger.get(first.headers["location"])
        guessed = await stranger.get("/auth/second-factor?at=" + "A" * 43)
        none = await stranger.get("/auth/second-factor")
    page = (await browser.get(first.headers["location"])).text
    form, at = value_of(page, "form"), value_of(page, "at")
    good = await browser.post("/auth/second-factor", data={"form": form, "at": at, "code": enrolled.code()})
    again = await browser.get(first.headers["location"])

    assert [(one.status_code, one.headers["location"]) for one in (elsewhere, guessed, none, again)] == [(303, "/auth/login")] * 4
    assert good.status_code == 303


async def test_a_recovery_code_works_once_however_it_is_typed_and_is_in_the_audit_log(auth: Auth, acme: House, new_person: NewPerson) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    person, factors, code = enrolled.person, auth.parts.factors, enrolled.recovery[3]
    correlation_id = new_id()

    await factors.prove(acme.tenant, person.user_id, code.lower().replace("-", " "), "192.0.2.2", Cause(correlation_id))
    with pytest.raises(InvalidCode):
        await factors.prove(acme.tenant, person.user_id, code, "192.0.2.2", Cause(new_id()))
    renewed = await factors.renew_codes(acme.tenant, person.user_id, enrolled.recovery[4], "192.0.2.2", Cause(new_id()))
    with pytest.raises(InvalidCode):
        await factors.prove(acme.tenant, person.user_id, enrolled.recovery[5], "192.0.2.2", Cause(new_id()))

    assert (await factors.of(acme.tenant, person.user_id)).recovery_codes == len(renewed) == 10


async def test_programs_send_the_code_with_the_password(auth: Auth, acme: House, app: ASGIApp, new_person: NewPerson) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    body = {"email": enrolled.person.email, "password": PASSWORD}
    async with client_at(app, "acme.localhost") as client:
        without = await client.post("/auth/token", json=body)
        guessed = await client.post("/auth/token", json={**body, "password": "wrong", "totp": enrolled.code()})
        wrong = await client.post("/auth/token", json={**body, "totp": "000000"})
        right = await client.post("/auth/token", json={**body, "totp": enrolled.code()})
        twice = await client.post("/auth/token", json={**body, "totp": enrolled.code()})
        token = await auth.parts.tokens.verify(right.json()["access_token"])
        me = await ask_who(client, bearer(right.json()["access_token"]))
    session = await auth.parts.sessions.by_id(acme.tenant, token.session)

    errors = [(answer.status_code, answer.json()["error"]) for answer in (without, guessed, wrong, twice)]
    assert errors == [(401, "totp_required"), (401, "invalid_credentials"), (401, "invalid_code"), (401, "invalid_code")]
    assert me.status_code == 200
    assert session is not None
    assert session.amr == ("pwd", "otp", "mfa")


async def test_five_wrong_codes_slow_a_guesser_down_whatever_address_they_come_from(
    auth: Auth, acme: House, app: ASGIApp, new_person: NewPerson
) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    answers = []
    for _ in range(7):
        async with client_at(app, "acme.localhost") as client:
            body = {"email": enrolled.person.email, "password": PASSWORD, "totp": "123456"}
            answers.append((await client.post("/auth/token", json=body)).status_code)

    assert answers[:5] == [401] * 5
    assert 429 in answers


async def test_where_everybody_needs_one_it_is_set_up_before_anybody_comes_in(auth: Auth, app: ASGIApp, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict)
    async with client_at(app, "careful.localhost") as browser:
        first = await sign_in(browser, person)
        page = (await browser.get(first.headers["location"])).text
        secret = SECRET.search(page)
        assert secret
        assert (await who(browser))["me"] is None
        program = await browser.post("/auth/token", json={"email": person.email, "password": PASSWORD})
        done = await type_code(browser, first.headers["location"], pyotp.TOTP(secret[1]).now())
        assert len(CODES.findall(done.text)) == 10
        assert 'href="/auth/account/tokens"' in done.text
        assert (await who(browser))["me"]["id"] == str(person.user_id)
    assert (program.status_code, program.json()["error"]) == (401, "second_factor_missing")


async def test_whoever_has_the_password_alone_sets_no_second_one_up(auth: Auth, app: ASGIApp, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict)
    async with client_at(app, f"{strict.tenant.slug}.localhost") as thief:
        first = await sign_in(thief, person)
        page = (await thief.get(first.headers["location"])).text
        device = Device(f"http://{strict.tenant.slug}.localhost:8000")
        asked = {name: value_of(page, name) for name in ("form", "at", "asked")}
        options = OPTIONS.search(page)
        assert options
        await enrol(auth, person)
        added = await thief.post("/auth/second-factor", data={**asked, "name": "Mine", "credential": device.make(html.unescape(options[1]))})

    assert (added.status_code, added.headers["location"]) == (303, "/auth/login")
    assert await auth.parts.passkeys.of(strict.tenant, person.user_id) == []


async def test_the_page_leads_on_to_the_front_end_that_wants_them(auth: Auth, acme: House, browser: httpx.AsyncClient, new_person: NewPerson) -> None:
    person = await new_person(acme)
    enrolled = await enrol(auth, person)
    client, _ = await auth.parts.clients.add(acme.tenant, f"Shop {new_id()}", ["https://shop.example/back"], Cause(new_id()))
    wanted = f"/auth/authorize?client_id={client.client_id}"
    form = form_of(await browser.get("/auth/login"))
    first = await browser.post("/auth/login", data={"login": person.email, "password": PASSWORD, "form": form, "next": wanted})
    page = await browser.get(first.headers["location"])
    second = await type_code(browser, first.headers["location"], enrolled.code())

    assert "form-action 'self' https://shop.example;" in page.headers["content-security-policy"]
    assert second.headers["location"] == wanted


async def test_a_first_step_is_worth_nothing_once_the_password_was_changed(auth: Auth, app: ASGIApp, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict)
    async with client_at(app, "careful.localhost") as thief:
        first = await sign_in(thief, person)
        secret = SECRET.search((await thief.get(first.headers["location"])).text)
        assert secret
        await asyncio.sleep(1.1)  # what counts is said by two clocks
        await auth.parts.credentials.set_password(strict.tenant, person.user_id, "quite other words")
        late = await type_code(thief, first.headers["location"], pyotp.TOTP(secret[1]).now())

    assert (late.status_code, late.headers["location"]) == (303, "/auth/login")
    assert not (await auth.parts.factors.of(strict.tenant, person.user_id)).authenticator


async def test_an_invitation_leads_to_the_second_factor_too(auth: Auth, app: ASGIApp, strict: House, new_person: NewPerson) -> None:
    person = await new_person(strict, status="invited")
    token = await auth.parts.links.issue(strict.tenant, person.user_id, "invitation")
    async with client_at(app, "careful.localhost") as browser:
        page = (await browser.get("/auth/invitation", params={"token": token})).text
        form = value_of(page, "form")
        joined = await browser.post("/auth/invitation", data={"token": token, "name": "Kim", "password": PASSWORD, "form": form})
        nobody = (await who(browser))["me"]

    assert joined.headers["location"].startswith("/auth/second-factor?at=")
    assert nobody is None


async def test_identity_providers_are_trusted_with_it_unless_the_organization_does_not(
    auth: Auth, bus: Bus, strict: House, new_person: NewPerson
) -> None:
    connection = await connected(auth, strict)
    account = await auth.parts.gate.admit(strict.tenant, connection, somebody(strict, connection), Arrival(new_id(), None))
    needs = []
    for trusted in (True, False):
        await demand(bus, strict, {"signIn": {"trustProviders": trusted}})
        decided = await auth.parts.policies.of(strict.tenant)
        needs.append(await auth.parts.factors.needed(account, ("oidc",), decided, strict.tenant, by_provider=True))
    await demand(bus, strict, {"signIn": {"trustProviders": None}})

    assert [need.value for need in needs] == ["nothing", "enrol"]


@pytest.mark.parametrize(("role", "expected"), [("owner", Need.PROVE), ("admin", Need.NOTHING)])
async def test_an_owner_is_asked_for_their_own_whatever_a_provider_vouches_for(
    auth: Auth, acme: House, globex: House, new_person: NewPerson, role: str, expected: Need
) -> None:
    for house in (acme, globex):
        decided = await auth.parts.policies.of(house.tenant)
        assert decided.providers_trusted

        async def need(person: Person, *amr: str, house: House = house, decided: Decided = decided) -> Need:
            account = await auth.parts.accounts.get(house.tenant, person.user_id)
            assert account
            return await auth.parts.factors.needed(replace(account, role=role), amr, decided, house.tenant, by_provider=True)

        enrolled = await enrol(auth, await new_person(house))
        assert [await need(enrolled.person, *amr) for amr in (("saml",), ("oidc", "mfa"))] == [expected, expected]
        assert await need(await new_person(house), "saml") is Need.NOTHING


async def test_an_operator_resets_it_and_an_erased_persons_is_gone(
    auth: Auth, bus: Bus, acme: House, migrated: TenantSettings, browser: httpx.AsyncClient, new_person: NewPerson
) -> None:
    enrolled, erased = await enrol(auth, await new_person(acme)), await enrol(auth, await new_person(acme))

    reset = await imprint(migrated, "users", "reset-second-factor", enrolled.person.email, "--tenant", "acme", "--json")
    account = await auth.parts.accounts.get(acme.tenant, erased.person.user_id)
    assert account is not None
    await bus.execute(acme.tenant, EraseUser(account.user_id, confirm=account.username), SYSTEM, correlation_id=new_id())

    assert reset.code == 0, reset.err
    assert (await sign_in(browser, enrolled.person)).headers["location"] == "/auth/account/tokens"
    assert not (await auth.parts.factors.of(acme.tenant, erased.person.user_id)).authenticator


async def test_the_same_code_twice_at_once_lets_one_in(auth: Auth, acme: House, new_person: NewPerson) -> None:
    enrolled = await enrol(auth, await new_person(acme))
    code = enrolled.code()
    attempts = [auth.parts.factors.prove(acme.tenant, enrolled.person.user_id, code, f"192.0.2.{n}", Cause(new_id())) for n in range(4)]
    ends = await asyncio.gather(*attempts, return_exceptions=True)

    assert sum(end is None for end in ends) == 1
