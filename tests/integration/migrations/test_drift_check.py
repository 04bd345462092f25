"""What `imprint migrate drift` names, and what it leaves unnamed."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from uuid import uuid4

import asyncpg
import pytest

from migrations import runner
from migrations.drift import Findings, drift
from migrations.history import History, head
from ops.cli.frame import main
from ops.organizations.founding import found
from ops.stack import Addresses
from tenants.database import Database
from tenants.errors import NotFound
from tenants.lifecycle import NeverMigrated
from tenants.settings import TenantSettings
from tests.integration.installations import new_database, settings_for
from tests.integration.migrations.by_hand import DONE_BY_HAND, NAMED
from tests.integration.owner import as_owner
from tests.postgres15 import Postgres15


def _as_superuser(superuser_url: str, settings: TenantSettings) -> str:
    return superuser_url.rpartition("/")[0] + "/" + settings.admin_database_url.rpartition("/")[2]


async def _by_hand(url: str, settings: TenantSettings, slug: str, other: str) -> None:
    """Everything that a person with too many rights could do to one organization's schema."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow("SELECT schema, role FROM control.organizations WHERE slug = $1", slug)
        assert row
        await connection.execute(f"CREATE ROLE {other}")
        database = url.rpartition("/")[2]
        for sql in DONE_BY_HAND:
            await connection.execute(sql.format(schema=row["schema"], role=row["role"], owner=settings.owner_role, other=other, database=database))
    finally:
        await connection.close()


def _lines(findings: Findings) -> list[str]:
    return [line for drifted in findings.drifted for line in drifted.lines()]


async def _every_kind_in_one_tenant(settings: TenantSettings, superuser_url: str, *, membership: str) -> None:
    before = await drift(settings)
    assert (_lines(before), before.said) == ([], [])
    other = f"other_{settings.owner_role}"
    await _by_hand(_as_superuser(superuser_url, settings), settings, "one", other)

    after = await drift(settings)

    named = NAMED.format(owner=settings.owner_role, other=other, membership=membership, head=head(History.TENANT))
    assert _lines(after) == [f"one: {line}" for line in named.splitlines()]
    assert after.compared == before.compared
    assert _lines(await drift(settings, "t*")) == []


async def test_a_drift_of_every_kind_is_named_exactly_and_only_where_it_is(three: TenantSettings, stack: Addresses) -> None:
    await _every_kind_in_one_tenant(three, stack.superuser_url, membership=": it is INHERIT, SET")


async def test_also_on_postgres_15(postgres15: Postgres15, worker_name: str) -> None:
    own = new_database(worker_name)
    postgres15.make(own)
    port = int(postgres15.superuser_url.rpartition(":")[2].partition("/")[0])
    settings = settings_for(own.admin_url(port), own.app_url(port), f"owner_{own.name}")
    await runner.up(settings)
    async with Database(settings, connections=2) as pool:
        for slug in ("one", "two"):
            await found(settings, pool, slug=slug, name=slug, owner_email="o@x.example")

    await _every_kind_in_one_tenant(settings, postgres15.superuser_url, membership="")


async def test_a_version_row_that_is_missing_or_doubled_is_named(three: TenantSettings) -> None:
    now = head(History.TENANT)
    async with as_owner(three) as owner:
        schemas = {row["slug"]: row["schema"] for row in await owner.fetch("SELECT slug, schema FROM control.organizations")}
        await owner.execute(f"DELETE FROM {schemas['one']}.alembic_version")
        await owner.execute(f"INSERT INTO {schemas['two']}.alembic_version VALUES ('0000')")
        await owner.execute("INSERT INTO control.alembic_version VALUES ('9999')")

    assert _lines(await drift(three)) == [
        f"control: revision in alembic_version is {head(History.CONTROL)} and 9999, should be {head(History.CONTROL)}",
        f"one: revision in alembic_version is missing: it should be {now}",
        f"two: revision in alembic_version is 0000 and {now}, should be {now}",
    ]


