from __future__ import annotations

import asyncio
import base64
import dataclasses
import os
import secrets

import asyncpg
import pytest

from migrations import runner
from migrations.history import History, head
from migrations.lock import MigrationRunning
from migrations.status import status
from ops.founding import found
from ops.stack import Addresses, databases
from ops.stack.binaries import installed
from ops.stack.databases import Database as NewDatabase
from tenants.database import Database
from tenants.environment import Environment
from tenants.errors import ConfigurationError
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tests.postgres15 import Postgres15


def _settings(admin_url: str, app_url: str, owner: str) -> TenantSettings:
    key = base64.b64encode(os.urandom(32)).decode()
    env = Environment(
        {
            "IMPRINT_ENV": "dev",
            "IMPRINT_ADMIN_DATABASE_URL": admin_url,
            "IMPRINT_DATABASE_URL": app_url,
            "IMPRINT_OWNER_ROLE": owner,
            "IMPRINT_REDIS_URL": "redis://127.0.0.1:1/0",
            "IMPRINT_SECRET_KEY": key,
        }
    )
    settings = TenantSettings.read(env)
    env.finish()
    return settings


def _new(worker: str) -> NewDatabase:
    name = f"up_{secrets.token_hex(4)}_{worker}"
    return NewDatabase(name, f"admin_{name}", f"app_{name}", admin_password="a", app_password="b")


async def _whole_life(settings: TenantSettings) -> None:
    """An empty database becomes an installation with two tenants that cannot see each other."""
    first = await runner.up(settings)
    again = await runner.up(settings)
    assert (first.failed, again.failed, again.done) == ({}, {}, [])
    async with Database(settings, connections=2) as pool:
        for slug in ("acme", "globex"):
            await found(settings, pool, slug=slug, name=slug.title(), owner_email=f"owner@{slug}.example")
        tenants = {str(t.slug): t for t in await Registry(pool, Keyring(settings.secret_keys)).all()}
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(f'SET ROLE "{tenants["acme"].place.role}"')
    assert await connection.fetchval(f"SELECT count(*) FROM {tenants['acme'].place.schema}.users") == 1
    for table in (f"{tenants['globex'].place.schema}.users", "control.signing_keys"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT * FROM {table}")
    await connection.close()
    state = await status(settings)
    assert state["tenant"] == {"head": head(History.TENANT), "oldest_served": head(History.TENANT), "counts": {head(History.TENANT): 2}}
    assert state["behind"] == []


async def test_an_admin_without_superuser_rights_makes_an_installation_on_postgres_18(stack: Addresses, worker_name: str) -> None:
    own = _new(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)

    await _whole_life(_settings(own.admin_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}"))


async def test_a_superuser_makes_an_installation_and_its_login_role_on_postgres_18(stack: Addresses, worker_name: str) -> None:
    own = _new(worker_name)
    admin = await asyncpg.connect(stack.superuser_url)
    await admin.execute(f"CREATE DATABASE {own.name}")
    await admin.close()
    superuser_url = stack.superuser_url.rpartition("/")[0] + "/" + own.name

    await _whole_life(_settings(superuser_url, own.app_url(stack.postgres_port), f"owner_{own.name}"))


async def test_an_admin_without_superuser_rights_makes_an_installation_on_postgres_15(postgres15: Postgres15) -> None:
    await _whole_life(_settings(postgres15.admin_url, postgres15.database_url, "owner_15"))


async def test_a_superuser_makes_an_installation_on_postgres_15(postgres15: Postgres15) -> None:
    admin = await asyncpg.connect(postgres15.superuser_url)
    await admin.execute("CREATE DATABASE super15")
    await admin.close()
    superuser_url = postgres15.superuser_url.rpartition("/")[0] + "/super15"
    app_url = postgres15.database_url.replace("imprint_app", "super15_app").rpartition("/")[0] + "/super15"

    await _whole_life(_settings(superuser_url, app_url, "owner_super15"))


async def test_a_login_role_that_could_read_every_tenant_is_refused(stack: Addresses, worker_name: str) -> None:
    own = _new(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = _settings(own.admin_url(stack.postgres_port), stack.superuser_url, f"owner_{own.name}")

    with pytest.raises(ConfigurationError, match="could read every tenant"):
        await runner.up(settings)


async def test_an_admin_that_may_not_make_roles_is_told_what_to_run(stack: Addresses, worker_name: str) -> None:
    own = _new(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = _settings(own.app_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")

    with pytest.raises(ConfigurationError, match="CREATEROLE"):
        await runner.up(settings)


async def test_of_two_runners_one_is_told_who_holds_the_lock(migrated: TenantSettings) -> None:
    results = await asyncio.gather(*(runner.up(migrated) for _ in range(6)), return_exceptions=True)

    refused = [result for result in results if isinstance(result, MigrationRunning)]
    assert refused
    assert "backend" in refused[0].message
    assert [result for result in results if not isinstance(result, runner.Run | MigrationRunning)] == []


async def test_a_tenant_that_fails_is_left_as_it_was_and_named_while_others_go_on(stack: Addresses, worker_name: str) -> None:
    own = _new(worker_name)
    databases.make(installed().postgres("psql"), stack.superuser_url, own)
    settings = _settings(own.admin_url(stack.postgres_port), own.app_url(stack.postgres_port), f"owner_{own.name}")
    await runner.up(settings)
    async with Database(settings, connections=2) as pool:
        made = [await found(settings, pool, slug=slug, name=slug, owner_email="o@x.example") for slug in ("one", "two")]
    admin = await asyncpg.connect(settings.admin_database_url)
    await admin.execute(f"SET ROLE {settings.owner_role}")
    await admin.execute("UPDATE control.organizations SET revision = NULL")
    for tables in await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", made[0].tenant.place.schema):
        await admin.execute(f"DROP TABLE {made[0].tenant.place.schema}.{tables['tablename']} CASCADE")
    await admin.close()

    run = await runner.up(settings)

    assert run.done == ["one"]
    assert list(run.failed) == ["two"]
    assert "already exists" in run.failed["two"]
    assert (await status(dataclasses.replace(settings)))["behind"] == ["two"]
