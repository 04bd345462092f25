"""However a run ends, the ledger says so, the next one goes on, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Any
from unittest.mock import patch

import asyncpg
import pytest

from migrations import keeper, runner
from migrations.control_schema import ControlLocked, control_up
from migrations.crew import UNBUILT, Crew, Outcome
from migrations.history import History, head
from migrations.installation import read
from migrations.keeper import ANOTHER_HAS_IT
from migrations.lock import runner_name, try_lock
from migrations.plan import Options, Plan
from migrations.runner import NO_CONNECTION
from migrations.safety import UnsafeRevision
from migrations.waves import WaveSize
from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import begin, ended
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.posts import INDEX, LARGE, fill_posts
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, Further
from tests.integration.migrations.watching import SLEEPING, SLOW_WHERE_MARKED, mark_slow, until
from tests.integration.owner import Owner, as_owner

DROP_INDEX = 'op.drop_index("posts_mood_idx", "posts", schema="__tenant__")'


class Quiet:
    """A listener that other listeners of these tests are made from."""

    def note(self, line: str) -> None: ...

    def planned(self, plan: Plan) -> None: ...

    def wave_begins(self, number: int, size: int) -> None: ...

    def heard(self, outcome: Outcome) -> None: ...

    def remaining(self, tenants: int, seconds: float) -> None: ...


class Raising(Quiet):
    def heard(self, outcome: Outcome) -> None:
        raise KeyError(outcome.move.tenant.slug)


async def _last(settings: TenantSettings) -> tuple[str, str | None]:
    async with as_owner(settings) as owner:
        row = await owner.fetchrow("SELECT state, reason FROM control.migration_runs ORDER BY started_at DESC LIMIT 1")
    assert row is not None
    return row["state"], row["reason"]


async def _snapshot(settings: TenantSettings) -> Owner:
    """Somebody whom every concurrent build waits for."""
    connection = await asyncpg.connect(settings.admin_database_url)
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
    return connection


async def _has_index(settings: TenantSettings, slug: str) -> bool:
    async with as_owner(settings) as owner:
        return bool(await owner.fetchval(INDEX, slug, "posts_mood_idx"))


async def test_a_run_that_is_broken_off_says_so(installation: TenantSettings, further: Further) -> None:
    await places(installation, 5)
    further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED.replace('sleep(2)', 'sleep(600)')}")
    await mark_slow(installation, "t002")
    process = await begin(installation, "migrate", "up", "--jobs", "1", "--budget", "3600", IMPRINT_REVISIONS=str(further.folder))
    await until(installation, SLEEPING, 1)
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    while b"once more to break off" not in await process.stderr.readline():
        continue
    process.send_signal(signal.SIGINT)
    stopped = await ended(process)

    assert stopped.code == 130
    assert (await _last(installation))[0] == "interrupted"
    assert len(await columns_of(installation, "posts", "mood")) == 1
    await mark_slow(installation, "t002", again=False)
    assert len((await runner.up(installation)).done) == 4


async def test_a_listener_that_fails_changes_nothing(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    further.write(ADD_COLUMN)

    run = await runner.up(installation, listener=Raising())

    assert (sorted(run.done), run.state, await _last(installation)) == (slugs, "done", ("done", None))


async def test_a_reader_that_goes_away_changes_nothing(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    further.write(ADD_COLUMN)
    process = await begin(installation, "migrate", "up", "--wave", "1", IMPRINT_REVISIONS=str(further.folder))
    assert process.stderr is not None
    process.stderr._transport.close()  # type: ignore[attr-defined] # as `| head` does
    await process.wait()

    assert await columns_of(installation, "posts", "mood") == set(slugs)
    assert await _last(installation) == ("done", None)


async def test_what_is_still_to_be_built_comes_before_what_may_stand_on_it(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2)
    await fill_posts(installation, "t001", 11)
    further.write(ADD_INDEX)
    snapshot = await _snapshot(installation)
    assert list((await runner.up(installation, LARGE)).failed) == ["t001"]
    await snapshot.close()
    to = further.write(f"# check: allow drop-before-contract because nothing in this test reads by it any more\n{DROP_INDEX}")

    run = await runner.up(installation, Options(index_rows=10, unchecked=True))

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert [await _has_index(installation, slug) for slug in slugs] == [False, False]


async def test_on_the_way_down_what_was_not_built_is_neither_dropped_nor_built(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2)
    await fill_posts(installation, "t001", 11)
    before = head(History.TENANT)
    further.write(ADD_INDEX, DROP_INDEX)
    snapshot = await _snapshot(installation)
    await runner.up(installation, LARGE)
    await snapshot.close()

    run = await runner.down(installation, Options(to=before))

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert [await _has_index(installation, slug) for slug in slugs] == [False, False]
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT count(*) FROM control.pending_indexes") == 0


async def test_one_old_snapshot_does_not_cost_its_wait_for_every_large_tenant(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 7)
    for slug in slugs:
        await fill_posts(installation, slug, 11)
    further.write(ADD_INDEX)
    snapshot = await _snapshot(installation)

    run = await runner.up(installation, Options(index_rows=10, index_patience=0.3, jobs=1))
    await snapshot.close()

    assert (run.state, run.reason) == ("halted", "5 of 5 tenants failed, more than 20%")
    assert sum(error.startswith("posts_mood_idx could not be built for 0.3 s") for error in run.failed.values()) == 5
    assert [error for error in run.failed.values() if error == UNBUILT] == [UNBUILT] * 2
    assert sorted((await runner.up(installation, Options(index_rows=10))).done) == slugs


async def test_a_run_that_loses_its_lock_to_another_stops(installation: TenantSettings, further: Further) -> None:
    await places(installation, 4)
    further.write(f"{ADD_COLUMN}\n{SLOW_WHERE_MARKED}")
    await mark_slow(installation, "t001")
    with patch.object(keeper, "EVERY", 0.05):
        running = asyncio.create_task(runner.up(installation, Options(jobs=1)))
        await until(installation, SLEEPING, 1)
        async with connect_as_admin(installation.admin_database_url, runner_name()) as other:
            holder = await other.value("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
                                       "(SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
            await other.value("SELECT pg_terminate_backend($1)", holder)
            while not await try_lock(other):
                await asyncio.sleep(0.001)
            run = await running

    assert (run.done, run.left, run.state, run.reason) == (["t001"], 3, "halted", ANOTHER_HAS_IT)


async def test_when_no_connection_is_to_be_had_no_further_wave_is_begun(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    further.write(ADD_COLUMN)
    with patch.object(runner, "Crew", _at_another_database):
        run = await runner.up(installation, Options(wave=WaveSize(1)))

    assert (run.done, run.left, run.state, run.reason) == ([], 3, "halted", NO_CONNECTION)
    assert await revisions_of(installation) == dict.fromkeys(slugs, run.start)


def _at_another_database(url: str, *rest: Any) -> Crew:
    return Crew(url + "_that_is_not_there", *rest)


async def test_control_is_tried_again_while_others_hold_its_locks_and_then_says_who(installation: TenantSettings) -> None:
    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.alembic_version SET version_num = '0001'")
    reader = await asyncpg.connect(installation.admin_database_url)
    await reader.execute(f"BEGIN; SET LOCAL ROLE {installation.owner_role}; SELECT FROM control.organizations")
    async with connect_as_admin(installation.admin_database_url) as admin:
        installed = await read(admin, installation)
        assert installed is not None
        with pytest.raises(ControlLocked, match=rf"through \d+ attempts. Just now backend {reader.get_server_pid()} \("):
            await control_up(admin, installed, "0001", patience=0.3)
    with suppress(asyncpg.PostgresError):
        await reader.close()


async def test_organizations_that_an_earlier_release_made_meanwhile_come_along(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)

    class Making(Quiet):
        def heard(self, outcome: Outcome) -> None:
            if outcome.move.tenant.slug == "t001":
                making.append(asyncio.ensure_future(_left_behind(installation, before)))

    making: list[asyncio.Future[None]] = []
    with patch.object(runner, "_waves", _after(runner._waves, making)):
        run = await runner.up(installation, Options(jobs=1), Making())

    assert sorted(run.done) == ["t001", "t002", "t002"]
    assert (await revisions_of(installation))["t002"] == to


async def _left_behind(settings: TenantSettings, revision: str) -> None:
    """As if t002 had been made at the earlier revision just now."""
    while "t002" not in await columns_of(settings, "posts", "mood"):
        await asyncio.sleep(0.01)
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 't002'")
        await owner.execute(f"ALTER TABLE {schema}.posts DROP COLUMN mood; UPDATE {schema}.alembic_version SET version_num = '{revision}'")
        await owner.execute("UPDATE control.organizations SET revision = $1 WHERE slug = 't002'", revision)


def _after(waves: object, others: list[asyncio.Future[None]]) -> object:
    async def both(*arguments: object) -> None:
        await waves(*arguments)  # type: ignore[operator]
        await asyncio.gather(*others)

    return both


async def test_an_unsafe_revision_is_refused_before_anybody_is_migrated(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2)
    before = head(History.TENANT)
    further.write('op.alter_column("posts", "title", new_column_name="headline", schema="__tenant__")')

    with pytest.raises(UnsafeRevision, match=r"breaks the rule rename: .* Nothing was changed; imprint migrate check lists all of them"):
        await runner.up(installation)

    assert await revisions_of(installation) == dict.fromkeys(slugs, before)
    assert sorted((await runner.up(installation, Options(unchecked=True))).done) == slugs
