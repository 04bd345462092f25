"""What may go wrong while many tenants are migrated: kills, second runners, long readers, large tables."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from migrations import runner
from migrations.history import History, head
from migrations.ledger import newest_runs
from migrations.lock import MigrationRunning, runner_lock, runner_name
from migrations.plan import Options
from migrations.status import status
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import begin, ended, imprint
from tests.integration.migrations.conftest import as_owner, columns_of, places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, Further

HERE = "SELECT pid, application_name FROM pg_stat_activity WHERE datname = current_database()"
RUNNERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'imprint-migrate %'"
INDEX = (
    "SELECT i.indisvalid FROM pg_index i JOIN control.organizations o ON i.indexrelid = to_regclass(format('%I.%I', o.schema, $2::text)) "
    "WHERE o.slug = $1"
)
SLOW_WHERE_MARKED = "op.execute(\"SELECT pg_sleep(2) WHERE to_regclass('__tenant__.slow') IS NOT NULL\")"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


async def _schema(settings: TenantSettings, slug: str) -> str:
    async with as_owner(settings) as owner:
        return str(await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug))


async def _mark_slow(settings: TenantSettings, slug: str, *, again: bool = True) -> None:
    """Where SLOW_WHERE_MARKED takes its time, or (`again` is False) no longer does."""
    schema = await _schema(settings, slug)
    async with as_owner(settings) as owner:
        await owner.execute(f"CREATE TABLE {schema}.slow ()" if again else f"DROP TABLE {schema}.slow")


@asynccontextmanager
async def _reader(settings: TenantSettings, slug: str) -> AsyncIterator[None]:
    """Somebody whose transaction has read the tenant's posts and goes on."""
    schema = await _schema(settings, slug)
    async with as_owner(settings) as owner, owner.transaction():
        await owner.execute(f"SELECT FROM {schema}.posts")
        yield


async def _until(settings: TenantSettings, query: str, wanted: object) -> None:
    """As the admin itself, who sees what its sessions do."""
    async with connect_as_admin(settings.admin_database_url) as admin, asyncio.timeout(90):
        while await admin.value(query) != wanted:
            await asyncio.sleep(0.02)


async def _runs(settings: TenantSettings) -> list[tuple[str, str, int]]:
    async with connect_as_admin(settings.admin_database_url) as admin:
        return [(run["command"], run["state"], run["done"]) for run in await newest_runs(admin, settings.owner_role, 10)]


async def test_a_runner_killed_in_tenant_37_of_100_leaves_whole_tenants_and_the_next_run_goes_on(
    installation: TenantSettings, further: Further
) -> None:
    slugs = await places(installation, 100)
    before = head(History.TENANT)
    to = further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}\n{ADD_INDEX}")
    folder = str(further.folder)
    await _mark_slow(installation, "t037")
    process = await begin(installation, "migrate", "up", "--jobs", "1", IMPRINT_REVISIONS=folder)
    await _until(installation, SLEEPING, 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await _until(installation, RUNNERS, 0)

    stands = await revisions_of(installation)
    assert list(stands.values())[:36] == [to] * 36
    assert stands["t037"] in {before, to}
    assert list(stands.values())[37:] == [before] * 63
    assert await columns_of(installation, "posts", "mood") == {slug for slug, revision in stands.items() if revision == to}
    assert [state for _, state, _ in await _runs(installation)] == ["interrupted"]
    assert (await imprint(installation, "migrate", "status", "--json", IMPRINT_REVISIONS=folder)).json["last_run"]["state"] == "interrupted"

    after = await imprint(installation, "migrate", "up", "--json", IMPRINT_REVISIONS=folder)

    assert (after.code, after.json["skipped"] + len(after.json["done"]), after.json["failed"]) == (0, 100, [])
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert [(command, state) for command, state, _ in await _runs(installation)] == [("up", "done"), ("up", "interrupted")]


async def test_asked_to_stop_a_run_finishes_the_tenant_at_hand_and_says_how_to_go_on(installation: TenantSettings, further: Further) -> None:
    await places(installation, 5)
    to = further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}")
    await _mark_slow(installation, "t002")
    process = await begin(installation, "migrate", "up", "--jobs", "1", IMPRINT_REVISIONS=str(further.folder))
    await _until(installation, SLEEPING, 1)
    process.send_signal(signal.SIGTERM)
    stopped = await ended(process)

    assert stopped.code == 1
    assert "interrupted: somebody asked it to stop. Run the same command again to go on." in stopped.err
    stands = await revisions_of(installation)
    assert [slug for slug, revision in stands.items() if revision == to] == ["t001", "t002"]
    assert [state for _, state, _ in await _runs(installation)] == ["interrupted"]


