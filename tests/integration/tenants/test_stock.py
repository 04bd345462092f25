"""Places made beforehand: claimed once each, made and removed whole, never mistaken for anybody's."""

from __future__ import annotations

import asyncio

import pytest

from migrations import runner
from migrations.provisioning import HeadProvisioner
from ops.organizations.founding import found
from ops.stack import Addresses, databases
from ops.stack.binaries import installed
from tenants import lifecycle
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.errors import Refusal
from tenants.lifecycle import stock
from tenants.naming import RoleName, SchemaName
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.installations import new_database, settings_for
from tests.postgres15 import Postgres15

PLACES = "SELECT schema, role FROM control.stock ORDER BY made_at, organization_id"
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{32}$'"
ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)"
OWN_ROLES = "SELECT rolname FROM pg_roles WHERE starts_with(rolname, (SELECT role_prefix FROM control.installation)) ORDER BY 1"


class Older:
    """An older release's, whose head was another."""

    revision = "0000"

    def statements(self, schema: SchemaName, role: RoleName) -> list[str]:  # noqa: ARG002 - it made nothing
        return []


class Breaking:
    """One whose DDL fails at its end."""

    revision = HeadProvisioner().revision

    def statements(self, schema: SchemaName, role: RoleName) -> list[str]:
        return [*HeadProvisioner().statements(schema, role), "SELECT 1 / 0"]


async def _as_owner(settings: TenantSettings, admin: AdminConnection, sql: str, *arguments: object) -> list[tuple[str, ...]]:
    async with admin.transaction(settings.owner_role):
        return [tuple(value for _, value in row.items()) for row in await admin.rows(sql, *arguments)]


async def _empty(settings: TenantSettings, admin: AdminConnection) -> None:
    await stock.discard(admin, settings, [HeadProvisioner().revision, Older.revision])


async def test_a_stock_is_filled_to_what_is_wanted_and_no_further(migrated: TenantSettings) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)

        made = [await stock.fill(admin, migrated, HeadProvisioner(), wanted) for wanted in (2, 10, 10, 3)]

        assert made == [2, 8, 0, 0]
        places = await _as_owner(migrated, admin, PLACES)
        assert len(places) == 10
        schemas = {name for (name,) in await _as_owner(migrated, admin, SCHEMAS)}
        roles = {name for (name,) in await _as_owner(migrated, admin, ROLES, [role for _, role in places])}
        assert {schema for schema, _ in places} <= schemas
        assert {role for _, role in places} == roles
        await _empty(migrated, admin)


async def test_two_who_fill_at_once_make_no_more_than_one_would(migrated: TenantSettings) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin, connect_as_admin(migrated.admin_database_url) as other:
        await _empty(migrated, admin)

        made = await asyncio.gather(*(stock.fill(one, migrated, HeadProvisioner(), 3) for one in (admin, other)))

        assert sorted(made) == [0, 3]
        await _empty(migrated, admin)


async def test_an_organization_claims_the_oldest_place_and_works_in_it(migrated: TenantSettings, pool: Database) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)
        await stock.fill(admin, migrated, HeadProvisioner(), 2)
        places = await _as_owner(migrated, admin, PLACES)

        founded = await found(migrated, pool, slug="claimed", name="Claimed", owner_email="o@x.example", admin=admin)

        assert (founded.tenant.place.schema, founded.tenant.place.role) == places[0]
        assert founded.tenant.revision == HeadProvisioner().revision
        assert await _as_owner(migrated, admin, PLACES) == places[1:]
        await _empty(migrated, admin)


async def test_many_who_claim_at_once_get_a_place_each_and_the_rest_are_made(migrated: TenantSettings) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)
        await stock.fill(admin, migrated, HeadProvisioner(), 3)
        places = {schema for schema, _ in await _as_owner(migrated, admin, PLACES)}

        made = await asyncio.gather(
            *(lifecycle.create(migrated, HeadProvisioner(), tenant_slug(f"rush{number}"), "Rush", "basic") for number in range(5))
        )

        of_them = await _as_owner(migrated, admin, "SELECT schema FROM control.organizations WHERE id = ANY ($1)", made)
        assert len(set(of_them)) == 5
        assert places <= {schema for (schema,) in of_them}
        assert await _as_owner(migrated, admin, PLACES) == []


