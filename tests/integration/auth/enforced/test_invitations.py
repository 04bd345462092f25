"""An invitation where everybody comes through the provider: its link leads there, and a password is not taken."""

from __future__ import annotations

import asyncio
import html
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from auth.errors import ProviderOnly
from auth.service import Auth
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.forms import form_of
from tests.integration.auth.arriving import arrive, somebody
from tests.integration.auth.conftest import PASSWORD, NewPerson, client_at
from tests.integration.auth.enforced.enforcing import enforced
from tests.integration.conftest import House


async def test_the_link_leads_to_the_provider_where_the_person_comes_in_as_who_was_invited(
    app: ASGIApp,
    auth: Auth,
    bus: Bus,
    house: House,
    acme: House,
    new_person: NewPerson,
) -> None:
    connection, _ = await enforced(auth, bus, house, new_person)
    person, elsewhere = await new_person(house, status="invited"), await new_person(acme, status="invited")
    token = await auth.parts.links.issue(house.tenant, person.user_id, "invitation")
    other = await auth.parts.links.issue(acme.tenant, elsewhere.user_id, "invitation")

    async with client_at(app, f"{house.tenant.slug}.localhost") as client, client_at(app, "acme.localhost") as at_acme:
        page = await client.get(f"/auth/invitation?token={token}")
        beside = await at_acme.get(f"/auth/invitation?token={other}")
        there = urlsplit(html.unescape(page.text.split('class="button main" href="')[1].split('"')[0]))
        assert ("password" in page.text, "password" in beside.text) == (False, True)
        assert (there.path, parse_qs(there.query)["login_hint"]) == (f"/auth/oidc/{connection.name}/login", [person.email])

        came = await arrive(auth, house, connection, somebody(house, connection, email=person.email))
        assert (came.user_id, came.status) == (person.user_id, "active")
        assert (await client.get(f"/auth/invitation?token={token}")).status_code == 410


async def test_a_password_is_not_taken_by_form_or_program_and_a_strange_domain_is_named(
    app: ASGIApp,
    auth: Auth,
    bus: Bus,
    house: House,
    new_person: NewPerson,
) -> None:
    person = await new_person(house, status="invited")
    token = await auth.parts.links.issue(house.tenant, person.user_id, "invitation")
    async with client_at(app, f"{house.tenant.slug}.localhost") as client:
        form = form_of(await client.get(f"/auth/invitation?token={token}"))  # from before it was enforced
        await enforced(auth, bus, house, new_person)
        await auth.parts.email_domains.remove(house.tenant, f"{house.tenant.slug}.example", Cause(new_id()))
        async with asyncio.timeout(60):
            while "password" in (await client.get(f"/auth/invitation?token={token}")).text:
                await asyncio.sleep(0.2)
        fields = {"token": token, "name": "Kim", "password": PASSWORD, "form": form}
        sent = await client.post("/auth/invitation", data=fields, headers={"Sec-Fetch-Site": "same-origin"})
        assert (sent.status_code, "has not proven to be its own" in sent.text, 'type="password"' in sent.text) == (403, True, False)
    with pytest.raises(ProviderOnly):
        await auth.parts.invitations.accept(house.tenant, token, PASSWORD, new_id())
    with pytest.raises(ProviderOnly):
        await auth.parts.invitations.hashed(house.tenant, token, PASSWORD)
    account = await auth.parts.accounts.get(house.tenant, person.user_id)
    assert account is not None
    assert account.status == "invited"
