from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from migrations import history, runner
from migrations.control_schema import NewerRelease
from migrations.history import History, head
from migrations.plan import Options
from migrations.status import status
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import Refusal
from tenants.settings import TenantSettings
from tests.integration.migrations.conftest import empty
from tests.integration.owner import as_owner

WAITING = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'imprint-migrate %' AND wait_event_type = 'Lock' "
    "AND query LIKE 'WITH result%'"
)
MOOD = "SELECT i.indisvalid FROM pg_index i WHERE i.indexrelid = to_regclass('control.stock_mood_idx')"
BESIDE = '''"""Something for operators.

Expand.
"""
from alembic import op

revision: str = "{id}"
down_revision: str | None = "{down}"
execution: str = "outside_transaction"


def upgrade() -> None:
    op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_mood_idx ON control.stock (made_at)")
'''
LOCK_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"


async def _kill(settings: TenantSettings, query: str, count: int) -> None:
    """End the sessions that the query finds, once there are as many as that."""
    async with connect_as_admin(settings.admin_database_url) as admin:
        while len(found := await admin.rows(query)) < count:
            await asyncio.sleep(0.02)
        for row in found:
            await admin.value("SELECT pg_terminate_backend($1)", row["pid"])


async def _swallow(admin: AdminConnection) -> None:
    async with admin.transaction():
        with suppress(Refusal):
            await admin.run("SELECT nonsense")


async def test_tenants_whose_sessions_are_killed_are_named_and_the_others_migrated_on_new_ones(three: TenantSettings) -> None:
    await empty(three, "one", "two", "three")
    async with as_owner(three) as owner, owner.transaction():
        await owner.execute("SELECT FROM control.organizations WHERE slug IN ('one', 'three') FOR UPDATE")
        running = asyncio.create_task(runner.up(three))
        async with asyncio.timeout(90):
            await _kill(three, WAITING, Options().jobs)
            run = await running

    assert run.done == ["two"]
    assert sorted(run.failed) == ["one", "three"]
    assert all("terminating connection" in said for said in run.failed.values())
    again = await runner.up(three)
    assert (sorted(again.done), again.skipped, again.failed) == (["one", "three"], 1, {})


async def test_a_run_whose_first_session_is_killed_still_says_what_it_did(three: TenantSettings) -> None:
    await empty(three, "one", "two")
    async with as_owner(three) as owner, owner.transaction():
        await owner.execute("SELECT FROM control.organizations WHERE slug = 'two' FOR UPDATE")
        running = asyncio.create_task(runner.up(three))
        async with asyncio.timeout(90):
            async with connect_as_admin(three.admin_database_url) as admin:
                while not await admin.rows(WAITING):
                    await asyncio.sleep(0.02)
            await _kill(three, LOCK_HOLDER, 1)
    run = await running

    assert (sorted(run.done), run.failed) == (["one", "two"], {})


async def test_a_registry_row_that_names_no_schema_of_ours_fails_alone(three: TenantSettings) -> None:
    await empty(three, "one", "two")
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.organizations SET schema = 'public' WHERE slug = 'one'")

    run = await runner.up(three)

    assert run.done == ["two"]
    assert run.failed.keys() == {"one"}
    assert run.failed["one"].endswith("ValueError: 'public' is no tenant schema")


async def test_a_tenant_of_a_later_release_is_left_alone_and_not_behind(three: TenantSettings) -> None:
    await empty(three, "two")
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.organizations SET revision = '9999' WHERE slug = 'one'")

    before = await status(three)
    run = await runner.up(three)

    assert before["behind"] == ["two"]
    assert (run.done, run.skipped, run.failed) == (["two"], 2, {})
    async with as_owner(three) as owner:
        assert await owner.fetchval("SELECT revision FROM control.organizations WHERE slug = 'one'") == "9999"


async def test_a_control_schema_of_a_later_release_is_refused_and_left_as_it_is(three: TenantSettings) -> None:
    await empty(three, "one")
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.alembic_version SET version_num = '9999'")

    with pytest.raises(NewerRelease, match=r"9999.*that release or a later one") as refused:
        await runner.up(three)

    assert refused.value.code == "NEWER_RELEASE"
    async with as_owner(three) as owner:
        await owner.execute("UPDATE control.alembic_version SET version_num = $1", head(History.CONTROL))
    assert (await runner.up(three)).done == ["one"]


async def test_an_index_of_the_control_schema_that_a_killed_build_left_invalid_is_built_anew(
    three: TenantSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = head(History.CONTROL)
    following = f"{int(now) + 1:04d}"
    (tmp_path / f"{following}_x.py").write_text(BESIDE.format(id=following, down=now))
    async with as_owner(three) as owner:
        with pytest.raises(asyncpg.UniqueViolationError):
            await owner.execute("CREATE UNIQUE INDEX CONCURRENTLY stock_mood_idx ON control.organizations ((1))")
        assert await owner.fetchval(MOOD) is False
    monkeypatch.setattr(history, "_TRIED_OUT", {})
    history.try_out(History.CONTROL, tmp_path)
    try:
        await runner.up(three)
    finally:
        monkeypatch.undo()
        history.revisions.cache_clear()

    async with as_owner(three) as owner:
        assert await owner.fetchval(MOOD) is True


async def test_a_transaction_in_which_a_statement_failed_is_never_taken_for_committed(three: TenantSettings) -> None:
    async with connect_as_admin(three.admin_database_url) as admin:
        with pytest.raises(Refusal, match="COMMIT with ROLLBACK"):
            await _swallow(admin)

        async with admin.transaction():
            assert await admin.value("SELECT 1") == 1
