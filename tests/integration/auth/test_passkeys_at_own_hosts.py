"""Passkeys at an organization's own host: they are made for that host, and are of use nowhere else."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from litestar.types import ASGIApp

from auth.service import Auth
from tenants.ids import new_id
from tenants.lifecycle.domains import add, remove, verify
from tenants.lifecycle.records import DnsRecords
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tests.authenticators import Device
from tests.integration.auth.conftest import NewPerson, client_at
from tests.integration.auth.passkeys import REFUSED, asked_at, checks_failed, device_of, enter, register
from tests.integration.auth.second_factors import CODES
from tests.integration.auth.signing_in import sign_in
from tests.integration.conftest import House
from tests.name_server import name_server


async def proven_host(settings: TenantSettings, tenant: Tenant) -> str:
    host = f"news-{new_id().hex[-12:]}.example"
    claimed = await add(settings, tenant.slug, host)
    async with name_server() as dns:
        dns.texts[claimed.record] = [claimed.value]
        await verify(settings, tenant.slug, host, DnsRecords([("127.0.0.1", dns.port)]))
    return host


async def until(client: httpx.AsyncClient, status: int) -> None:
    """A process hears of a host that came or went within seconds."""
    async with asyncio.timeout(60):
        while (await client.get("/auth/login")).status_code != status:
            await asyncio.sleep(0.2)


async def test_a_passkey_is_made_for_the_host_at_which_its_person_is(
    app: ASGIApp, auth: Auth, acme: House, migrated: TenantSettings, new_person: NewPerson
) -> None:
    person, host = await new_person(acme), await proven_host(migrated, acme.tenant)
    device = Device(f"http://{host}:8000")
    async with client_at(app, host) as browser, client_at(app, host) as another:
        await until(browser, 200)
        await sign_in(browser, person)
        asked = await asked_at(browser, "/auth/account/second-factor")
        made = await register(browser, device)
        came = await enter(another, device)
        bent = [await enter(another, device, **other) for other in ({"rp_id": "example"}, {"origin": "http://acme.localhost:8000"})]
        (held,) = await auth.parts.passkeys.of(acme.tenant, person.user_id)
        await remove(migrated, acme.tenant.slug, host)
        await until(browser, 404)

    assert json.loads(asked.options)["rp"]["id"] == host
    assert (len(CODES.findall(made.text)), held.host, came.status_code) == (10, host, 303)
    assert [answer.status_code for answer in bent] == [401, 401]
    assert await checks_failed(auth, acme, 2) == ["passkey_origin", "passkey_rp_id"]


@pytest.mark.parametrize("made_at_own", [True, False])
async def test_it_is_of_no_use_at_another_host_of_the_organization_or_of_another(
    app: ASGIApp, auth: Auth, acme: House, globex: House, migrated: TenantSettings, new_person: NewPerson, *, made_at_own: bool
) -> None:
    person, host, foreign = await new_person(acme), await proven_host(migrated, acme.tenant), await proven_host(migrated, globex.tenant)
    device = Device(f"http://{host}:8000") if made_at_own else await device_of(app, person)
    async with client_at(app, host) as own, client_at(app, "acme.localhost") as usual, client_at(app, foreign) as elsewhere:
        await until(own, 200)
        await until(elsewhere, 200)
        if made_at_own:
            await sign_in(own, person)
            await register(own, device)
        answers: list[httpx.Response] = []
        for client in (usual if made_at_own else own, elsewhere):
            device.origin = f"http://{client.base_url.host}:8000"  # a browser names the page's own
            answers.append(await enter(client, device))

    assert [(answer.status_code, REFUSED in answer.text) for answer in answers] == [(401, True)] * 2
    assert (await checks_failed(auth, acme, 1), await checks_failed(auth, globex, 1)) == (["passkey_host"], ["passkey_known"])
