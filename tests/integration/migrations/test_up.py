from __future__ import annotations

import asyncio
import subprocess
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import make_url

import workers.reactions  # noqa: F401 - fills the registry, without which nobody would hear of anything
from app.bus import Bus
from app.content.commands import ApprovePost, CreatePost, PublishPost, SubmitPost
from app.taxonomy.commands import EnsureTags
from app.users.commands import InviteUser
from app.users.values import DEFAULT_ROLES, OWNER, PERMISSIONS
from auth.principal import Kind, Principal
from auth.signing import SigningKeys
from migrations import runner
from migrations.history import History, head
from migrations.lock import MigrationRunning
from migrations.runs import Run
from migrations.serving import OLDEST_SERVED
from migrations.status import status
from ops.organizations.founding import Founded, found
from ops.stack import Addresses, databases
from ops.stack.binaries import installed
from tenants.database import Database, Place, connect_as_admin
from tenants.database.failures import DatabaseRefused, NotTheOwners
from tenants.errors import ConfigurationError
from tenants.ids import new_id
from tenants.privileges import open_functions, temporary_tables_open
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.installations import new_database, settings_for
from tests.integration.migrations.commands import imprint
from tests.integration.migrations.conftest import empty
from tests.integration.owner import as_owner
from tests.postgres15 import Postgres15
from workers.reactions.registry import handlers_of
from workers.relay import Relay

HEARD = statement("SELECT o.slug, count(*) FROM control.deliveries d JOIN control.organizations o ON o.id = d.organization_id GROUP BY 1 ORDER BY 1")
HAPPENED = statement("SELECT event_type FROM __tenant__.domain_events")
TAGGED = statement("SELECT count(*) FROM __tenant__.post_tags WHERE post_id = :post AND tag_id = ANY (CAST(:ids AS uuid[]))")


async def _whole_life(settings: TenantSettings, *, superuser: bool) -> None:
    """An empty database becomes an installation with two tenants that publish, and cannot see each other."""
    first = await runner.up(settings)
    again = await runner.up(settings)
    assert (first.failed, again.failed, again.done) == ({}, {}, [])
    async with Database(settings, connections=2) as pool:
        for slug in ("acme", "globex"):
            founded = await found(settings, pool, slug=slug, name=slug.title(), owner_email=f"owner@{slug}.example")
            await _publish(pool, founded)
        tenants = {str(t.slug): t for t in await Registry(pool, Keyring(settings.secret_keys)).all()}
        while await Relay(pool).step():
            continue
        async with pool.control() as control:
            heard = [(row["slug"], row["count"]) for row in await control.fetch(HEARD)]
        assert heard == [(slug, await _meant(pool, tenant.place)) for slug, tenant in sorted(tenants.items())]
        await SigningKeys(pool, Keyring(settings.secret_keys), overlap=0).rotate()
    await _walls(settings, tenants["acme"].place, tenants["globex"].place, superuser=superuser)
    state = await status(settings)
    assert state["tenant"] == {"head": head(History.TENANT), "oldest_served": OLDEST_SERVED, "counts": {head(History.TENANT): 2}}
    assert state["behind"] == []


async def _meant(pool: Database, place: Place) -> int:
    """How many reactions there are to all that happened."""
    async with pool.reading(place) as connection:
        reactions = sum(len(handlers_of(row["event_type"])) for row in await connection.fetch(HAPPENED))
    assert reactions > 0
    return reactions


async def _publish(pool: Database, founded: Founded) -> None:
    """A post with tags and an editor, from its draft to its readers."""
    owner = Principal(Kind.PERSON, founded.owner_id, OWNER, PERMISSIONS)
    editor_id = new_id()
    editor = Principal(Kind.PERSON, editor_id, "editor", DEFAULT_ROLES["editor"])
    async with Bus(pool).unit(founded.tenant, owner, correlation_id=new_id()) as unit:
        await unit.execute(InviteUser(editor_id, f"editor@{founded.tenant.slug}.example", name="Ed", role="editor"))
        tags = (await unit.execute(EnsureTags(("ink", "paper")))).aggregates
        [post] = (await unit.execute(CreatePost(new_id(), "A title", "Some text.", tags=tags, editors=(editor_id,)))).aggregates
    for command, who in ((SubmitPost(post), owner), (ApprovePost(post), editor), (PublishPost(post), owner)):
        await Bus(pool).execute(founded.tenant, command, who, correlation_id=new_id())
    async with pool.reading(founded.tenant.place) as connection:
        assert await connection.fetchval(TAGGED, ids=list(tags), post=post) == 2


