"""Revisions with Python in them, run by processes of their own: how they connect, and what becomes of those that fail or never end."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

import pytest

from migrations import runner
from migrations.history import History, head
from migrations.plan import Options
from migrations.processes import Processes
from migrations.replay import Attempt
from migrations.stages import upwards
from migrations.survey import survey
from tenants.database import DatabaseUnavailable, connect_as_admin
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import begin
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.posts import fill_posts, titles_in
from tests.integration.migrations.revisions import ADD_COLUMN, Further
from tests.integration.migrations.watching import until
from tests.integration.owner import as_owner

ONLINE = "if context.is_offline_mode():\n    return\nconnection = op.get_bind()\n"
ADD_MOOD = 'connection.execute(sa.text("ALTER TABLE __tenant__.posts ADD COLUMN mood text"))\n'
IN_PYTHON = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'imprint-revision'"


def _with_parameter(settings: TenantSettings, parameter: str) -> TenantSettings:
    parts = urlsplit(settings.admin_database_url)
    return replace(settings, admin_database_url=urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, parameter))))))


@pytest.mark.parametrize("parameter", ["sslmode=disable", "application_name=x"])
async def test_python_connects_with_whatever_the_admins_url_says(installation: TenantSettings, further: Further, parameter: str) -> None:
    slugs = await places(installation, 2)
    to = further.write(ONLINE + ADD_MOOD + 'assert connection.scalar(sa.text("SHOW search_path")) == "pg_catalog"', execution="python")

    run = await runner.up(_with_parameter(installation, parameter))

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert await columns_of(installation, "posts", "mood") == set(slugs)


async def test_python_that_never_returns_is_broken_off_when_its_budget_is_spent(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    here = "SELECT slug FROM control.organizations WHERE schema = current_setting('imprint.at', true)"
    to = further.write(
        ONLINE
        + "connection.execute(sa.text(\"SELECT set_config('imprint.at', n.nspname, true) FROM pg_class c "
        + "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = '__tenant__.posts'::regclass\"))\n"
        + ADD_MOOD
        + f'while connection.scalar(sa.text("{here}")) == "t001":\n    pass',
        execution="python",
    )

    run = await runner.up(installation, Options(budget=2.0, halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed == {
        "t001": "Its Python took more than 2 s, in which its requests would have waited; it was broken off and nothing was changed. "
        "Split the revision, or allow more with --budget SECONDS in a quiet hour."
    }
    await until(installation, IN_PYTHON, 0)
    assert await revisions_of(installation) == {"t001": before, "t002": to}
    assert await columns_of(installation, "posts", "mood") == {"t002"}


async def test_a_second_interrupt_ends_python_that_never_returns(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    further.write(ONLINE + ADD_MOOD + "while True:\n    pass", execution="python")
    process = await begin(installation, "migrate", "up", "--budget", "3600", IMPRINT_REVISIONS=str(further.folder))
    await until(installation, IN_PYTHON, 1)
    assert process.stderr is not None
    process.send_signal(2)
    while b"once more to break off" not in await process.stderr.readline():
        continue
    ending = asyncio.create_task(process.communicate())

    async with asyncio.timeout(90):
        while not ending.done():
            # Once is enough, but where Python is in a finalizer just then: it ignores what is raised there.
            process.send_signal(2)
            await asyncio.wait([ending], timeout=15)
    await until(installation, IN_PYTHON, 0)
    assert await revisions_of(installation) == {"t001": before}
    assert await columns_of(installation, "posts", "mood") == set()


async def test_python_that_never_returns_ends_with_a_command_that_is_killed(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    further.write(ONLINE + ADD_MOOD + "while True:\n    pass", execution="python")
    process = await begin(installation, "migrate", "up", "--budget", "3600", IMPRINT_REVISIONS=str(further.folder))
    await until(installation, IN_PYTHON, 1)
    process.kill()

    async with asyncio.timeout(90):
        await process.communicate()
    await until(installation, IN_PYTHON, 0)
    assert await columns_of(installation, "posts", "mood") == set()


async def test_a_deadlock_with_python_is_tried_again(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    to = further.write(
        ONLINE
        + 'connection.execute(sa.text("SET LOCAL lock_timeout = 0"))\n'
        + 'connection.execute(sa.text("LOCK TABLE __tenant__.posts IN ACCESS EXCLUSIVE MODE"))\n'
        + 'connection.execute(sa.text("LOCK TABLE __tenant__.users IN ACCESS EXCLUSIVE MODE"))\n'
        + ADD_MOOD,
        execution="python",
    )
    async with as_owner(installation) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations")
        transaction = owner.transaction()
        await transaction.start()
        await owner.execute(f"LOCK TABLE {schema}.users IN ACCESS EXCLUSIVE MODE")
        running = asyncio.create_task(runner.up(installation, Options(unchecked=True)))
        async with connect_as_admin(installation.admin_database_url) as admin, asyncio.timeout(90):
            waiting = f"{IN_PYTHON} AND wait_event_type = 'Lock'"
            while await admin.value(waiting) != 1:
                await asyncio.sleep(0.02)
        # The one who has waited for longer finds out first and is the one to give way.
        await owner.execute(f"LOCK TABLE {schema}.posts IN ACCESS SHARE MODE")
        await transaction.rollback()
    run = await running

    assert (run.done, run.failed) == (["t001"], {})
    assert await revisions_of(installation) == {"t001": to}
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT attempts FROM control.migration_results") > 1


async def test_python_whose_session_an_administrator_ends_is_no_fault_of_its_revision(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    terminate = 'connection.execute(sa.text("RESET ROLE"))\nconnection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))'
    to = further.write(ONLINE + ADD_MOOD + terminate, execution="python")
    async with connect_as_admin(installation.admin_database_url) as admin:
        [tenant] = await survey(admin, installation.owner_role)
    [stage] = upwards(before, to)
    processes = Processes(installation.admin_database_url, installation.owner_role, 1)

    with pytest.raises(DatabaseUnavailable, match="terminating connection due to administrator command"):
        await processes.run(tenant, stage, Attempt(new_id(), 1, 0.0, 1000, 10.0, 1000))

    await processes.close()
    assert await revisions_of(installation) == {"t001": before}
    assert await columns_of(installation, "posts", "mood") == set()


async def test_python_is_not_run_where_the_schema_says_another_revision_than_the_registry(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    to = further.write(ONLINE + ADD_MOOD, execution="python")
    async with as_owner(installation) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = 't001'")
        await owner.execute(f"UPDATE {schema}.alembic_version SET version_num = '0001'")

    run = await runner.up(installation, Options(halt_at=1.0))

    assert run.done == ["t002"]
    assert run.failed["t001"].startswith(f"Its schema says that it is at 0001, the registry at {before}: it was not migrated.")
    assert await columns_of(installation, "posts", "mood") == {"t002"}
    async with as_owner(installation) as owner:
        rows = await owner.fetch("SELECT slug, revision FROM control.organizations ORDER BY slug")
    assert [tuple(row) for row in rows] == [("t001", before), ("t002", to)]


PYTHON = """
if context.is_offline_mode():
    return
