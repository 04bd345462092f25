"""Where everybody comes through the provider: who still comes past it, what has to be there for it, what may not be taken away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ChangeRole, RemoveUser, SuspendUser
from auth.enforced import BREAK_GLASS, ENFORCED, BreakGlassNamed, LastWayIn
from auth.principal import SYSTEM, Principal
from auth.service import Auth
from auth.sessions import Device
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.arriving import arrive, connected, somebody
from tests.integration.auth.conftest import PASSWORD, NewPerson, bearer, client_at, refused, token_pair
from tests.integration.auth.enforced.enforcing import decide, enforced, objections, spare_key, until_refused
from tests.integration.auth.second_factors import enrol, type_code
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint

EVENTS = statement("SELECT action FROM __tenant__.sign_in_events WHERE user_id = :id AND action LIKE 'BreakGlass%'")
LETTERS = statement("SELECT count(*) FROM control.timers WHERE kind = 'auth.break_glass_used' AND data ->> 'user_id' = :id")


async def test_it_cannot_be_switched_on_before_a_connection_was_tested_and_a_spare_key_is_there(
    auth: Auth, bus: Bus, house: House, new_person: NewPerson
) -> None:
    without = await new_person(house, role="owner")
    author = await enrol(auth, await new_person(house))
    assert await objections(bus, house, enforced=True) == {ENFORCED, BREAK_GLASS}
    for person in (without, author.person):  # no second factor; no owner
        assert await objections(bus, house, breakGlass=[str(person.user_id)]) == {BREAK_GLASS}
    owner = await spare_key(auth, house, new_person)
    named = [str(owner.person.user_id)]
    connection = await connected(auth, house)
    assert await objections(bus, house, enforced=True, breakGlass=named) == {ENFORCED}

    await auth.parts.connections.tested(house.tenant, connection, Cause(new_id()))
    changed = await auth.parts.connections.change(
        house.tenant, connection.name, lambda known: replace(known, settings={"issuer": "https://another.example"}), Cause(new_id())
    )
    assert await objections(bus, house, enforced=True, breakGlass=named) == {ENFORCED}
    await auth.parts.connections.tested(house.tenant, changed, Cause(new_id()))
    await decide(bus, house, enforced=True, breakGlass=named)

    assert (await auth.parts.policies.of(house.tenant)).enforced


async def test_a_right_password_is_answered_like_a_wrong_one_and_the_page_leads_to_the_provider(
    app: ASGIApp, auth: Auth, bus: Bus, house: House, acme: House, new_person: NewPerson
) -> None:
    person, elsewhere = await new_person(house), await new_person(acme)
    connection, _ = await enforced(auth, bus, house, new_person)
    async with client_at(app, f"{house.tenant.slug}.localhost") as client, client_at(app, "acme.localhost") as at_acme:
        page = await client.get("/auth/login")
        assert (f"/auth/oidc/{connection.name}/login" in page.text, 'type="password"' in page.text) == (True, False)
        answers = [
            await client.post("/auth/token", json={"email": person.email, "password": password})
            for password in (PASSWORD, "another password altogether")
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert answers[0].json() == answers[1].json()
        assert (await client.get("/auth/login?emergency=1")).text.count('type="password"') == 1
        assert (await sign_in(at_acme, elsewhere)).status_code == 303


async def test_sessions_that_began_otherwise_end_and_those_through_the_provider_tokens_and_services_go_on(
    app: ASGIApp, auth: Auth, bus: Bus, house: House, new_person: NewPerson
) -> None:
    person, connection = await new_person(house), await connected(auth, house)
    through = await arrive(auth, house, connection, somebody(house, connection))
    async with client_at(app, f"{house.tenant.slug}.localhost") as client:
        before = (await token_pair(client, person))["access_token"]
        api_token = await auth.parts.api_tokens.make(
            house.tenant, Principal(SYSTEM.kind, person.user_id, "author", frozenset()), "build", [], 9, Cause(new_id(), person.user_id)
        )
        account, cause = await auth.parts.accounts.get(house.tenant, through.user_id), Cause(new_id(), through.user_id)
        assert account is not None
        from auth.sessions import Device, Via

        provided = await auth.parts.flow.tokens(house.tenant, account, ("oidc",), Device("x", "x", None), cause, Via(connection.id))
        await auth.parts.connections.tested(house.tenant, connection, Cause(new_id()))
        owner = await spare_key(auth, house, new_person)
        await decide(bus, house, enforced=True, breakGlass=[str(owner.person.user_id)])

        await until_refused(client, before)
        assert not await refused(client, bearer(provided.access_token))
        assert not await refused(client, bearer(api_token))


async def test_a_break_glass_owner_comes_in_with_both_factors_which_is_audited_and_mailed(
    app: ASGIApp, auth: Auth, bus: Bus, house: House, new_person: NewPerson, pool: Database
) -> None:
    _, owner = await enforced(auth, bus, house, new_person)
    async with client_at(app, f"{house.tenant.slug}.localhost") as client:
        form = form_of(await client.get("/auth/login?emergency=1"))
        first = await client.post("/auth/login", data={"login": owner.person.email, "password": PASSWORD, "form": form})
        assert first.headers["location"].startswith("/auth/second-factor")
        assert (await client.get("/auth/account")).headers["location"].startswith("/auth/login")
        second = await type_code(client, first.headers["location"], owner.code())
        assert (second.status_code, (await client.get("/auth/account")).status_code) == (303, 200)
    async with pool.reading(house.tenant.place) as connection:
        assert [row["action"] for row in await connection.fetch(EVENTS, id=owner.person.user_id)] == ["BreakGlassUsed"]
    async with pool.control() as control:
        assert await control.fetchval(LETTERS, id=str(owner.person.user_id)) == 1


async def test_a_session_of_one_factor_is_worth_nothing_to_a_break_glass_owner_either(
    auth: Auth, bus: Bus, house: House, new_person: NewPerson
) -> None:
    """Another process may open one in the seconds in which it has not heard of the policy."""
    _, owner = await enforced(auth, bus, house, new_person)
    device, cause = Device("imprint", "tests", None), Cause(new_id())
    believed = []
    for amr in (("pwd",), ("pwd", "otp", "mfa")):
        new = await auth.parts.flow.browser(house.tenant, owner.person.user_id, amr, device, cause)
        believed.append(await auth.parts.sessions.by_id(house.tenant, new.session.id) is not None)

    assert believed == [False, True]


async def test_what_keeps_the_door_open_stays_while_it_is_enforced(auth: Auth, bus: Bus, house: House, new_person: NewPerson) -> None:
    connection, owner = await enforced(auth, bus, house, new_person)
    user_id, tenant = owner.person.user_id, house.tenant
    with pytest.raises(LastWayIn):
        await auth.parts.connections.change(tenant, connection.name, lambda known: replace(known, enabled=False), Cause(new_id()))
    with pytest.raises(LastWayIn):
        await auth.parts.connections.remove(tenant, connection.name, Cause(new_id()))
    with pytest.raises(BreakGlassNamed):
        await auth.parts.factors.remove(tenant, user_id, owner.code(), "192.0.2.1", Cause(new_id(), user_id))
    assert (await auth.parts.factors.of(tenant, user_id)).authenticator
    for command in (SuspendUser(user_id), RemoveUser(user_id), ChangeRole(user_id, role="author")):
        with pytest.raises(BreakGlassNamed):
            await bus.execute(tenant, command, SYSTEM, correlation_id=new_id())
    assert await objections(bus, house, breakGlass=[]) == {BREAK_GLASS}

    other = await connected(auth, house)
    await auth.parts.connections.remove(tenant, connection.name, Cause(new_id()))
    await decide(bus, house, enforced=False, breakGlass=[])
    await auth.parts.connections.remove(tenant, other.name, Cause(new_id()))
    await bus.execute(tenant, ChangeRole(user_id, role="author"), SYSTEM, correlation_id=new_id())


async def test_an_operator_lifts_it_in_an_emergency_and_the_audit_says_why(
    migrated: TenantSettings, auth: Auth, bus: Bus, house: House, new_person: NewPerson
) -> None:
    await enforced(auth, bus, house, new_person)
    done = await imprint(migrated, "connections", "lift", house.tenant.slug, "--reason", "the provider is gone")
    assert (done.code, (await auth.parts.policies.of(house.tenant)).enforced) == (0, False), done.err
    audit = await imprint(migrated, "tenants", "audit", house.tenant.slug, "--json")
    assert [entry["details"] for entry in audit.json if entry["action"] == "tenant.sign_on_lifted"] == [{"reason": "the provider is gone"}]