async def test_a_second_runner_is_told_who_holds_the_lock_or_waits_for_it(installation: TenantSettings) -> None:
    async with connect_as_admin(installation.admin_database_url, runner_name()) as admin:
        async with runner_lock(admin):
            refused = await imprint(installation, "migrate", "up")
            with pytest.raises(MigrationRunning):
                await runner.up(installation)
            waiting = await begin(installation, "migrate", "up", "--wait", "30")
            await _until(installation, RUNNERS, 2)
        waited = await ended(waiting)

    assert refused.code == 3
    assert f"Another migration is running (process {os.getpid()} of " in refused.err
    assert "[MIGRATION_RUNNING]" in refused.err
    assert (waited.code, waited.out) == (0, "0 migrated, 0 already there, 0 failed, 0.0 s\n")


async def test_a_long_reader_in_one_tenant_delays_that_one_alone_and_keeps_nobody_else_from_reading(
    installation: TenantSettings, further: Further
) -> None:
    slugs = await places(installation, 4)
    further.write(ADD_COLUMN)
    schema = await _schema(installation, "t002")
    async with _reader(installation, "t002"):
        running = asyncio.create_task(runner.up(installation, Options(jobs=1, halt_at=1.0)))
        async with asyncio.timeout(90):
            while await columns_of(installation, "posts", "mood") != set(slugs) - {"t002"}:
                await asyncio.sleep(0.02)
        async with as_owner(installation) as another:
            await another.execute("SET statement_timeout = '5s'")
            for _ in range(50):
                await another.execute(f"SELECT FROM {schema}.posts")
                await asyncio.sleep(0.01)
        assert not running.done()
    run = await running

    assert (sorted(run.done), run.failed) == (slugs, {})
    async with as_owner(installation) as owner:
        attempts = {row["slug"]: row["attempts"] for row in await owner.fetch("SELECT slug, attempts FROM control.migration_results")}
    assert attempts["t002"] > 1
    assert [attempts[slug] for slug in slugs if slug != "t002"] == [1, 1, 1]


