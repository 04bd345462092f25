from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

from migrations.provisioning import HeadProvisioner
from migrations.serving import serves
from ops.organizations.founding import found
from ops.organizations.telling import tell
from tenants import lifecycle
from tenants.database import Database
from tenants.errors import Conflict, NotFound, TenantSuspended, ValidationFailed
from tenants.hosts import Place
from tenants.lifecycle.deletion import NotConfirmed, delete, undelete
from tenants.lifecycle.entries import WrongState
from tenants.lifecycle.history import history
from tenants.lifecycle.renaming import rename
from tenants.lifecycle.states import resume, suspend
from tenants.registry import Registry, Tenant
from tenants.resolver import Resolver, UnknownHost
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import RESERVED, tenant_slug
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.tenants.lives import actions, entry, made, new_slug, told


def resolver(settings: TenantSettings, pool: Database) -> Resolver:
    """Of a process that has just started."""
    return Resolver(Registry(pool, Keyring(settings.secret_keys)), "localhost", serves)


async def twice(step: Callable[[], Awaitable[UUID]], settings: TenantSettings, pool: Database) -> None:
    for _ in range(2):
        await tell(settings, pool, await step())


async def test_suspending_and_resuming_are_told_once_however_often_they_are_said(migrated: TenantSettings, pool: Database, acme: House) -> None:
    tenant, before = await made(migrated, pool), await told(migrated, acme.tenant)

    await twice(lambda: suspend(migrated, tenant.slug, "unpaid"), migrated, pool)
    await twice(lambda: suspend(migrated, tenant.slug), migrated, pool)
    assert (await entry(migrated, tenant))["suspended_because"] == "unpaid"
    with pytest.raises(TenantSuspended):
        await resolver(migrated, pool).resolve(f"{tenant.slug}.localhost")
    await twice(lambda: resume(migrated, tenant.slug), migrated, pool)

    assert (await resolver(migrated, pool).resolve(f"{tenant.slug}.localhost")).tenant == tenant
    assert await actions(migrated, tenant) == ["tenant.created", "tenant.suspended", "tenant.resumed"]
    assert await told(migrated, tenant) == ["OrganizationSuspended", "OrganizationResumed"]
    assert await told(migrated, acme.tenant) == before


