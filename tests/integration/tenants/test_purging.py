"""What a purge leaves of an organization, and what it does not touch."""

from __future__ import annotations

import asyncpg
import pytest

from migrations import runner
from migrations.provisioning import HeadProvisioner
from ops.organizations.founding import found
from tenants import lifecycle
from tenants.database import Database, connect_as_admin
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.lifecycle.deletion import delete, undelete
from tenants.lifecycle.dropping import UsedElsewhere, place_for
from tenants.lifecycle.entries import WrongState
from tenants.lifecycle.making import Names, NamesTaken, make_place
from tenants.lifecycle.purging import GraceNotOver, due, purge
from tenants.lifecycle.states import suspend
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House
from tests.integration.installations import new_database, settings_for
from tests.integration.owner import as_owner
from tests.integration.tenants.lives import actions, deleted, entry, is_there, made, new_slug
from tests.postgres15 import Postgres15
from tests.quiet import quiet


async def _left(settings: TenantSettings, tenant: Tenant) -> dict[str, int]:
    """How much of it control still holds."""
    async with as_owner(settings) as owner:
        by_role = {
            name: await owner.fetchval(f"SELECT count(*) FROM control.{name} WHERE role = $1", tenant.place.role) for name in ("outbox", "timers")
        }
        by_id = {
            name: await owner.fetchval(f"SELECT count(*) FROM control.{name} WHERE organization_id = $1", tenant.id)
            for name in ("deliveries", "domains", "pending_indexes", "tombstones", "former_slugs")
        }
    return by_role | by_id


async def test_nothing_of_a_purged_organization_is_left_but_its_tombstone_and_slug(migrated: TenantSettings, pool: Database, acme: House) -> None:
    tenant = await deleted(migrated, pool)
    async with transaction(pool, tenant, Cause(new_id())) as tx:
        await tx.schedule("test.remember", new_id(), tx.now)
    async with as_owner(migrated) as owner:
        await owner.execute("INSERT INTO control.domains (host, organization_id) VALUES ('gone.example', $1)", tenant.id)

    first = await purge(migrated, tenant.slug, quiet)
    again = await purge(migrated, tenant.slug, quiet)

    assert first == again
    assert (first.id, first.slug) == (tenant.id, tenant.slug)
    assert await is_there(migrated, tenant) == (False, False)
    assert await entry(migrated, tenant) == {}
    assert await _left(migrated, tenant) == {
        "outbox": 0,
        "timers": 0,
        "deliveries": 0,
        "domains": 0,
        "pending_indexes": 0,
        "tombstones": 1,
        "former_slugs": 1,
    }
    assert (await actions(migrated, tenant))[-3:] == ["tenant.deleted", "tenant.purge_began", "tenant.purged"]
    assert await is_there(migrated, acme.tenant) == (True, True)
    with pytest.raises(Conflict, match="was another organization's"):
        await found(migrated, pool, slug=tenant.slug, name="Again", owner_email="o@x.example")


async def test_a_purge_waits_for_the_grace_to_end_and_then_there_is_no_way_back(migrated: TenantSettings, pool: Database) -> None:
    tenant = await made(migrated, pool)
    with pytest.raises(WrongState, match="delete it first"):
        await purge(migrated, tenant.slug, quiet)
    await delete(migrated, tenant.slug, confirm=tenant.slug, grace_days=1)
    with pytest.raises(GraceNotOver, match=r"until \d{4}-\d\d-\d\d"):
        await purge(migrated, tenant.slug, quiet)
    assert tenant.slug not in await due(migrated)
    assert await is_there(migrated, tenant) == (True, True)

    await delete(migrated, tenant.slug, confirm=tenant.slug, grace_days=0)
    assert tenant.slug in await due(migrated)
    async with as_owner(migrated) as owner:
        await owner.execute("UPDATE control.organizations SET purge_began_at = now() WHERE id = $1", tenant.id)
    for refused in (
        undelete(migrated, tenant.slug),
        suspend(migrated, tenant.slug),
        delete(migrated, tenant.slug, confirm=tenant.slug, grace_days=5),
    ):
        with pytest.raises(WrongState, match="purged"):
            await refused
    await purge(migrated, tenant.slug, quiet)
    assert await is_there(migrated, tenant) == (False, False)


async def test_one_left_half_made_is_removed_and_its_slug_is_free_again(migrated: TenantSettings, pool: Database) -> None:
    slug = new_slug("half")
    half = await lifecycle.create(migrated, HeadProvisioner(), tenant_slug(slug), "Half", "basic")
    assert slug not in await due(migrated)

    assert (await purge(migrated, slug, quiet)).id == half

    whole = (await found(migrated, pool, slug=slug, name="Whole", owner_email="o@x.example")).tenant
    assert (whole.status, whole.id == half) == ("active", False)


async def test_what_nobody_ever_had_cannot_be_purged(migrated: TenantSettings) -> None:
    with pytest.raises(NotFound, match="imprint tenants list"):
        await purge(migrated, "nobody-ever", quiet)


