from __future__ import annotations

import asyncio

import asyncpg
import pytest

from migrations.provisioning import HeadProvisioner
from migrations.serving import serves
from ops.organizations.founding import found
from tenants import lifecycle
from tenants.database import Database
from tenants.errors import Conflict, TenantSuspended, ValidationFailed
from tenants.registry import TRUSTED_SECONDS, Registry, TenantLocked
from tenants.resolver import Resolver, TenantBehind, UnknownHost
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.conftest import House


async def _as_owner(settings: TenantSettings, sql: str, *values: object) -> None:
    connection = await asyncpg.connect(settings.admin_database_url)
    await connection.execute(f"SET ROLE {settings.owner_role}")
    await connection.execute(sql, *values)
    await connection.close()


async def test_a_change_made_elsewhere_is_seen_after_a_refresh(migrated: TenantSettings, pool: Database) -> None:
    here = Registry(pool, Keyring(migrated.secret_keys))
    await here.refresh()
    assert await here.by_slug("newcomer") is None

    await found(migrated, pool, slug="newcomer", name="New", owner_email="o@x.example")
    await here.refresh()
    tenant = await here.by_slug("newcomer")

    assert tenant is not None
    assert tenant.status == "active"


async def test_watching_goes_on_after_any_error(migrated: TenantSettings, pool: Database) -> None:
    registry = Registry(pool, Keyring(migrated.secret_keys))
    watching = asyncio.create_task(registry.watch())
    await _as_owner(migrated, "ALTER TABLE control.installation RENAME TO hidden")
    await asyncio.sleep(1.5)
    await _as_owner(migrated, "ALTER TABLE control.hidden RENAME TO installation")
    assert await registry.by_slug("late-comer") is None

    await found(migrated, pool, slug="late-comer", name="Late", owner_email="o@x.example")
    for _ in range(1200):
        if await registry.by_slug("late-comer"):
            break
        await asyncio.sleep(0.05)
    tenant = await registry.by_slug("late-comer")
    watching.cancel()

    assert tenant is not None


async def test_what_was_heard_too_long_ago_is_asked_for_again(migrated: TenantSettings, pool: Database) -> None:
    now = 0.0
    registry = Registry(pool, Keyring(migrated.secret_keys), clock=lambda: now)
    quiet = (await found(migrated, pool, slug="unheard", name="Unheard", owner_email="o@x.example")).tenant
    await registry.refresh()
    assert await registry.by_slug("unheard") == quiet
    await _as_owner(migrated, "UPDATE control.organizations SET status = 'suspended' WHERE id = $1", quiet.id)

    now = TRUSTED_SECONDS - 0.1
    before = await registry.by_slug("unheard")
    now = TRUSTED_SECONDS
    after = await registry.by_slug("unheard")

    assert before == quiet
    assert after is not None
    assert after.status == "suspended"


async def test_a_tenant_whose_key_does_not_open_is_unavailable_alone(migrated: TenantSettings, pool: Database, acme: House) -> None:
    made = (await found(migrated, pool, slug="lost-key", name="Lost", owner_email="o@x.example")).tenant
    await _as_owner(migrated, "UPDATE control.organizations SET wrapped_key = '\\x01' || substr(wrapped_key, 2, 20) WHERE id = $1", made.id)
    registry = Registry(pool, Keyring(migrated.secret_keys))
    resolver = Resolver(registry, "localhost", serves)

    with pytest.raises(TenantLocked):
        await resolver.resolve("lost-key.localhost")
    assert (await resolver.resolve("acme.localhost")).tenant is not None
    assert {"acme", "lost-key"} <= {listed.slug for listed in await registry.all()}


async def test_hosts_resolve_to_their_tenants_and_nothing_else(registry: Registry, acme: House, globex: House) -> None:
    resolver = Resolver(registry, "localhost", serves)

    assert (await resolver.resolve("acme.localhost:8000")).tenant == acme.tenant
    assert (await resolver.resolve("GLOBEX.localhost")).tenant == globex.tenant
    for host in ("nobody.localhost", "www.localhost", "a@acme.localhost", "acme.localhost.", "evil.example"):
        with pytest.raises(UnknownHost):
            await resolver.resolve(host)


async def test_a_suspended_tenant_and_one_behind_are_refused_alone(migrated: TenantSettings, pool: Database, acme: House) -> None:
    quiet = (await found(migrated, pool, slug="quiet", name="Quiet", owner_email="o@x.example")).tenant
    registry = Registry(pool, Keyring(migrated.secret_keys))
    resolver = Resolver(registry, "localhost", serves)

    await _as_owner(migrated, "UPDATE control.organizations SET status = 'suspended' WHERE id = $1", quiet.id)
    with pytest.raises(TenantSuspended) as suspended:
        await resolver.resolve("quiet.localhost")
    await _as_owner(migrated, "UPDATE control.organizations SET status = 'active', revision = NULL WHERE id = $1", quiet.id)
    await registry.refresh()
    with pytest.raises(TenantBehind):
        await resolver.resolve("quiet.localhost")

    await _as_owner(migrated, "UPDATE control.organizations SET revision = $2 WHERE id = $1", quiet.id, quiet.revision)
    assert suspended.value.retry_after > 0
    assert (await resolver.resolve("acme.localhost")).tenant is not None


async def test_a_custom_domain_counts_only_when_verified(migrated: TenantSettings, pool: Database, acme: House) -> None:
    await _as_owner(migrated, "INSERT INTO control.domains (host, organization_id) VALUES ('news.acme.test', $1)", acme.tenant.id)
    with pytest.raises(UnknownHost):
        await Resolver(Registry(pool, Keyring(migrated.secret_keys)), "localhost", serves).resolve("news.acme.test")

    await _as_owner(migrated, "UPDATE control.domains SET verified_at = now() WHERE host = 'news.acme.test'")

    resolved = await Resolver(Registry(pool, Keyring(migrated.secret_keys)), "localhost", serves).resolve("news.acme.test")
    assert resolved.tenant == acme.tenant


async def test_a_slug_in_use_is_refused_and_creation_goes_on_where_it_stopped(migrated: TenantSettings, pool: Database, acme: House) -> None:
    with pytest.raises(Conflict):
        await found(migrated, pool, slug="acme", name="Again", owner_email="o@x.example")
    with pytest.raises(ValidationFailed):
        await found(migrated, pool, slug="acme2", name="", owner_email="o@x.example")
    assert await registry_of(migrated, pool).by_slug("acme2") is None
    await lifecycle.create(migrated, HeadProvisioner(), tenant_slug("acme2"), "Typed wrongly", "basic")

    finished = await found(migrated, pool, slug="acme2", name="Acme Two", owner_email="o@x.example", tier="team")

    assert (finished.tenant.status, finished.tenant.slug, finished.tenant.name, finished.tenant.tier) == ("active", "acme2", "Acme Two", "team")


async def test_creation_goes_on_with_the_owner_it_began_with(migrated: TenantSettings, pool: Database) -> None:
    first = await found(migrated, pool, slug="twice", name="Twice", owner_email="right@x.example")
    await _as_owner(migrated, "UPDATE control.organizations SET status = 'provisioning' WHERE slug = 'twice'")

    with pytest.raises(Conflict, match="another owner"):
        await found(migrated, pool, slug="twice", name="Twice", owner_email="wrong@x.example")

    assert (await found(migrated, pool, slug="twice", name="Twice", owner_email="right@x.example")).owner_id == first.owner_id


def registry_of(settings: TenantSettings, pool: Database) -> Registry:
    return Registry(pool, Keyring(settings.secret_keys))