async def test_what_an_interrupted_command_left_untold_the_next_one_tells(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    new = tenant_slug(new_slug("told"))
    await rename(migrated, tenant.slug, new)
    await suspend(migrated, new)
    assert await told(migrated, tenant) == []

    await tell(migrated, pool, await suspend(migrated, new))

    assert await told(migrated, tenant) == ["OrganizationRenamed", "OrganizationSuspended"]
    async with as_owner(migrated) as owner:
        row = await owner.fetchrow(f"SELECT slug, version FROM {tenant.place.schema}.organization")
    assert row is not None
    assert tuple(row) == (new, 3)


async def test_a_rename_keeps_the_old_slug_and_touches_nothing_else(migrated: TenantSettings, pool: Database, acme: House) -> None:
    tenant = await made(migrated, pool)
    old, new = tenant.slug, tenant_slug(new_slug("new"))

    await twice(lambda: rename(migrated, old, new), migrated, pool)

    now = await entry(migrated, tenant)
    assert (now["slug"], now["schema"], now["role"]) == (new, tenant.place.schema, tenant.place.role)
    at_new, at_old = [await resolver(migrated, pool).resolve(f"{slug}.localhost") for slug in (new, old)]
    assert at_new.tenant is not None
    assert (at_new.place, at_new.tenant.id, at_new.former) == (Place.SUBDOMAIN, tenant.id, False)
    assert at_old.tenant == at_new.tenant
    assert at_old.former
    assert await told(migrated, tenant) == ["OrganizationRenamed"]
    with pytest.raises(NotFound, match=f"is {new!r} now"):
        await suspend(migrated, old)
    await twice(lambda: rename(migrated, new, old), migrated, pool)
    assert (await resolver(migrated, pool).resolve(f"{old}.localhost")).former is False
    assert (await resolver(migrated, pool).resolve(f"{new}.localhost")).former is True


async def test_a_slug_is_never_given_to_another_organization(migrated: TenantSettings, pool: Database, acme: House) -> None:
    first, second = await made(migrated, pool), await made(migrated, pool)
    await rename(migrated, first.slug, tenant_slug(new_slug("moved")))

    for refused, why in (
        (rename(migrated, second.slug, first.slug), "was another organization's"),
        (rename(migrated, second.slug, acme.tenant.slug), "in use"),
    ):
        with pytest.raises(Conflict, match=why):
            await refused
    with pytest.raises(Conflict, match="was another organization's"):
        await found(migrated, pool, slug=first.slug, name="Again", owner_email="o@x.example")
    assert (await entry(migrated, second))["slug"] == second.slug
    assert await actions(migrated, second) == ["tenant.created"]


async def test_of_two_that_want_a_slug_at_once_one_gets_it(migrated: TenantSettings, pool: Database) -> None:
    one, two, three = [await made(migrated, pool) for _ in range(3)]
    wanted = tenant_slug(new_slug("wanted"))

    ends = await asyncio.gather(*(rename(migrated, tenant.slug, wanted) for tenant in (one, two, three)), return_exceptions=True)

    assert sorted(type(end).__name__ for end in ends) == ["Conflict", "Conflict", "UUID"]


async def test_a_slug_given_up_at_the_very_moment_in_which_another_wants_it_stays_its_first_owners(migrated: TenantSettings, pool: Database) -> None:
    for _ in range(8):
        owner, other = await made(migrated, pool), await made(migrated, pool)
        away = tenant_slug(new_slug("away"))

        gone, got, began = await asyncio.gather(
            rename(migrated, owner.slug, away),
            rename(migrated, other.slug, owner.slug),
            lifecycle.create(migrated, HeadProvisioner(), owner.slug, "A thief", "basic"),
            return_exceptions=True,
        )

        assert gone == owner.id
        assert [type(end) for end in (got, began)] == [Conflict, Conflict]


async def test_a_former_slugs_host_says_that_its_organization_is_suspended(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    new = tenant_slug(new_slug("closed"))
    await rename(migrated, tenant.slug, new)
    await suspend(migrated, new)

    for slug in (tenant.slug, new):
        with pytest.raises(TenantSuspended):
            await resolver(migrated, pool).resolve(f"{slug}.localhost")


@pytest.mark.parametrize(
    "slug",
    ["", "a", "-acme", "acme-", "ac--me", "xn--80ak6aa92e", "Acme", "acme.", "ac me", "ac_me", "1acme", "a" * 41, "a" * 64, "pg_acme",
     "t_acme", "äcme", "acme'; DROP SCHEMA control", 'ac"me', "acme\0", "acme\n",
     *sorted(RESERVED & {"admin", "api", "www", "control", "localhost"})],
)  # fmt: skip
async def test_tricks_with_slugs_are_refused_at_creation_and_when_renaming(migrated: TenantSettings, pool: Database, acme: House, slug: str) -> None:
    with pytest.raises(ValidationFailed, match="slug"):
        await found(migrated, pool, slug=slug, name="Tricky", owner_email="o@x.example")
    with pytest.raises(ValidationFailed, match="slug"):
        await rename(migrated, acme.tenant.slug, tenant_slug(slug))


async def test_a_deleted_organization_is_not_there_until_it_is_undeleted(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    await suspend(migrated, tenant.slug, "unpaid")
    for confirm in (None, "", "another"):
        with pytest.raises(NotConfirmed, match=f"--confirm {tenant.slug}"):
            await delete(migrated, tenant.slug, confirm=confirm)
    for days in (-1, 366):
        with pytest.raises(ValidationFailed):
            await delete(migrated, tenant.slug, confirm=tenant.slug, grace_days=days)

    await delete(migrated, tenant.slug, confirm=tenant.slug)
    first = await entry(migrated, tenant)
    await delete(migrated, tenant.slug, confirm=tenant.slug)
    assert await entry(migrated, tenant) == first
    assert first["purge_after"] - first["deleted_at"] == timedelta(days=30)
    await delete(migrated, tenant.slug, confirm=tenant.slug, grace_days=7)
    assert (await entry(migrated, tenant))["purge_after"] - first["deleted_at"] == timedelta(days=7)
    with pytest.raises(UnknownHost):
        await resolver(migrated, pool).resolve(f"{tenant.slug}.localhost")
    for refused in (suspend(migrated, tenant.slug), resume(migrated, tenant.slug), rename(migrated, tenant.slug, tenant_slug(new_slug("no")))):
        with pytest.raises(WrongState, match="undelete"):
            await refused

    await undelete(migrated, tenant.slug)
    await undelete(migrated, tenant.slug)
    now = await entry(migrated, tenant)
    assert (now["status"], now["suspended_because"], now["deleted_at"], now["purge_after"]) == ("suspended", "unpaid", None, None)
    assert await actions(migrated, tenant) == [
        "tenant.created",
        "tenant.suspended",
        "tenant.deleted",
        "tenant.grace_changed",
        "tenant.undeleted",
    ]


async def test_operators_read_who_did_what_to_an_organization_by_any_slug_it_had(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    new = tenant_slug(new_slug("read"))
    await rename(migrated, tenant.slug, new)

    by_old, by_new = await history(migrated, tenant.slug, 10), await history(migrated, new, 10)

    assert by_old == by_new
    assert [(done.action, done.slug, done.details) for done in by_new] == [
        ("tenant.created", tenant.slug, {}),
        ("tenant.renamed", new, {"former": tenant.slug}),
    ]
    assert (await history(migrated, None, 1))[0] == by_new[-1]
    with pytest.raises(NotFound):
        await history(migrated, "nobody-ever", 10)


async def test_a_former_slugs_host_is_nobodys_when_its_organization_is_deleted(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    new = tenant_slug(new_slug("gone"))
    await rename(migrated, tenant.slug, new)
    await delete(migrated, new, confirm=new)

    for slug in (tenant.slug, new):
        with pytest.raises(UnknownHost):
            await resolver(migrated, pool).resolve(f"{slug}.localhost")


async def test_a_change_seen_by_one_process_is_seen_by_another(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    here = Registry(pool, Keyring(migrated.secret_keys))
    await here.refresh()
    assert await here.by_label(tenant.slug) == tenant
    new = tenant_slug(new_slug("seen"))
    assert await here.by_label(new) is None

    await rename(migrated, tenant.slug, new)
    await here.refresh()

    async def slug_at(label: str) -> str:
        known: Tenant | None = await here.by_label(label)
        return known.slug if known else ""

    assert [await slug_at(label) for label in (tenant.slug, new)] == [new, new]
