"""What `--sql` prints does what the run would, and where it cannot, it says so or stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrations import history, runner
from migrations.drift import drift
from migrations.history import History, head
from migrations.plan import Options, down_plan, up_plan
from migrations.provisioning import HeadProvisioner
from migrations.script import printed
from ops.stack.binaries import installed
from ops.stack.databases import run_script
from ops.stack.failures import StackFailed
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import imprint
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, DROP_COLUMN, Further
from tests.integration.owner import as_owner

COMMENTED = 'op.execute("ALTER TABLE __tenant__.posts ADD COLUMN weather text -- as it was")'
CONCURRENTLY = 'op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS posts_weather_idx ON __tenant__.posts (weather)")'
IN_PYTHON = 'if not context.is_offline_mode():\n    op.get_bind().execute(sa.text("UPDATE __tenant__.posts SET title = title"))'
EVERYTHING = Options()
OF_CONTROL = '''"""Something for operators.

Expand.
"""
from alembic import op

revision: str = "{id}"
down_revision: str | None = "{down}"
execution: str = "{execution}"


def upgrade() -> None:
    op.execute("{sql}")
'''


async def _sql(settings: TenantSettings, options: Options = EVERYTHING, *, down: bool = False) -> str:
    return "\n".join(await printed(settings, options, down_plan if down else up_plan)) + "\n"


def _psql(settings: TenantSettings, text: str) -> None:
    run_script(installed().postgres("psql"), settings.admin_database_url, text)


async def _version(settings: TenantSettings) -> int:
    async with as_owner(settings) as owner:
        return int(await owner.fetchval("SELECT registry_version FROM control.installation"))


async def _drifted(settings: TenantSettings) -> list[str]:
    return [line for drifted in (await drift(settings)).drifted for line in drifted.lines()]


async def test_psql_brings_tenants_through_every_kind_of_stage_that_sql_can_show(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2, HeadProvisioner())
    further.write(f"{ADD_COLUMN}\n{COMMENTED}\n{ADD_INDEX}")
    further.write(CONCURRENTLY, execution="outside_transaction")
    to = further.write('op.drop_column("posts", "mood", schema="__tenant__")')
    told = await _version(installation)

    _psql(installation, await _sql(installation))

    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert await _drifted(installation) == []
    assert await _version(installation) == told + 2 * 3
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT count(*) FROM control.pending_indexes") == 0
    assert (await runner.up(installation)).done == []


async def test_psql_takes_tenants_back(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2, HeadProvisioner())
    before = head(History.TENANT)
    further.write(ADD_COLUMN, DROP_COLUMN)
    await runner.up(installation)

    _psql(installation, await _sql(installation, Options(to=before), down=True))

    assert await revisions_of(installation) == dict.fromkeys(slugs, before)
    assert await _drifted(installation) == []


async def test_a_tenants_part_ends_where_python_begins_and_the_run_does_the_rest(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 2, HeadProvisioner())
    first = further.write(ADD_COLUMN)
    python = further.write(IN_PYTHON, execution="python")
    to = further.write(COMMENTED)

    text = await _sql(installation)
    _psql(installation, text)

    assert text.count(f": {first} → {python}\n-- runs Python, which no SQL shows: ") == 2
    assert "t001's part ends here; imprint migrate up does the rest" in text
    assert "weather" not in text
    assert await revisions_of(installation) == dict.fromkeys(slugs, first)
    assert sorted((await runner.up(installation, Options(unchecked=True))).done) == slugs
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)


@pytest.mark.parametrize("execution", ["replayed", "outside_transaction"])
async def test_a_tenant_that_has_moved_meanwhile_stops_the_script_and_stays_as_it_is(
    installation: TenantSettings, further: Further, execution: str
) -> None:
    await places(installation, 2, HeadProvisioner())
    before = head(History.TENANT)
    to = further.write('op.execute("ALTER TABLE __tenant__.posts ADD COLUMN IF NOT EXISTS mood text")', execution=execution)
    text = await _sql(installation)
    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.organizations SET revision = '0001' WHERE slug = 't002'")

    with pytest.raises(StackFailed, match=f"t002 is not at {before}, as its registry or its schema says: print this script again"):
        _psql(installation, text)

    assert await columns_of(installation, "posts", "mood") == {"t001"}
    async with as_owner(installation) as owner:
        rows = await owner.fetch("SELECT slug, revision FROM control.organizations ORDER BY slug")
    assert [tuple(row) for row in rows] == [("t001", to), ("t002", "0001")]


async def test_a_schema_that_says_another_revision_stops_the_script(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1, HeadProvisioner())
    before = head(History.TENANT)
    further.write(ADD_COLUMN)
    async with as_owner(installation) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations")
        await owner.execute(f"DELETE FROM {schema}.alembic_version")

    with pytest.raises(StackFailed, match=f"t001 is not at {before}"):
        _psql(installation, await _sql(installation))

    assert await columns_of(installation, "posts", "mood") == set()


async def test_somebodys_lock_stops_the_script_soon(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1, HeadProvisioner())
    further.write(ADD_COLUMN)
    text = await _sql(installation)
    async with as_owner(installation) as owner, owner.transaction():
        schema = await owner.fetchval("SELECT schema FROM control.organizations")
        await owner.execute(f"SELECT FROM {schema}.posts")
        with pytest.raises(StackFailed, match="lock timeout"):
            _psql(installation, text)

    assert await columns_of(installation, "posts", "mood") == set()


async def test_an_index_that_a_run_left_to_be_built_is_in_the_script(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1, HeadProvisioner())
    to = further.write(ADD_INDEX)
    _psql(installation, await _sql(installation))
    async with as_owner(installation) as owner:
        [(schema, organization)] = await owner.fetch("SELECT schema, id FROM control.organizations")
        await owner.execute(f"DROP INDEX {schema}.posts_mood_idx")
        statement = "CREATE INDEX posts_mood_idx ON __tenant__.posts (title)"
        await owner.execute("INSERT INTO control.pending_indexes VALUES ($1, 'posts_mood_idx', $2, $3)", organization, statement, to)

    _psql(installation, await _sql(installation))

    assert await _drifted(installation) == []
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT count(*) FROM control.pending_indexes") == 0


async def test_where_control_is_behind_its_stages_come_first(installation: TenantSettings, tmp_path: Path) -> None:
    await places(installation, 1, HeadProvisioner())
    now = head(History.CONTROL)
    following, last = f"{int(now) + 1:04d}", f"{int(now) + 2:04d}"
    column = "ALTER TABLE control.installation ADD COLUMN mood text -- as it was"
    index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_mood_idx ON control.installation (mood)"
    (tmp_path / f"{following}_x.py").write_text(OF_CONTROL.format(id=following, down=now, execution="replayed", sql=column))
    (tmp_path / f"{last}_x.py").write_text(OF_CONTROL.format(id=last, down=following, execution="outside_transaction", sql=index))
    history.try_out(History.CONTROL, tmp_path)
    try:
        text = await _sql(installation)
        _psql(installation, text)

        assert await _drifted(installation) == []
        with pytest.raises(StackFailed, match=f"control is no longer at {now}: print this script again"):
            _psql(installation, text)
    finally:
        history._TRIED_OUT.clear()
        history.revisions.cache_clear()
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT version_num FROM control.alembic_version") == last


async def test_the_command_prints_the_script_alone(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 1, HeadProvisioner())
    to = further.write(ADD_COLUMN)

    shown = await imprint(installation, "migrate", "up", "--sql", IMPRINT_REVISIONS=str(further.folder))
    for_programs = await imprint(installation, "migrate", "up", "--sql", "--json", IMPRINT_REVISIONS=str(further.folder))
    _psql(installation, shown.out)

    assert (shown.code, shown.err) == (0, "")
    assert "\n".join(for_programs.json["sql"]) + "\n" == shown.out
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