connection = op.get_bind()
for (id, title) in connection.execute(sa.text("SELECT id, title FROM __tenant__.posts")).all():
    connection.execute(sa.text("UPDATE __tenant__.posts SET title = :title WHERE id = :id"), {"id": id, "title": title.upper()})
"""


async def test_a_revision_with_python_runs_in_each_tenant_in_its_own_transaction(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    for slug in slugs[:2]:
        await fill_posts(installation, slug, 2)
    further.write(ADD_COLUMN)
    to = further.write(PYTHON, execution="python")

    run = await runner.up(installation)

    assert (sorted(run.done), run.failed) == (slugs, {})
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert [await titles_in(installation, slug) for slug in slugs] == [{"TITLE 1", "TITLE 2"}, {"TITLE 1", "TITLE 2"}, set()]


async def test_python_that_raises_leaves_its_tenant_as_it_was(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    await fill_posts(installation, "t002", 1)
    before = head(History.TENANT)
    to = further.write(
        PYTHON + '\nif connection.scalar(sa.text("SELECT count(*) FROM __tenant__.posts")):\n    raise KeyError("mood")', execution="python"
    )

    run = await runner.up(installation, Options(halt_at=1.0))

    assert (run.done, run.failed) == (["t001"], {"t002": "KeyError: 'mood'"})
    assert await revisions_of(installation) == {"t001": to, "t002": before}
    assert await titles_in(installation, "t002") == {"title 1"}


async def test_processes_that_ran_python_end_with_the_runner(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    asleep = "if context.is_offline_mode():\n    return\nop.get_bind().execute(sa.text('SELECT pg_sleep(1.5)'))"
    further.write(asleep, execution="python")
    process = await begin(installation, "migrate", "up", IMPRINT_REVISIONS=str(further.folder))
    await until(installation, IN_PYTHON, 1)
    process.send_signal(signal.SIGKILL)
    await process.wait()

    await until(installation, IN_PYTHON, 0)
