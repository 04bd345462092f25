"""Identity providers that provision people at two organizations, over the product's own addresses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from litestar.types import ASGIApp

from app.bus import Bus
from app.users.commands import ActivateUser
from auth.accounts import Account
from auth.principal import SYSTEM, Kind, Principal
from auth.service import Auth
from auth.sso.connections import Connection
from ops.demo.people import ACME
from ops.organizations.founding import found
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.transaction import Cause
from tests.integration.auth.arriving import connected
from tests.integration.auth.conftest import *  # noqa: F403 - the fixtures of signing in
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider with its connection's token."""

    house: House
    auth: Auth
    connection: Connection
    client: httpx.AsyncClient

    def person(self, **given: Any) -> dict[str, Any]:
        """Somebody new, as a provider sends them."""
        name = f"{new_id().hex}@{self.house.tenant.slug}.example"
        return {
            "schemas": [USER],
            "userName": name,
            "displayName": "Ada Byron",
            "emails": [{"value": name, "primary": True}],
            "active": True,
            **given,
        }

    async def made(self, **given: Any) -> dict[str, Any]:
        answer = await self.client.post("/scim/v2/Users", json=self.person(**given))
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def group(self, name: str, *members: dict[str, Any], **given: Any) -> dict[str, Any]:
        sent = {"schemas": [GROUP], "displayName": name, "members": [{"value": one["id"]} for one in members], **given}
        answer = await self.client.post("/scim/v2/Groups", json=sent)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def patch(self, resource: dict[str, Any], *operations: dict[str, Any], **headers: str) -> httpx.Response:
        there = resource["meta"]["location"].partition(":8000")[2]
        sent = {"schemas": [PATCH], "Operations": list(operations)}
        return await self.client.patch(there, json=sent, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def find(self, filter: str, where: str = "Users") -> list[str]:
        """The ids of what the filter finds."""
        answer = await self.client.get(f"/scim/v2/{where}", params={"filter": filter})
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["Resources"]]

    async def account(self, resource: dict[str, Any]) -> Account:
        account = await self.auth.parts.accounts.get(self.house.tenant, UUID(resource["id"]))
        assert account is not None
        return account


NewProvider = Callable[..., Awaitable[Provider]]


async def _house(settings: TenantSettings, pool: Database, bus: Bus, slug: str) -> House:
    founded = await found(settings, pool, slug=slug, name=slug.capitalize(), owner_email=f"owner@{slug}.example", tier="enterprise")
    await bus.execute(founded.tenant, ActivateUser(founded.owner_id), SYSTEM, correlation_id=new_id())
    return House(founded.tenant, {"owner": Principal(Kind.PERSON, founded.owner_id, "owner")}, ACME)


@pytest.fixture(scope="session")
async def initech(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    """An organization that may have many people, so that the others keep their room."""
    return await _house(migrated, pool, bus, "initech")


@pytest.fixture(scope="session")
async def hooli(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    return await _house(migrated, pool, bus, "hooli")


@pytest.fixture
async def at_initech(app: ASGIApp, initech: House) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(app, "initech.localhost") as client:
        yield client


@pytest.fixture
async def new_provider(app: ASGIApp, auth: Auth, initech: House) -> AsyncIterator[NewProvider]:
    """A connection with a token of its own; at initech unless told otherwise."""
    async with AsyncExitStack() as clients:

        async def make(house: House = initech, **given: Any) -> Provider:
            connection = await connected(auth, house, **given)
            token = await auth.parts.scim_tokens.make(house.tenant, connection, 30, Cause(new_id()))
            client = await clients.enter_async_context(client_at(app, f"{house.tenant.slug}.localhost"))
            client.headers.update({"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"})
            return Provider(house, auth, connection, client)

        yield make


@pytest.fixture
async def provider(new_provider: NewProvider) -> Provider:
    return await new_provider()
