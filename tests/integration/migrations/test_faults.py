"""What may go wrong while many tenants are migrated: kills, second runners, long readers, too little time."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from migrations import runner
from migrations.history import History, head
from migrations.lock import MigrationRunning, runner_lock, runner_name
from migrations.plan import Options
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import begin, ended, imprint
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, Further
from tests.integration.migrations.watching import RUNNERS, SLEEPING, SLOW_WHERE_MARKED, mark_slow, reading, runs_of, schema_of, until
from tests.integration.owner import as_owner


async def test_a_runner_killed_in_tenant_37_of_100_leaves_whole_tenants_and_the_next_run_goes_on(
    installation: TenantSettings, further: Further
) -> None:
    slugs = await places(installation, 100)
    before = head(History.TENANT)
    to = further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}\n{ADD_INDEX}")
    folder = str(further.folder)
    await mark_slow(installation, "t037")
    process = await begin(installation, "migrate", "up", "--jobs", "1", IMPRINT_REVISIONS=folder)
    await until(installation, SLEEPING, 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await until(installation, RUNNERS, 0)

    stands = await revisions_of(installation)
    assert list(stands.values())[:36] == [to] * 36
    assert stands["t037"] in {before, to}
    assert list(stands.values())[37:] == [before] * 63
    assert await columns_of(installation, "posts", "mood") == {slug for slug, revision in stands.items() if revision == to}
    assert [state for _, state, _ in await runs_of(installation)] == ["interrupted"]
    assert (await imprint(installation, "migrate", "status", "--json", IMPRINT_REVISIONS=folder)).json["last_run"]["state"] == "interrupted"

    after = await imprint(installation, "migrate", "up", "--json", IMPRINT_REVISIONS=folder)

    assert (after.code, after.json["skipped"] + len(after.json["done"]), after.json["failed"]) == (0, 100, [])
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert [(command, state) for command, state, _ in await runs_of(installation)] == [("up", "done"), ("up", "interrupted")]


async def test_asked_to_stop_a_run_finishes_the_tenant_at_hand_and_says_how_to_go_on(installation: TenantSettings, further: Further) -> None:
    await places(installation, 5)
    to = further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}")
    await mark_slow(installation, "t002")
    process = await begin(installation, "migrate", "up", "--jobs", "1", IMPRINT_REVISIONS=str(further.folder))
    await until(installation, SLEEPING, 1)
    process.send_signal(signal.SIGTERM)
    stopped = await ended(process)

    assert stopped.code == 1
    assert "interrupted: somebody asked it to stop. Run the same command again to go on." in stopped.err
    stands = await revisions_of(installation)
    assert [slug for slug, revision in stands.items() if revision == to] == ["t001", "t002"]
    assert [state for _, state, _ in await runs_of(installation)] == ["interrupted"]


async def test_a_second_runner_is_told_who_holds_the_lock_or_waits_for_it(installation: TenantSettings) -> None:
    async with connect_as_admin(installation.admin_database_url, runner_name()) as admin:
        async with runner_lock(admin):
            refused = await imprint(installation, "migrate", "up")
            with pytest.raises(MigrationRunning):
                await runner.up(installation)
            waiting = await begin(installation, "migrate", "up", "--wait", "30")
            await until(installation, RUNNERS, 2)
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
    schema = await schema_of(installation, "t002")
    async with reading(installation, "t002"):
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
    async with reading(installation, "t001"):
        run = await runner.up(installation, Options(patience=0.3, halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith("Others held its locks through ")
    assert "End their transactions, or run this again when they have ended. Just now backend " in run.failed["t001"]


async def test_a_tenant_whose_transaction_takes_too_long_is_left_as_it_was(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}")
    await mark_slow(installation, "t001")

    run = await runner.up(installation, Options(budget=1.0, halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith("Its statements took more than 1 s, in which its requests would have waited; nothing was changed.")
    assert await columns_of(installation, "posts", "mood") == {"t002"}
