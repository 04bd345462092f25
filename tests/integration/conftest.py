"""Two organizations with people, on a migrated database: what every integration test starts from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import ApprovePost, CreatePost, PublishPost, SubmitPost
from auth.principal import Principal
from migrations import runner
from ops.demo.load import load_people
from ops.demo.people import ACME, GLOBEX
from ops.demo.people import House as Cast
from ops.organizations.founding import found
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.tiers import BASIC


@dataclass(frozen=True, slots=True)
class House:
    """An organization and its people by the key of the demo (owner, admin, editor, author, moderator, reader …)."""

    tenant: Tenant
    people: dict[str, Principal]
    cast: Cast

    def id_of(self, key: str) -> UUID:
        user_id = self.people[key].user_id
        assert user_id is not None
        return user_id


@pytest.fixture(scope="session")
async def migrated(settings: TenantSettings) -> TenantSettings:
    await runner.up(settings)
    return settings


@pytest.fixture(scope="session")
async def pool(migrated: TenantSettings) -> AsyncIterator[Database]:
    async with Database(migrated, connections=4) as database:
        yield database


@pytest.fixture(scope="session")
def registry(pool: Database, migrated: TenantSettings) -> Registry:
    return Registry(pool, Keyring(migrated.secret_keys))


@pytest.fixture(scope="session")
def bus(pool: Database) -> Bus:
    return Bus(pool)


async def house_of(settings: TenantSettings, pool: Database, cast: Cast, tier: str = BASIC) -> House:
    founded = await found(settings, pool, slug=cast.slug, name=cast.name, owner_email=f"owner@{cast.slug}.example", tier=tier)
    return House(founded.tenant, await load_people(pool, founded.tenant, cast), cast)


@pytest.fixture(scope="session")
async def acme(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, ACME, "team")


@pytest.fixture(scope="session")
async def globex(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, GLOBEX, "team")


async def write_post(bus: Bus, house: House, *, author: str = "author", title: str = "A title", **fields: object) -> UUID:
    outcome = await bus.execute(
        house.tenant,
        CreatePost(new_id(), title, "Some text.", **fields),  # type: ignore[arg-type] # a test names the fields it needs
        house.people[author],
        correlation_id=new_id(),
    )
    return outcome.aggregates[0]


async def publish_post(bus: Bus, house: House, post: UUID, *, author: str = "author") -> None:
    """As it goes everywhere: its author submits it, an editor approves and publishes it."""
    for command, who in ((SubmitPost(post), author), (ApprovePost(post), "editor"), (PublishPost(post), "editor")):
        await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())
