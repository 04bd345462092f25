"""People act from the networks that their organization names, and from nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from auth.principal import SYSTEM
from auth.service import Auth
from ops.demo.people import ACME
from tenants.database import Database
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.auth.conftest import PASSWORD, NewPerson, ask_who, bearer, client_at, token_pair
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House, house_of

INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"n{new_id().hex[-12:]}"))


async def name(bus: Bus, house: House, networks: list[str], address: str | None = INSIDE, who: str = "owner") -> None:
    command = ConfigureOrganization(policies={"signIn": {"allowedNetworks": networks}}, address=address)
    await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())


async def test_sign_in_sessions_and_tokens_from_elsewhere_are_refused_within_seconds(
    app: ASGIApp, bus: Bus, house: House, acme: House, new_person: NewPerson
) -> None:
    person, foreign = await new_person(house), await new_person(acme)
    host = f"{house.tenant.slug}.localhost"
    async with client_at(app, host, address=INSIDE) as inside, client_at(app, host, address=OUTSIDE) as outside:
        pair = await token_pair(outside, person)
        assert (await sign_in(outside, person)).status_code == 303
        await name(bus, house, ["192.0.2.0/24", "2001:db8::/32"])
        async with asyncio.timeout(60):
            while (page := await outside.get("/auth/account", headers={"Accept-Language": "de"})).status_code != 403:
                await asyncio.sleep(0.2)
        assert OUTSIDE in page.text
        answers = [
            await ask_who(outside, bearer(pair["access_token"])),
            await outside.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}),
            await outside.post("/auth/token", json={"email": person.email, "password": PASSWORD}),
            await outside.get("/auth/login"),
            await outside.get("/auth/ldap/metadata"),
        ]
        assert [answer.status_code for answer in answers[1:]] == [403, 403, 403, 403]
        assert (await outside.get("/auth/saml/none/metadata")).status_code == 404
        assert "NETWORK_NOT_ALLOWED" in answers[0].text
        assert answers[1].json()["error"] == "network_not_allowed"
        assert (await outside.get("/graphql", params={"query": "{ organization { slug } }"}, headers={"Cookie": ""})).status_code == 200
        assert (await ask_who(inside, bearer(pair["access_token"]))).status_code == 200
        assert (await sign_in(inside, person)).status_code == 303
    async with client_at(app, "acme.localhost", address=OUTSIDE) as client:
        assert (await sign_in(client, foreign)).status_code == 303


async def test_nobody_shuts_themselves_out(bus: Bus, house: House) -> None:
    for address in (OUTSIDE, None):
        with pytest.raises(ValidationFailed) as caught:
            await name(bus, house, ["192.0.2.0/24"], address)
        assert set(caught.value.fields) == {"policies.signIn.allowedNetworks"}
    await name(bus, house, ["192.0.2.0/24"], "::ffff:192.0.2.9")
    await name(bus, house, [], OUTSIDE)


@pytest.mark.parametrize("networks", [["192.0.2.1/24"], ["nowhere"], ["10.0.0.0/33"], "192.0.2.0/24", [7], ["192.0.2.0/24"] * 101])
async def test_what_is_no_network_is_named(bus: Bus, house: House, networks: object) -> None:
    with pytest.raises(ValidationFailed):
        await bus.execute(house.tenant, ConfigureOrganization(policies={"signIn": {"allowedNetworks": networks}}), SYSTEM, correlation_id=new_id())


async def test_the_policies_know_the_networks(auth: Auth, bus: Bus, house: House) -> None:
    await name(bus, house, ["2001:DB8::/32", "192.0.2.7"])
    decided = await auth.parts.policies.of(house.tenant)
    assert [str(network) for network in decided.networks] == ["192.0.2.7/32", "2001:db8::/32"]
    assert [decided.reaches(address) for address in ("192.0.2.7", "2001:db8::1", "192.0.2.8", "", None, "x")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
