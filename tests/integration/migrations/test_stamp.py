"""Stamping tenants whose schemas were mended by hand: each by itself, and nobody by accident."""

from __future__ import annotations

import pytest

from migrations.history import History, head
from migrations.ledger import newest_runs
from migrations.plan import Options
from migrations.stamping import NotAskedForAll, stamp
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import imprint
from tests.integration.migrations.conftest import places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, Further
from tests.integration.owner import as_owner

PENDING = (
    "INSERT INTO control.pending_indexes (organization_id, name, statement, revision) "
    "SELECT id, 'i' || $2, 'CREATE INDEX …', $2 FROM control.organizations WHERE slug = $1"
)


async def _registered(settings: TenantSettings) -> dict[str, str]:
    async with as_owner(settings) as owner:
        return {row["slug"]: row["revision"] for row in await owner.fetch("SELECT slug, revision FROM control.organizations ORDER BY slug")}


async def _without_version_table(settings: TenantSettings, slug: str) -> None:
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
        await owner.execute(f"DROP TABLE {schema}.alembic_version")


async def test_a_tenant_that_cannot_be_stamped_is_named_and_the_others_are(installation: TenantSettings, further: Further) -> None:
    await places(installation, 4)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)
    await _without_version_table(installation, "t002")
    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.organizations SET schema = 'public' WHERE slug = 't003'")

    run = await stamp(installation, to, Options(), everybody=True)

    assert (run.done, sorted(run.failed), run.state) == (["t001", "t004"], ["t002", "t003"], "failed")
    assert run.failed["t002"].endswith('alembic_version" does not exist')
    assert run.failed["t003"] == "'public' is no tenant schema"
    assert await _registered(installation) == {"t001": to, "t002": before, "t003": before, "t004": to}
    async with connect_as_admin(installation.admin_database_url) as admin:
        [written] = await newest_runs(admin, installation.owner_role, 1)
    assert (written["command"], written["state"], written["done"]) == ("stamp", "failed", 2)
    assert {failed["slug"]: failed["error"] for failed in written["failed"]} == run.failed
    assert written["ended_at"] is not None


async def test_whose_tables_somebody_locks_is_named_with_who_it_is(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)
    async with as_owner(installation) as owner, owner.transaction():
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 't001'")
        await owner.execute(f"LOCK TABLE {schema}.alembic_version")
        pid = await owner.fetchval("SELECT pg_backend_pid()")
        run = await stamp(installation, to, Options(tenants="t*"))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith(f"Others held its locks. Just now backend {pid} (")
    assert await revisions_of(installation) == {"t001": before, "t002": to}


async def test_several_are_stamped_only_when_all_or_some_are_asked_for(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)
    folder = str(further.folder)

    with pytest.raises(NotAskedForAll, match=r"Nothing was stamped\. 3 tenants would be"):
        await stamp(installation, to, Options())
    refused = await imprint(installation, "migrate", "stamp", to, IMPRINT_REVISIONS=folder)

    assert (refused.code, refused.out) == (3, "")
    assert "Nothing was stamped. 3 tenants would be: name those that you mend with --tenants GLOB, or add --all" in refused.err
    assert "[NOT_CONFIRMED]" in refused.err
    assert await revisions_of(installation) == dict.fromkeys(slugs, before)
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT count(*) FROM control.migration_runs WHERE command = 'stamp'") == 0

    some = await imprint(installation, "migrate", "stamp", to, "--tenants", "t00[12]", "--json", IMPRINT_REVISIONS=folder)
    the_last = await imprint(installation, "migrate", "stamp", to, "--json", IMPRINT_REVISIONS=folder)
    back = await imprint(installation, "migrate", "stamp", before, "--all", "--json", IMPRINT_REVISIONS=folder)

    assert [(ended.code, ended.json["done"], ended.json["state"]) for ended in (some, the_last, back)] == [
        (0, ["t001", "t002"], "done"),
        (0, ["t003"], "done"),
        (0, slugs, "done"),
    ]
    assert await revisions_of(installation) == dict.fromkeys(slugs, before)


async def test_a_tenant_of_a_later_release_is_left_as_it_is_and_said(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    to = further.write(ADD_COLUMN)
    async with as_owner(installation) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 't001'")
        await owner.execute("UPDATE control.organizations SET revision = '9999' WHERE slug = 't001'")
        await owner.execute(f"UPDATE {schema}.alembic_version SET version_num = '9999'")

    done = await imprint(installation, "migrate", "stamp", to, "--all", "--json", IMPRINT_REVISIONS=str(further.folder))

    assert (done.code, done.json["done"], done.json["skipped"]) == (0, ["t002"], 1)
    assert done.err == "imprint: 1 tenants are at revisions of a later release and are left as they are\n"
    assert await revisions_of(installation) == {"t001": "9999", "t002": to}


async def test_a_schema_that_says_another_revision_is_stamped_although_the_registry_is_there_already(installation: TenantSettings) -> None:
    await places(installation, 2)
    here = head(History.TENANT)
    async with as_owner(installation) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 't001'")
        await owner.execute(f"DELETE FROM {schema}.alembic_version")

    run = await stamp(installation, here, Options())

    assert (run.done, run.skipped, run.state) == (["t001"], 1, "done")
    assert await revisions_of(installation) == {"t001": here, "t002": here}


async def test_a_stamp_tells_servers_and_forgets_indexes_of_revisions_after_it(installation: TenantSettings) -> None:
    await places(installation, 2)
    version = "SELECT registry_version FROM control.installation"
    async with as_owner(installation) as owner:
        for slug, revision in (("t001", "0001"), ("t001", "0002"), ("t002", "0002")):
            await owner.execute(PENDING, slug, revision)
        told = await owner.fetchval(version)

    run = await stamp(installation, "0001", Options(tenants="t001"))

    assert run.done == ["t001"]
    left = "SELECT o.slug, p.name FROM control.pending_indexes p JOIN control.organizations o ON o.id = p.organization_id ORDER BY 1"
    async with as_owner(installation) as owner:
        assert [tuple(row) for row in await owner.fetch(left)] == [("t001", "i0001"), ("t002", "i0002")]
        assert await owner.fetchval(version) == told + 1
        assert await owner.fetchval("SELECT revision FROM control.organizations WHERE slug = 't001'") == "0001"