def _dump(url: str, *options: str) -> None:
    done = subprocess.run([installed().postgres("pg_dump"), "--file=/dev/null", *options, url], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def _walls(settings: TenantSettings, mine: Place, theirs: Place, *, superuser: bool) -> None:
    """A tenant's role reads its own; what it may not, it may not; the functions are closed where the admin could close them."""
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(f'SET ROLE "{mine.role}"')
    assert await connection.fetchval(f"SELECT count(*) FROM {mine.schema}.users") == 2
    for sql in (f"SELECT * FROM {theirs.schema}.users", "SELECT * FROM control.signing_keys", "CREATE TEMP TABLE posts (id int)"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)
    for sql in ("SELECT lo_create(0)", "SELECT set_config('jit', 'on', false)", "SELECT pg_try_advisory_lock(1)", "SELECT pg_advisory_xact_lock(1)"):
        if superuser:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(sql)
    await connection.close()
    async with connect_as_admin(settings.database_url) as login:
        assert bool(await open_functions(login)) is not superuser
        assert not await temporary_tables_open(login)
    async with as_owner(settings) as owner:
        await owner.execute("SELECT set_config('jit', 'off', false)")


async def test_an_admin_without_superuser_rights_makes_an_installation_on_postgres_18(stack: Addresses, worker_name: str) -> None:
    own = new_database(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = settings_for(own.admin_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")

    await _whole_life(settings, superuser=False)
    _dump(settings.admin_database_url, f"--role={settings.owner_role}")


async def test_a_superuser_makes_an_installation_and_its_login_role_on_postgres_18(stack: Addresses, worker_name: str) -> None:
    own = new_database(worker_name)
    admin = await asyncpg.connect(stack.superuser_url)
    await admin.execute(f"CREATE DATABASE {own.name}")
    await admin.close()
    superuser_url = stack.superuser_url.rpartition("/")[0] + "/" + own.name

    settings = settings_for(superuser_url, own.app_url(stack.postgres_port), f"owner_{own.name}")

    await _whole_life(settings, superuser=True)
    _dump(superuser_url)
    _dump(superuser_url, f"--role={settings.owner_role}")


async def test_an_admin_without_superuser_rights_makes_an_installation_on_postgres_15(postgres15: Postgres15) -> None:
    await _whole_life(settings_for(postgres15.admin_url, postgres15.database_url, "owner_15"), superuser=False)


async def test_a_superuser_makes_an_installation_on_postgres_15(postgres15: Postgres15) -> None:
    admin = await asyncpg.connect(postgres15.superuser_url)
    await admin.execute("CREATE DATABASE super15")
    await admin.close()
    superuser_url = postgres15.superuser_url.rpartition("/")[0] + "/super15"
    app_url = postgres15.database_url.replace("imprint_app", "super15_app").rpartition("/")[0] + "/super15"

    await _whole_life(settings_for(superuser_url, app_url, "owner_super15"), superuser=True)


async def test_a_login_role_that_could_read_every_tenant_is_refused(stack: Addresses, worker_name: str) -> None:
    own = new_database(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = settings_for(own.admin_url(stack.postgres_port), stack.superuser_url, f"owner_{own.name}")

    with pytest.raises(ConfigurationError, match="could read every tenant"):
        await runner.up(settings)


async def test_an_admin_that_may_not_make_roles_is_told_what_to_run(stack: Addresses, worker_name: str) -> None:
    own = new_database(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = settings_for(own.app_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")

    with pytest.raises(ConfigurationError, match="CREATEROLE"):
        await runner.up(settings)


async def test_an_admin_whom_postgres_does_not_let_in_or_that_owns_nothing_is_told_so(migrated: TenantSettings) -> None:
    ours = make_url(migrated.admin_database_url)
    strange = ours.set(password="another"), ours.set(database="no_such"), ours.set(username="no_such")
    for url in (one.render_as_string(hide_password=False) for one in strange):
        with pytest.raises(DatabaseRefused, match=r"Postgres said: .* Correct the URL"):
            await runner.up(replace(migrated, admin_database_url=url))
    for wrong in (replace(migrated, admin_database_url=migrated.database_url), replace(migrated, owner_role="no_such_role")):
        with pytest.raises(NotTheOwners, match="has to be of a role that may act as"):
            await runner.up(wrong)

    unreachable = await imprint(replace(migrated, admin_database_url="postgresql://admin:secret@127.0.0.1:1/imprint"), "migrate", "status")
    refused = await imprint(
        replace(migrated, admin_database_url=ours.set(password="another").render_as_string(hide_password=False)), "tenants", "audit"
    )
    assert (unreachable.code, refused.code) == (1, 2)
    assert "127.0.0.1" in unreachable.err
    assert "imprint doctor" in unreachable.err
    assert "DATABASE_REFUSED" in refused.err
    assert "secret" not in unreachable.err + refused.err


async def test_of_two_runners_one_is_told_who_holds_the_lock(migrated: TenantSettings) -> None:
    results = await asyncio.gather(*(runner.up(migrated) for _ in range(6)), return_exceptions=True)

    refused = [result for result in results if isinstance(result, MigrationRunning)]
    assert refused
    assert "backend" in refused[0].message
    assert [result for result in results if not isinstance(result, Run | MigrationRunning)] == []


async def test_a_tenant_that_fails_is_left_as_it_was_and_named_while_others_go_on(three: TenantSettings) -> None:
    await empty(three, "one")
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.organizations SET revision = NULL WHERE slug = 'two'")

    run = await runner.up(three)

    assert run.done == ["one"]
    assert list(run.failed) == ["two"]
    assert "already exists" in run.failed["two"]
    assert (await status(three))["behind"] == ["two"]