async def test_what_an_interrupted_creation_claimed_is_gone_on_with(migrated: TenantSettings, pool: Database) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)
        await stock.fill(admin, migrated, HeadProvisioner(), 2)
        begun = await lifecycle.create(migrated, HeadProvisioner(), tenant_slug("interrupted"), "Interrupted", "basic")

        founded = await found(migrated, pool, slug="interrupted", name="Interrupted", owner_email="o@x.example", tier="team")

        assert (founded.tenant.id, founded.tenant.tier, founded.tenant.quotas.members) == (begun, "team", 2000)
        assert len(await _as_owner(migrated, admin, PLACES)) == 1
        await _empty(migrated, admin)


async def test_places_of_an_older_release_are_claimed_by_nobody_and_removed_with_schema_and_role(migrated: TenantSettings) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)
        await stock.fill(admin, migrated, Older(), 2)
        old = await _as_owner(migrated, admin, PLACES)

        organization = await lifecycle.create(migrated, HeadProvisioner(), tenant_slug("fresh"), "Fresh", "basic", admin=admin)

        [(schema,)] = await _as_owner(migrated, admin, "SELECT schema FROM control.organizations WHERE id = $1", organization)
        assert schema not in {schema for schema, _ in old}
        assert await stock.discard(admin, migrated, [Older.revision]) == 2
        assert await _as_owner(migrated, admin, PLACES) == []
        assert await _as_owner(migrated, admin, ROLES, [role for _, role in old]) == []
        assert not {schema for schema, _ in old} & {name for (name,) in await _as_owner(migrated, admin, SCHEMAS)}


async def test_a_batch_that_fails_leaves_nothing_behind(migrated: TenantSettings) -> None:
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await _empty(migrated, admin)
        before = await _as_owner(migrated, admin, SCHEMAS), await _as_owner(migrated, admin, OWN_ROLES)

        with pytest.raises(Refusal, match="division by zero"):
            await stock.fill(admin, migrated, Breaking(), 2)

        assert (await _as_owner(migrated, admin, SCHEMAS), await _as_owner(migrated, admin, OWN_ROLES)) == before
        assert await _as_owner(migrated, admin, PLACES) == []


async def _whole_life(settings: TenantSettings) -> None:
    """Made, claimed, worked in, and the rest discarded."""
    await runner.up(settings)
    async with connect_as_admin(settings.admin_database_url) as admin, Database(settings, connections=2) as database:
        assert await stock.fill(admin, settings, HeadProvisioner(), 3) == 3
        places = await _as_owner(settings, admin, PLACES)
        founded = await found(settings, database, slug="claimed", name="Claimed", owner_email="o@x.example", admin=admin)
        assert (founded.tenant.place.schema, founded.tenant.place.role) == places[0]
        assert await stock.discard(admin, settings, [HeadProvisioner().revision]) == 2
        assert await _as_owner(settings, admin, ROLES, [role for _, role in places]) == [(places[0][1],)]


async def test_a_stock_is_kept_by_an_admin_that_is_no_superuser_on_postgres_15(postgres15: Postgres15, worker_name: str) -> None:
    own = new_database(worker_name)
    postgres15.make(own)
    port = int(postgres15.superuser_url.rpartition(":")[2].partition("/")[0])

    await _whole_life(settings_for(own.admin_url(port), own.app_url(port), f"owner_{own.name}"))


async def test_a_stock_is_kept_by_a_superuser_on_postgres_18(stack: Addresses, worker_name: str) -> None:
    own = new_database(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    superuser = stack.superuser_url.rpartition("/")[0] + "/" + own.name

    await _whole_life(settings_for(superuser, own.app_url(stack.postgres_port), f"owner_{own.name}"))