async def test_what_was_done_to_control_is_named(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        await owner.execute("ALTER TABLE control.organizations DISABLE ROW LEVEL SECURITY")
        await owner.execute("ALTER TABLE control.organizations DISABLE TRIGGER organizations_changed")
        await owner.execute("ALTER FUNCTION control.registry_changed() SECURITY INVOKER")
        await owner.execute("ALTER POLICY own ON control.organizations USING (true)")
        await owner.execute("DROP TABLE control.leases")
        group = await owner.fetchval("SELECT role_prefix || '_tenants' FROM control.installation")
        await owner.execute(f"GRANT SELECT ON control.signing_keys TO {group}")

    findings = await drift(three)

    policy = f"PERMISSIVE FOR SELECT TO {group}"
    assert _lines(findings) == [
        "control: function registry_changed() is not what its revision makes; --json shows both",
        f"control: grant on table signing_keys to {group} should not be there: it is SELECT",
        f"control: policy organizations.own is {policy} USING (true), should be {policy} USING ((role = CURRENT_USER))",
        "control: row security of organizations is off, should be on",
        "control: table leases is missing",
        "control: trigger organizations.organizations_changed is not what its revision makes; --json shows both",
    ]
    assert "SECURITY DEFINER" in str(findings.drifted[0].differences[0].expected)
    assert "SECURITY DEFINER" not in str(findings.drifted[0].differences[0].found)


async def test_an_index_that_is_still_to_be_built_is_said_to_be_pending(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        for slug in ("one", "two"):
            schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
            await owner.execute(f"DROP INDEX {schema}.posts_newest_idx")
        await owner.execute(
            "INSERT INTO control.pending_indexes (organization_id, name, statement, revision) "
            "SELECT id, 'posts_newest_idx', 'CREATE INDEX …', revision FROM control.organizations WHERE slug = 'one'"
        )

    findings = await drift(three)

    assert findings.said == ["one: index posts_newest_idx is pending"]
    assert [drifted.slug for drifted in findings.drifted] == ["two"]


async def test_what_is_missing_whole_is_one_difference(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        rows = {row["slug"]: row for row in await owner.fetch("SELECT slug, schema, role FROM control.organizations")}
        await owner.execute(f"DROP SCHEMA {rows['one']['schema']} CASCADE")
        await owner.execute("UPDATE control.organizations SET schema = 'public' WHERE slug = 'three'")

    lines = _lines(await drift(three))

    assert f"one: schema {rows['one']['schema']} is missing" in lines
    assert "three: registry row public is 'public' is no tenant schema, should be names of ours" in lines
    assert (
        f"{rows['three']['schema']}: schema {rows['three']['schema']} should not be there: it is known to no organization, stock or tombstone"
        in lines
    )
    assert len(lines) == 3


async def test_a_role_that_is_missing_is_one_difference(three: TenantSettings, stack: Addresses) -> None:
    superuser = await asyncpg.connect(_as_superuser(stack.superuser_url, three))
    role = await superuser.fetchval("SELECT role FROM control.organizations WHERE slug = 'two'")
    await superuser.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    await superuser.close()

    assert _lines(await drift(three)) == ["two: role of this tenant is missing: it should be INHERIT"]


async def test_organizations_of_a_later_release_are_said_and_not_compared(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        schema = await owner.fetchval("UPDATE control.organizations SET revision = '9999' WHERE slug = 'one' RETURNING schema")
        await owner.execute(f"DROP TABLE {schema}.post_tags")

    findings = await drift(three)

    assert findings.said == ["one: not compared, since this release does not know its revision 9999"]
    assert findings.drifted == []


async def test_organizations_that_come_or_go_are_said_and_not_compared(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.organizations SET purge_began_at = now() WHERE slug = 'one'")
        await owner.execute("UPDATE control.organizations SET status = 'provisioning', origin = 'imported' WHERE slug = 'two'")
        for row in await owner.fetch("SELECT schema FROM control.organizations WHERE slug IN ('one', 'two')"):
            await owner.execute(f"DROP TABLE {row['schema']}.post_tags")

    findings = await drift(three)

    assert findings.said == ["one: not compared, since it is being purged", "two: not compared, since it is not wholly imported"]
    assert findings.drifted == []


async def test_the_stock_is_compared_too(three: TenantSettings) -> None:
    async with as_owner(three) as owner:
        await owner.execute(
            "INSERT INTO control.stock (organization_id, schema, role, revision) SELECT id, schema, role, revision FROM control.organizations "
            "WHERE slug = 'one'"
        )
        schema = await owner.fetchval("DELETE FROM control.organizations WHERE slug = 'one' RETURNING schema")
        await owner.execute(f"DROP INDEX {schema}.posts_newest_idx")

    [drifted] = (await drift(three)).drifted

    assert (drifted.slug, drifted.schema, len(drifted.differences)) == (None, schema, 1)


async def test_comparing_leaves_nothing_behind_and_tells_strays(three: TenantSettings) -> None:
    ours = "SELECT count(*) FROM pg_roles WHERE rolname LIKE role_prefix || '%'"
    everything = f"SELECT ({ours}), (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM pg_class) FROM control.installation"
    stray = f"t_{uuid4().hex}"
    async with as_owner(three) as owner:
        before = tuple(await owner.fetchrow(everything) or ())
        await drift(three)
        assert tuple(await owner.fetchrow(everything) or ()) == before
        prefix = await owner.fetchval("SELECT role_prefix FROM control.installation")
        await owner.execute("RESET ROLE")
        await owner.execute(f"CREATE ROLE {prefix}_{stray}")
        await owner.execute(f"CREATE SCHEMA {stray}")

    assert _lines(await drift(three)) == [
        f"{prefix}_{stray}: role {prefix}_{stray} should not be there: it is known to no organization, stock or tombstone",
        f"{stray}: schema {stray} should not be there: it is known to no organization, stock or tombstone",
    ]


async def test_a_pattern_that_matches_nobody_and_a_database_without_control_are_refused(three: TenantSettings, stack: Addresses) -> None:
    with pytest.raises(NotFound, match="nobody"):
        await drift(three, "nobody*")
    base = three.admin_database_url.rpartition("/")[0]
    with pytest.raises(NeverMigrated, match="imprint migrate up"):
        await drift(dataclasses.replace(three, admin_database_url=f"{base}/postgres"))


def test_the_command_prints_what_differs_and_exits_with_1(
    three: TenantSettings, stack: Addresses, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMPRINT_ADMIN_DATABASE_URL", three.admin_database_url)
    monkeypatch.setenv("IMPRINT_DATABASE_URL", three.database_url)
    monkeypatch.setenv("IMPRINT_OWNER_ROLE", three.owner_role)
    monkeypatch.setenv("IMPRINT_REDIS_URL", stack.redis_url)
    monkeypatch.setenv("IMPRINT_SECRET_KEY", base64.b64encode(three.secret_keys[0]).decode())
    monkeypatch.setenv("IMPRINT_ENV", "dev")
    assert main(["migrate", "drift", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    asyncio.run(_drop_an_index(three))

    assert main(["migrate", "drift", "--json"]) == 1
    assert main(["migrate", "drift", "--json", "--tenants", "t*"]) == 0
    assert main(["migrate", "drift"]) == 1

    said = capsys.readouterr()
    array, _, rest = said.out.partition("\n]\n")
    [named] = json.loads(array + "]")
    definition = "CREATE INDEX posts_newest_idx ON __tenant__.posts USING btree (published_at DESC, id DESC)"
    assert (named["slug"], named["revision"]) == ("one", head(History.TENANT))
    assert named["differences"] == [{"kind": "index", "name": "posts_newest_idx", "expected": definition, "found": None}]
    assert rest == f"[]\none: index posts_newest_idx is missing: it should be {definition}\n"
    assert "4 schemas compared, 1 difference" in said.err


async def _drop_an_index(settings: TenantSettings) -> None:
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 'one'")
        await owner.execute(f"DROP INDEX {schema}.posts_newest_idx")