async def test_patience_ends_and_the_tenant_is_named(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    further.write(ADD_COLUMN)
    async with _reader(installation, "t001"):
        run = await runner.up(installation, Options(patience=0.3, halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith("Others held its locks through ")
    assert "End their transactions, or run this again when they have ended. Just now backend " in run.failed["t001"]


async def test_a_tenant_whose_transaction_takes_too_long_is_left_as_it_was(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}")
    await _mark_slow(installation, "t001")

    run = await runner.up(installation, Options(budget=1.0, halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith("Its statements took more than 1 s, in which its requests would have waited; nothing was changed.")
    assert await columns_of(installation, "posts", "mood") == {"t002"}


PYTHON = """
if context.is_offline_mode():
    return
connection = op.get_bind()
for (id, title) in connection.execute(sa.text("SELECT id, title FROM __tenant__.posts")).all():
    connection.execute(sa.text("UPDATE __tenant__.posts SET title = :title WHERE id = :id"), {"id": id, "title": title.upper()})
"""
POST = (
    "INSERT INTO {schema}.posts (id, created_at, updated_at, version, title, slug, content, author_id, status, approval_status) "
    "SELECT gen_random_uuid(), now(), now(), 1, 'title ' || n, 's' || n, 'x', u.id, 'DRAFT', 'NONE' "
    "FROM generate_series(1, {count}) n, {schema}.users u"
)
USER = (
    "INSERT INTO {schema}.roles (id, created_at, updated_at, version, name, permissions) "
    "VALUES (gen_random_uuid(), now(), now(), 1, 'author', '{{}}'); "
    "INSERT INTO {schema}.users (id, created_at, updated_at, version, username, name, role, status) "
    "VALUES (gen_random_uuid(), now(), now(), 1, 'a', 'A', 'author', 'active')"
)


async def _posts(settings: TenantSettings, slug: str, count: int) -> None:
    schema = await _schema(settings, slug)
    async with as_owner(settings) as owner:
        await owner.execute(USER.format(schema=schema))
        await owner.execute(POST.format(schema=schema, count=count))


async def _titles(settings: TenantSettings, slug: str) -> set[str]:
    schema = await _schema(settings, slug)
    async with as_owner(settings) as owner:
        return {row["title"] for row in await owner.fetch(f"SELECT title FROM {schema}.posts")}


async def test_a_revision_with_python_runs_in_each_tenant_in_its_own_transaction(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    for slug in slugs[:2]:
        await _posts(installation, slug, 2)
    further.write(ADD_COLUMN)
    to = further.write(PYTHON, execution="python")

    run = await runner.up(installation)

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert [await _titles(installation, slug) for slug in slugs] == [{"TITLE 1", "TITLE 2"}, {"TITLE 1", "TITLE 2"}, set()]


async def test_python_that_raises_leaves_its_tenant_as_it_was(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    await _posts(installation, "t002", 1)
    before = head(History.TENANT)
    to = further.write(
        PYTHON + '\nif connection.scalar(sa.text("SELECT count(*) FROM __tenant__.posts")):\n    raise KeyError("mood")', execution="python"
    )

    run = await runner.up(installation, Options(halt_at=1.0))

    assert (run.done, run.failed) == (["t001"], {"t002": "KeyError: 'mood'"})
    assert await revisions_of(installation) == {"t001": to, "t002": before}
    assert await _titles(installation, "t002") == {"title 1"}


async def test_processes_that_ran_python_end_with_the_runner(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    asleep = "if context.is_offline_mode():\n    return\nop.get_bind().execute(sa.text('SELECT pg_sleep(1.5)'))"
    further.write(asleep, execution="python")
    process = await begin(installation, "migrate", "up", IMPRINT_REVISIONS=str(further.folder))
    inside = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'imprint-revision'"
    await _until(installation, inside, 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()

    await _until(installation, inside, 0)


LARGE = Options(index_rows=10, index_patience=0.6, halt_at=1.0)


async def test_a_large_tables_index_is_built_beside_the_tenants_work(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2)
    await _posts(installation, "t001", 11)
    to = further.write(ADD_INDEX)

    run = await runner.up(installation, LARGE)

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    async with as_owner(installation) as owner:
        assert [await owner.fetchval(INDEX, slug, "posts_mood_idx") for slug in slugs] == [True, True]
        assert await owner.fetchval("SELECT count(*) FROM control.pending_indexes") == 0


async def test_whoever_is_in_the_way_of_such_an_index_is_named_and_the_next_run_builds_it(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    await _posts(installation, "t001", 11)
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
    schema = await _schema(installation, "t001")
    async with as_owner(installation) as owner:
        await owner.execute(f"CREATE TABLE {schema}.posts_mood_idx (id uuid PRIMARY KEY)")
    further.write(
        'op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS posts_mood_idx ON __tenant__.posts (slug)")', execution="outside_transaction"
    )

    run = await runner.up(installation)

    assert run.done == []
    assert run.failed["t001"].startswith("Postgres built no valid index posts_mood_idx: another relation may have its name.")
    assert await revisions_of(installation) == {"t001": before}
