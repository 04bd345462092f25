"""Indexes of tables that are too large to be locked while they are built."""

from __future__ import annotations

import asyncio
import signal

import asyncpg
import pytest

from migrations import runner
from migrations.history import History, head
from migrations.status import status
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import begin
from tests.integration.migrations.conftest import places, revisions_of
from tests.integration.migrations.posts import INDEX, LARGE, fill_posts
from tests.integration.migrations.revisions import ADD_INDEX, Further
from tests.integration.migrations.watching import HERE, schema_of
from tests.integration.owner import as_owner


async def test_a_large_tables_index_is_built_beside_the_tenants_work(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2)
    await fill_posts(installation, "t001", 11)
    to = further.write(ADD_INDEX)

    run = await runner.up(installation, LARGE)

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    async with as_owner(installation) as owner:
        assert [await owner.fetchval(INDEX, slug, "posts_mood_idx") for slug in slugs] == [True, True]
        assert await owner.fetchval("SELECT count(*) FROM control.pending_indexes") == 0


async def test_whoever_is_in_the_way_of_such_an_index_is_named_and_the_next_run_builds_it(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    await fill_posts(installation, "t001", 11)
    to = further.write(ADD_INDEX)
    snapshot = await asyncpg.connect(installation.admin_database_url, server_settings={"application_name": "somebody's report"})
    await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    pid = await snapshot.fetchval("SELECT pg_backend_pid()")

    run = await runner.up(installation, LARGE)

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith(f"posts_mood_idx could not be built for 0.6 s because of backend {pid} (somebody's report as admin_up_")
    stands = await status(installation)
    assert stands["tenant"]["counts"] == {to: 2}  # type: ignore[index]
    assert [(index["slug"], index["name"]) for index in stands["pending_indexes"]] == [("t001", "posts_mood_idx")]  # type: ignore[attr-defined]
    await snapshot.close()

    again = await runner.up(installation, LARGE)

    assert (again.done, again.skipped, again.failed) == (["t001"], 1, {})
    async with as_owner(installation) as owner:
        assert await owner.fetchval(INDEX, "t001", "posts_mood_idx") is True


@pytest.mark.parametrize(
    "spelled",
    [
        "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS posts_mood_idx ON __tenant__.posts (slug)",
        "/* one slug, one post */ create unique index concurrently\n  if not exists Posts_Mood_Idx -- folded\n  on __tenant__.posts(slug)",
    ],
)
async def test_an_index_that_a_killed_build_left_invalid_is_built_anew(installation: TenantSettings, further: Further, spelled: str) -> None:
    await places(installation, 1)
    to = further.write(f"op.execute({spelled!r})", execution="outside_transaction")
    snapshot = await asyncpg.connect(installation.admin_database_url)
    await snapshot.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    process = await begin(installation, "migrate", "up", IMPRINT_REVISIONS=str(further.folder))
    async with as_owner(installation) as owner, asyncio.timeout(90):
        while await owner.fetchval(INDEX, "t001", "posts_mood_idx") is None:
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with connect_as_admin(installation.admin_database_url) as admin:  # a backend notices its client's end only when it has waited
        while await admin.rows(f"SELECT pg_terminate_backend(pid) FROM ({HERE}) a WHERE application_name = 'imprint-indexes'"):
            await asyncio.sleep(0.02)
    async with as_owner(installation) as owner:
        assert await owner.fetchval(INDEX, "t001", "posts_mood_idx") is False
    await snapshot.close()

    run = await runner.up(installation)

    assert (run.done, run.failed, await revisions_of(installation)) == (["t001"], {}, {"t001": to})
    async with as_owner(installation) as owner:
        assert await owner.fetchval(INDEX, "t001", "posts_mood_idx") is True


async def test_a_build_that_leaves_no_valid_index_is_no_success(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    schema = await schema_of(installation, "t001")
    async with as_owner(installation) as owner:
        await owner.execute(f"CREATE TABLE {schema}.posts_mood_idx (id uuid PRIMARY KEY)")
    further.write(
        'op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS posts_mood_idx ON __tenant__.posts (slug)")', execution="outside_transaction"
    )

    run = await runner.up(installation)

    assert run.done == []
    assert run.failed["t001"].startswith("Postgres built no valid index posts_mood_idx: another relation may have its name.")
    assert await revisions_of(installation) == {"t001": before}