async def test_a_schema_with_everything_in_it_is_dropped_a_few_objects_at_a_time(migrated: TenantSettings, pool: Database) -> None:
    tenant = await deleted(migrated, pool)
    schema = tenant.place.schema
    async with as_owner(migrated) as owner:
        await owner.execute(f'SET search_path = "{schema}"')
        await owner.execute(
            """
            CREATE TABLE hub (id int PRIMARY KEY, other int);
            DO $$ BEGIN FOR i IN 1..60 LOOP
              EXECUTE format('CREATE TABLE spoke_%s (id int PRIMARY KEY, hub int REFERENCES hub, "Odd Name" text)', i);
            END LOOP; END $$;
            ALTER TABLE hub ADD FOREIGN KEY (other) REFERENCES spoke_1;
            CREATE TABLE parted (id int, at date) PARTITION BY RANGE (at);
            CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
            CREATE VIEW "Looks" AS SELECT s.id FROM spoke_2 s JOIN hub h ON h.id = s.hub;
            CREATE VIEW looks_twice AS SELECT * FROM "Looks";
            CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM looks_twice;
            CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER touched AFTER INSERT ON hub EXECUTE FUNCTION touched();
            CREATE FUNCTION all_of() RETURNS SETOF hub LANGUAGE sql AS 'SELECT NULL::int, NULL::int';
            CREATE PROCEDURE done(a int, VARIADIC b text[]) LANGUAGE sql AS '';
            CREATE SEQUENCE numbers;
            """
        )
    heard: list[str] = []

    await purge(migrated, tenant.slug, heard.append)

    assert await is_there(migrated, tenant) == (False, False)
    assert [line.split(" ", 1)[1].split(" ", 1)[1] for line in heard] == [
        "foreign keys dropped",
        "views dropped",
        "tables dropped",
        "sequences dropped",
        "functions dropped",
    ]


async def test_what_is_built_on_it_elsewhere_keeps_it_from_being_purged_and_is_named(migrated: TenantSettings, pool: Database) -> None:
    tenant = await deleted(migrated, pool)
    report = f"report_{tenant.id.hex[-6:]}"
    admin = await asyncpg.connect(migrated.admin_database_url)
    await admin.execute(f"CREATE SCHEMA {report} AUTHORIZATION {migrated.owner_role}")
    await admin.execute(f"SET ROLE {migrated.owner_role}")
    await admin.execute(f"CREATE VIEW {report}.titles AS SELECT title FROM {tenant.place.schema}.posts")

    with pytest.raises(UsedElsewhere, match=rf"{report}\.titles"):
        await purge(migrated, tenant.slug, quiet)
    assert (await entry(migrated, tenant))["purge_began_at"] is None

    await admin.execute(f"DROP SCHEMA {report} CASCADE")
    await admin.close()
    await purge(migrated, tenant.slug, quiet)
    assert await is_there(migrated, tenant) == (False, False)


async def test_a_role_that_was_given_rights_by_hand_is_dropped_with_them(migrated: TenantSettings, pool: Database) -> None:
    tenant = await deleted(migrated, pool)
    async with as_owner(migrated) as owner:
        await owner.execute(f'GRANT SELECT ON control.stock TO "{tenant.place.role}"')
        await owner.execute(f'ALTER DEFAULT PRIVILEGES IN SCHEMA control GRANT SELECT ON TABLES TO "{tenant.place.role}"')

    await purge(migrated, tenant.slug, quiet)

    assert await is_there(migrated, tenant) == (False, False)


def test_names_that_are_not_the_ids_own_are_never_acted_upon() -> None:
    one, other = new_id(), new_id()

    assert place_for(one, f"t_{one.hex}", f"i1_t_{one.hex}").schema == f"t_{one.hex}"
    for schema, role in (
        (f"t_{other.hex}", f"i1_t_{one.hex}"),
        (f"t_{one.hex}", f"i1_t_{other.hex}"),
        ("public", "postgres"),
        ("control", "control"),
    ):
        with pytest.raises(ValueError, match="not those of"):
            place_for(one, schema, role)


async def test_no_organization_is_made_in_a_place_that_is_there_or_was_purged(migrated: TenantSettings, pool: Database) -> None:
    living, dead = await made(migrated, pool), await deleted(migrated, pool)
    await purge(migrated, dead.slug, quiet)
    lonely = new_id()
    async with connect_as_admin(migrated.admin_database_url) as admin:
        async with admin.transaction(migrated.owner_role):
            names = await Names.read(admin, migrated)
        await admin.run(f'CREATE SCHEMA "{names.place_of(lonely).schema}"')
        for organization, why in ((living.id, "exist"), (dead.id, "purged"), (lonely, "the schema is there")):
            with pytest.raises(NamesTaken, match=why):
                async with admin.transaction(migrated.owner_role):
                    await make_place(admin, names, HeadProvisioner(), organization)
        await admin.run(f'DROP SCHEMA "{names.place_of(lonely).schema}"')


async def test_purging_on_postgres_15_as_an_admin_without_superuser_rights(postgres15: Postgres15, worker_name: str) -> None:
    own = new_database(worker_name)
    postgres15.make(own)
    port = int(postgres15.superuser_url.rpartition(":")[2].partition("/")[0])
    settings = settings_for(own.admin_url(port), own.app_url(port), f"owner_{own.name}")
    await runner.up(settings)
    async with Database(settings, connections=2) as pool:
        tenant, other = await deleted(settings, pool), await made(settings, pool)
        async with as_owner(settings) as owner:
            await owner.execute(f'GRANT SELECT ON control.stock TO "{tenant.place.role}"')

        await purge(settings, tenant.slug, quiet)

        assert await is_there(settings, tenant) == (False, False)
        assert await is_there(settings, other) == (True, True)
        assert await Registry(pool, Keyring(settings.secret_keys)).by_slug(other.slug) == other
