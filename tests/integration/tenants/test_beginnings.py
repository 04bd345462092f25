"""Organizations whose making was interrupted, repeated otherwise, or met by others at the same moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from migrations.provisioning import HeadProvisioner
from ops.demo.people import ACME, GLOBEX
from ops.organizations import founding, likeness
from ops.organizations.founding import found
from ops.organizations.likeness import found_like
from ops.organizations.tiering import change_tier
from tenants import lifecycle
from tenants.database import Database, connect_as_admin
from tenants.errors import Conflict, NotFound
from tenants.lifecycle.arrivals import StillArriving, arriving
from tenants.lifecycle.entries import WrongState
from tenants.lifecycle.purging import purge
from tenants.lifecycle.tiering import change_tier as change_registry
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tenants.tiers import TIERS
from tests.integration.conftest import House, house_of
from tests.integration.owner import as_owner
from tests.integration.tenants.lives import made, new_slug, told
from tests.quiet import quiet


class Killed(Exception):
    """As if the process ended here."""


@pytest.fixture
async def sources(migrated: TenantSettings, pool: Database) -> list[House]:
    """Two organizations with one owner each."""
    return [await house_of(migrated, pool, replace(cast, slug=new_slug("source"))) for cast in (ACME, GLOBEX)]


@pytest.fixture
def killed_before_it_opens(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Until the test undoes it."""

    async def killed(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(lifecycle, "activate", killed)
    monkeypatch.setattr(likeness, "open_to_requests", killed)
    return monkeypatch


async def both_say(settings: TenantSettings, slug: str) -> list[tuple[str, str, str]]:
    """Name, tier and status, as the registry has them; name and tier as the organization has them."""
    async with as_owner(settings) as owner:
        row = await owner.fetchrow("SELECT name, tier, status, schema FROM control.organizations WHERE slug = $1", slug)
        assert row is not None
        own = await owner.fetchrow(f"SELECT name, tier FROM {row['schema']}.organization")
    assert own is not None
    return [(row["name"], row["tier"], row["status"]), (own["name"], own["tier"], row["status"])]


async def people_of(settings: TenantSettings, slug: str) -> list[str]:
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
        return [row["username"] for row in await owner.fetch(f"SELECT username FROM {schema}.users ORDER BY username")]


async def half_made(settings: TenantSettings, pool: Database, undo: pytest.MonkeyPatch, **fields: Any) -> str:
    slug = new_slug("half")
    with pytest.raises(Killed):
        await found(settings, pool, **{"slug": slug, "name": "First", "owner_email": "o@x.example", **fields})
    undo.undo()
    return slug


async def test_a_creation_that_is_repeated_with_another_tier_tells_the_organization_too(
    migrated: TenantSettings, pool: Database, killed_before_it_opens: pytest.MonkeyPatch
) -> None:
    slug = await half_made(migrated, pool, killed_before_it_opens)

    founded = await found(migrated, pool, slug=slug, name="First", owner_email="o@x.example", tier="team")

    assert (founded.tenant.tier, founded.tenant.quotas) == ("team", TIERS["team"])
    assert await both_say(migrated, slug) == [("First", "team", "active")] * 2
    assert await told(migrated, founded.tenant) == ["OrganizationTierChanged"]


async def test_a_creation_that_is_repeated_with_another_name_or_owner_is_refused_and_changes_nothing(
    migrated: TenantSettings, pool: Database, killed_before_it_opens: pytest.MonkeyPatch
) -> None:
    slug = await half_made(migrated, pool, killed_before_it_opens)
    for changed, says in (({"name": "Second"}, "begun with the name 'First'"), ({"owner_email": "p@x.example"}, "another owner's address")):
        said: dict[str, Any] = {"slug": slug, "name": "First", "owner_email": "o@x.example", "tier": "team", **changed}
        with pytest.raises(Conflict, match=says):
            await found(migrated, pool, **said)

    assert await both_say(migrated, slug) == [("First", "basic", "provisioning")] * 2
    assert await people_of(migrated, slug) == ["o"]
    assert (await found(migrated, pool, slug=slug, name="First", owner_email="o@x.example")).tenant.status == "active"


async def test_a_place_in_which_nothing_was_founded_takes_what_is_said_of_it_anew(migrated: TenantSettings, pool: Database) -> None:
    slug = tenant_slug(new_slug("place"))
    await lifecycle.create(migrated, HeadProvisioner(), slug, "Typed wrongly", "basic")

    founded = await found(migrated, pool, slug=slug, name="Typed well", owner_email="o@x.example", tier="team")

    assert await both_say(migrated, slug) == [("Typed well", "team", "active")] * 2
    assert await told(migrated, founded.tenant) == []


async def test_an_organization_is_not_purged_while_it_is_made(migrated: TenantSettings, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    slug, begin = new_slug("made"), founding._begin

    async def with_a_purge(*arguments: Any) -> UUID:
        owner = await begin(*arguments)
        with pytest.raises(StillArriving, match="is being made"):
            await purge(migrated, slug, quiet)
        return owner

    monkeypatch.setattr(founding, "_begin", with_a_purge)
    await found(migrated, pool, slug=slug, name="Made", owner_email="o@x.example")

    assert await both_say(migrated, slug) == [("Made", "basic", "active")] * 2


async def test_nobody_is_told_of_an_organization_that_was_purged_before_it_was_opened(migrated: TenantSettings, pool: Database) -> None:
    slug = tenant_slug(new_slug("gone"))
    organization = await lifecycle.create(migrated, HeadProvisioner(), slug, "Gone", "basic")
    async with connect_as_admin(migrated.admin_database_url) as admin:
        async with arriving(admin, organization):
            late = asyncio.create_task(found(migrated, pool, slug=slug, name="Gone", owner_email="o@x.example"))
            async with asyncio.timeout(90):
                while not await admin.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                    await asyncio.sleep(0.02)
            async with admin.transaction(migrated.owner_role):
                await admin.run("UPDATE control.organizations SET status = 'deleting', deleted_from = 'provisioning' WHERE id = $1", organization)
        with pytest.raises(Conflict, match="finished or removed"):
            await late
    await purge(migrated, slug, quiet)

    with pytest.raises(Conflict, match="was removed while it was made"):
        await lifecycle.activate(migrated, organization)


async def test_two_who_make_the_same_organization_at_once_make_it_once(migrated: TenantSettings, pool: Database) -> None:
    slug = new_slug("twice")

    one, other = await asyncio.gather(*(found(migrated, pool, slug=slug, name="Twice", owner_email="o@x.example") for _ in range(2)))

    assert (one.tenant.id, one.owner_id) == (other.tenant.id, other.owner_id)
    assert await people_of(migrated, slug) == ["o"]


async def test_a_likeness_takes_nothing_over_that_was_begun_otherwise(
    migrated: TenantSettings, pool: Database, killed_before_it_opens: pytest.MonkeyPatch, acme: House, globex: House
) -> None:
    stranger = await half_made(migrated, pool, killed_before_it_opens, name="Somebody Else")
    for source in (acme, globex):
        with pytest.raises(Conflict, match="was begun otherwise"):
            await found_like(migrated, pool, source.tenant.slug, stranger)

    assert await both_say(migrated, stranger) == [("Somebody Else", "basic", "provisioning")] * 2
    assert await people_of(migrated, stranger) == ["o"]


async def test_an_interrupted_likeness_is_gone_on_with_from_its_own_source_alone(
    migrated: TenantSettings, pool: Database, sources: list[House], killed_before_it_opens: pytest.MonkeyPatch
) -> None:
    slug, (source, other) = new_slug("like"), (house.tenant for house in sources)
    with pytest.raises(Killed):
        await found_like(migrated, pool, source.slug, slug)
    killed_before_it_opens.undo()

    with pytest.raises(Conflict, match="was begun otherwise"):
        await found_like(migrated, pool, other.slug, slug)
    with pytest.raises(Conflict, match="begun by `imprint tenants clone`"):
        await found(migrated, pool, slug=slug, name=source.name, owner_email=f"owner@{source.slug}.example")
    founded = await found_like(migrated, pool, source.slug, slug)

    assert (founded.tenant.status, len(founded.owners)) == ("active", 1)
    assert await people_of(migrated, slug) == ["owner"]


async def test_of_two_tiers_at_once_the_organization_knows_the_one_that_the_registry_has(
    migrated: TenantSettings, pool: Database, acme: House
) -> None:
    tenant = await made(migrated, pool)
    await change_registry(migrated, tenant.slug, "team", {})
    await change_tier(migrated, pool, tenant.slug, "enterprise", {})
    await change_registry(migrated, tenant.slug, "basic", {"posts": 7})

    now = await change_tier(migrated, pool, tenant.slug, "basic", {"posts": 7})

    assert (now.tier, now.quotas.posts) == ("basic", 7)
    assert await both_say(migrated, tenant.slug) == [("A Life", "basic", "active")] * 2
    assert await told(migrated, tenant) == ["OrganizationTierChanged", "OrganizationTierChanged"]
    assert (await both_say(migrated, acme.tenant.slug))[0][1] == acme.tenant.tier


async def test_a_tier_told_late_does_not_undo_a_later_one(migrated: TenantSettings, pool: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, gate = await made(migrated, pool), asyncio.Event()

    async def slowly(settings: TenantSettings, slug: str, tier: str, overrides: dict[str, int | None]) -> UUID:
        organization = await change_registry(settings, slug, tier, overrides)
        if tier == "team":
            await gate.wait()
        return organization

    monkeypatch.setattr("ops.organizations.tiering.change_registry", slowly)
    late = asyncio.create_task(change_tier(migrated, pool, tenant.slug, "team", {}))
    async with asyncio.timeout(90):
        while (await both_say(migrated, tenant.slug))[0][1] != "team":
            await asyncio.sleep(0.02)
    await change_tier(migrated, pool, tenant.slug, "enterprise", {})
    gate.set()

    assert (await late).tier == "enterprise"
    assert await both_say(migrated, tenant.slug) == [("A Life", "enterprise", "active")] * 2


@pytest.mark.parametrize("state", ["status = 'provisioning'", "status = 'deleting', deleted_from = 'active'"])
async def test_a_tier_is_for_organizations_that_are_there(migrated: TenantSettings, pool: Database, state: str) -> None:
    tenant = await made(migrated, pool)
    async with as_owner(migrated) as owner:
        await owner.execute(f"UPDATE control.organizations SET {state} WHERE id = $1", tenant.id)

    with pytest.raises(WrongState, match="change the tier"):
        await change_tier(migrated, pool, tenant.slug, "team", {})
    with pytest.raises(NotFound, match="imprint tenants list"):
        await change_tier(migrated, pool, new_slug("nobody"), "team", {})

    assert (await both_say(migrated, tenant.slug))[0][1] == "basic"
