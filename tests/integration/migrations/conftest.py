"""Installations of a test's own, to be put into states that no other test should meet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from migrations import history as histories
from migrations.history import History
from migrations.provisioning import HeadProvisioner
from ops.organizations.founding import found
from ops.stack import Addresses
from tenants import lifecycle
from tenants.database import Database, connect_as_admin
from tenants.lifecycle.making import Provisioner
from tenants.naming import RoleName, SchemaName, quoted
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.installations import installation_at
from tests.integration.migrations.revisions import Further, further_in
from tests.integration.migrations.writing import Writing
from tests.integration.owner import as_owner

FEW = ("alembic_version", "posts", "users", "roles", "tags")


@pytest.fixture
async def three(stack: Addresses, worker_name: str) -> TenantSettings:
    """An installation with the organizations one, three and two, of an admin that is no superuser."""
    settings = await installation_at(stack, worker_name)
    async with Database(settings, connections=2) as pool:
        for slug in ("one", "two", "three"):
            await found(settings, pool, slug=slug, name=slug, owner_email="o@x.example")
    return settings


async def empty(settings: TenantSettings, *slugs: str) -> None:
    """Take these organizations back to before their first revision."""
    async with as_owner(settings) as owner:
        for schema in await owner.fetch("SELECT schema FROM control.organizations WHERE slug = ANY ($1)", slugs):
            for table in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema["schema"]):
                await owner.execute(f"DROP TABLE {schema['schema']}.{table['tablename']} CASCADE")
        await owner.execute("UPDATE control.organizations SET revision = NULL WHERE slug = ANY ($1)", slugs)


@pytest.fixture
def further(tmp_path: Path) -> Iterator[Further]:
    """Revisions that only this test sees."""
    with further_in(tmp_path / "revisions") as further:
        yield further


@pytest.fixture
def writing(tmp_path: Path, stack: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writing]:
    monkeypatch.setattr(histories, "_TRIED_OUT", {})
    own = Writing(tmp_path, stack.superuser_url)
    histories.try_out(History.TENANT, own.folder)
    yield own
    histories.revisions.cache_clear()


@pytest.fixture
async def installation(stack: Addresses, worker_name: str) -> TenantSettings:
    """An installation without organizations, of an admin that is no superuser."""
    return await installation_at(stack, worker_name)


class FewTables(HeadProvisioner):
    """Makes tenants that stand at the head revision with the tables only that a runner's tests change: a tenth of the work."""

    def statements(self, schema: SchemaName, role: RoleName) -> Sequence[str]:
        table = rf"{re.escape(quoted(schema))}\.({'|'.join(FEW)})\b"
        of_them = re.compile(rf"(CREATE TABLE|ALTER TABLE|INSERT INTO|UPDATE|CREATE (UNIQUE )?INDEX \w+ ON|REVOKE [\w, ]+ ON) {table}")
        return [sql for sql in super().statements(schema, role) if of_them.match(sql)]


async def places(settings: TenantSettings, count: int, provisioner: Provisioner | None = None) -> list[str]:
    """So many open organizations without people, their slugs in order; with few tables unless said otherwise."""
    slugs = [f"t{number:03d}" for number in range(1, count + 1)]
    async with connect_as_admin(settings.admin_database_url) as admin:
        for slug in slugs:
            made = await lifecycle.create(settings, provisioner or FewTables(), tenant_slug(slug), slug, "basic", admin=admin)
            await lifecycle.activate(settings, made, admin=admin)
    return slugs


async def revisions_of(settings: TenantSettings) -> dict[str, str]:
    """Where the registry and the schema itself say that each organization stands, which must be one."""
    found = {}
    async with as_owner(settings) as owner:
        for row in await owner.fetch("SELECT slug, schema, revision FROM control.organizations ORDER BY slug"):
            assert await owner.fetchval(f"SELECT version_num FROM {row['schema']}.alembic_version") == row["revision"]
            found[row["slug"]] = row["revision"]
    return found


async def columns_of(settings: TenantSettings, table: str, column: str) -> set[str]:
    """The slugs of those whose table has the column."""
    async with as_owner(settings) as owner:
        rows = await owner.fetch(
            "SELECT o.slug FROM control.organizations o JOIN information_schema.columns c ON c.table_schema = o.schema "
            "WHERE c.table_name = $1 AND c.column_name = $2",
            table,
            column,
        )
    return {row["slug"] for row in rows}
