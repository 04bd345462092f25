"""Invitations, from the letter's link to being inside."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import InviteUser, RemoveUser
from auth.principal import SYSTEM
from auth.service import Auth
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.forms import form_of
from tests.integration.auth.conftest import NewPerson, Person, client_at, who
from tests.integration.auth.signing_in import SAME
from tests.integration.conftest import House


class TestInvitations:
    async def test_a_link_makes_a_person_active_with_a_password_once(
        self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, new_person: NewPerson, app: ASGIApp
    ) -> None:
        person = await new_person(acme, status="invited")
        link = await auth.parts.links.invite(acme.tenant, person.user_id)
        assert link.startswith("http://acme.localhost:8000/auth/invitation?token=")
        path = urlsplit(link).path + "?" + urlsplit(link).query
        page = await at_acme.get(path)
        fields = {"token": link.rpartition("=")[2], "form": form_of(page)}
        short = await at_acme.post("/auth/invitation", data=fields | {"password": "short"}, headers=SAME)
        assert short.status_code == 400
        assert "12 to 256 characters" in short.text
        joined = await at_acme.post("/auth/invitation", data=fields | {"password": "a long enough one"}, headers=SAME)
        assert joined.status_code == 303
        assert (await who(at_acme))["me"]["id"] == str(person.user_id)
        assert (await at_acme.get(path)).status_code == 410
        async with client_at(app, "acme.localhost") as client:
            answer = await client.post("/auth/token", json={"email": person.email, "password": "a long enough one"})
            assert answer.status_code == 200

    async def test_of_two_at_once_one_joins(self, app: ASGIApp, auth: Auth, acme: House, new_person: NewPerson) -> None:
        person = await new_person(acme, status="invited")
        token = await auth.parts.links.issue(acme.tenant, person.user_id, "invitation")

        async def join(password: str) -> int:
            async with client_at(app, "acme.localhost") as client:
                form = form_of(await client.get(f"/auth/invitation?token={token}"))
                fields = {"token": token, "form": form, "password": password}
                return (await client.post("/auth/invitation", data=fields, headers=SAME)).status_code

        statuses = await asyncio.gather(join("the first password"), join("the second password"))
        assert sorted(statuses) == [303, 410]

    @pytest.fixture
    async def invited(self, acme: House, new_person: NewPerson) -> Person:
        return await new_person(acme, status="invited")

    async def test_a_link_works_at_its_own_organization_alone_and_for_its_purpose(
        self, at_acme: httpx.AsyncClient, at_globex: httpx.AsyncClient, auth: Auth, acme: House, invited: Person
    ) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        reset = await auth.parts.links.issue(acme.tenant, invited.user_id, "reset")
        assert (await at_globex.get(f"/auth/invitation?token={token}")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={reset}")).status_code == 410
        assert (await at_acme.get("/auth/invitation?token=%00%ff")).status_code == 410
        assert (await at_acme.get("/auth/invitation")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 200

    async def test_a_link_ends_with_its_time(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, invited: Person, pool: Database) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(statement("UPDATE __tenant__.links SET expires_at = now() WHERE user_id = :id"), id=invited.user_id)
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 410

    async def test_being_invited_again_makes_links_useless_that_were_sent_before(
        self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, bus: Bus, invited: Person
    ) -> None:
        old = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        await bus.execute(acme.tenant, InviteUser(new_id(), invited.email, "Kim Example", "author"), SYSTEM, correlation_id=new_id())
        new = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        assert (await at_acme.get(f"/auth/invitation?token={old}")).status_code == 410
        assert (await at_acme.get(f"/auth/invitation?token={new}")).status_code == 200

    async def test_of_two_links_of_one_person_one_is_used(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, invited: Person) -> None:
        one, other = [await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation") for _ in range(2)]
        form = form_of(await at_acme.get(f"/auth/invitation?token={one}"))
        fields = {"token": one, "form": form, "name": "Kim Otherwise", "password": "a long enough one"}
        assert (await at_acme.post("/auth/invitation", data=fields, headers=SAME)).status_code == 303
        assert (await at_acme.get(f"/auth/invitation?token={other}")).status_code == 410
        assert "Kim Otherwise" in (await at_acme.get("/auth/account")).text

    async def test_a_removed_persons_link_is_useless(self, at_acme: httpx.AsyncClient, auth: Auth, acme: House, bus: Bus, invited: Person) -> None:
        token = await auth.parts.links.issue(acme.tenant, invited.user_id, "invitation")
        await bus.execute(acme.tenant, RemoveUser(invited.user_id), SYSTEM, correlation_id=new_id())
        assert (await at_acme.get(f"/auth/invitation?token={token}")).status_code == 410
