"""Whole runs over many tenants: waves, failures, the ledger, the way back."""

from __future__ import annotations

import pytest

from migrations import runner
from migrations.history import History, head
from migrations.ledger import newest_runs
from migrations.plan import Options, up_plan
from migrations.script import printed
from migrations.serving import serves
from migrations.stages import Irreversible
from migrations.stamping import stamp
from migrations.status import status
from migrations.waves import WaveSize
from tenants.database import connect_as_admin
from tenants.errors import NotFound
from tenants.settings import TenantSettings
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, ADD_INDEX, DROP_COLUMN, Further
from tests.integration.owner import as_owner

FAILS_WHERE_SPOILT = f"""{ADD_COLUMN}
op.add_column("posts", sa.Column("spoilt", sa.Text()), schema="__tenant__")
"""
SPOILT = 'column "spoilt" of relation "posts" already exists'


async def _spoil(settings: TenantSettings, *slugs: str) -> None:
    """Where the revision FAILS_WHERE_SPOILT will fail."""
    async with as_owner(settings) as owner:
        for row in await owner.fetch("SELECT schema FROM control.organizations WHERE slug = ANY ($1)", slugs):
            await owner.execute(f"ALTER TABLE {row['schema']}.posts ADD COLUMN spoilt text")


async def _newest(settings: TenantSettings) -> dict[str, object]:
    async with connect_as_admin(settings.admin_database_url) as admin:
        [run] = await newest_runs(admin, settings.owner_role, 1)
    return {key: run[key] for key in ("command", "to", "state", "reason", "done", "failed")}


async def test_a_column_and_an_index_come_to_every_tenant_and_the_ledger_says_so(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 5)
    before = head(History.TENANT)
    to = further.write(f"{ADD_COLUMN}\n{ADD_INDEX}")

    run = await runner.up(installation)
    again = await runner.up(installation)

    assert run.failed == {}
    assert (sorted(run.done), run.skipped, run.failed, run.start, run.to, run.state) == (slugs, 0, {}, before, to, "done")
    assert (again.run, again.done, again.skipped) == (None, [], 5)
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)
    assert await columns_of(installation, "posts", "mood") == set(slugs)
    assert await _newest(installation) == {"command": "up", "to": to, "state": "done", "reason": None, "done": 5, "failed": []}


async def test_a_revision_that_fails_in_tenant_37_of_100_leaves_that_one_as_it_was(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 100)
    before = head(History.TENANT)
    to = further.write(FAILS_WHERE_SPOILT)
    await _spoil(installation, "t037")

    run = await runner.up(installation)

    others = set(slugs) - {"t037"}
    assert (set(run.done), run.failed, run.state) == (others, {"t037": SPOILT}, "failed")
    assert await revisions_of(installation) == {**dict.fromkeys(slugs, to), "t037": before}
    assert await columns_of(installation, "posts", "mood") == others
    stands = await status(installation)
    assert stands["behind"] == ["t037"]
    assert [failed["slug"] for failed in stands["failed"]] == ["t037"]  # type: ignore[attr-defined]

    further.rewrite(to, ADD_COLUMN)
    mended = await runner.up(installation)

    assert (mended.done, mended.skipped, mended.failed) == (["t037"], 99, {})
    assert (await status(installation))["failed"] == []


async def test_a_canary_that_fails_halts_the_run_before_anybody_else(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 6)
    before = head(History.TENANT)
    further.write(FAILS_WHERE_SPOILT)
    await _spoil(installation, "t003")

    run = await runner.up(installation, Options(wave=WaveSize(2), canary="t003", keep_going=True))

    assert (run.done, list(run.failed), run.left, run.state) == ([], ["t003"], 5, "halted")
    assert run.reason == "1 of 1 tenants failed, more than 20%"
    assert await revisions_of(installation) == dict.fromkeys(slugs, before)


async def test_a_canary_that_nobody_is_is_refused_and_one_that_is_there_already_is_not(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)

    with pytest.raises(NotFound, match="No organization of this run matches the canary 't009'"):
        await runner.up(installation, Options(wave=WaveSize(2), canary="t009"))
    assert await revisions_of(installation) == dict.fromkeys(slugs, before)
    await runner.up(installation, Options(tenants="t002"))
    await runner.up(installation, Options(wave=WaveSize(2), canary="t002"))
    assert await revisions_of(installation) == dict.fromkeys(slugs, to)


async def test_a_run_stops_after_the_wave_in_which_one_failed_unless_told_to_keep_going(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 13)
    further.write(FAILS_WHERE_SPOILT)
    await _spoil(installation, "t005")

    stopped = await runner.up(installation, Options(wave=WaveSize(6), halt_at=0.5))

    assert (sorted(stopped.done), list(stopped.failed), stopped.left) == ([s for s in slugs[:7] if s != "t005"], ["t005"], 6)
    assert (stopped.state, stopped.reason) == ("halted", "1 tenants have failed; --keep-going goes on past that")

    went_on = await runner.up(installation, Options(wave=WaveSize(6), canary="t013", keep_going=True, halt_at=0.5))

    assert (sorted(went_on.done), list(went_on.failed), went_on.state) == (slugs[7:], ["t005"], "failed")


async def test_within_a_wave_a_run_halts_by_itself_when_too_many_fail(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 20)
    further.write(FAILS_WHERE_SPOILT)
    await _spoil(installation, *slugs[:8])

    run = await runner.up(installation, Options(jobs=1))

    assert (run.done, sorted(run.failed), run.left, run.state) == ([], slugs[:5], 15, "halted")
    assert run.reason == "5 of 5 tenants failed, more than 20%"


async def test_a_pattern_names_who_is_migrated_and_nobody_else(installation: TenantSettings, further: Further) -> None:
    await places(installation, 12)
    further.write(ADD_COLUMN)

    run = await runner.up(installation, Options(tenants="t01*"))

    assert sorted(run.done) == ["t010", "t011", "t012"]
    with pytest.raises(NotFound, match="No organization matches 'nobody'"):
        await runner.up(installation, Options(tenants="nobody"))


async def test_a_plan_and_its_sql_change_nothing(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)

    plan = await runner.planned(installation, Options(wave=WaveSize(1)), up_plan)
    sql = "\n".join(await printed(installation, Options(wave=WaveSize(1)), up_plan))

    assert plan.lines() == [
        f"up: 3 tenants {before} → {to}, 2 statements each",
        "these: t001, t002, t003",
        "3 waves of 1, 1, 1; the first: t001",
    ]
    assert sql.count("ADD COLUMN mood TEXT\n;") == 3
    assert sql.count("COMMIT;") == 3
    assert await revisions_of(installation) == dict.fromkeys(slugs, before)
    assert await columns_of(installation, "posts", "mood") == set()


async def test_tenants_are_taken_back_and_up_again(installation: TenantSettings, further: Further) -> None:
    slugs = await places(installation, 3)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN, DROP_COLUMN)
    await runner.up(installation)

    run = await runner.down(installation, Options(to=before, tenants="t00[12]"))

    assert (sorted(run.done), run.skipped, run.state) == (["t001", "t002"], 0, "done")
    assert await revisions_of(installation) == {"t001": before, "t002": before, "t003": to}
    assert await columns_of(installation, "posts", "mood") == {"t003"}
    assert sorted((await runner.up(installation)).done) == slugs[:2]
    assert (await _newest(installation))["command"] == "up"


async def test_a_revision_without_a_way_down_is_refused_before_anything_is_done(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)
    await runner.up(installation)

    with pytest.raises(Irreversible, match=f"Revision {to} has no way down: restore from a backup"):
        await runner.down(installation, Options(to=before))

    assert await revisions_of(installation) == {"t001": to, "t002": to}


async def test_a_stamp_says_where_tenants_are_and_runs_nothing(installation: TenantSettings, further: Further) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)

    run = await stamp(installation, to, Options(tenants="t001"))

    assert run.done == ["t001"]
    assert await revisions_of(installation) == {"t001": to, "t002": before}
    assert await columns_of(installation, "posts", "mood") == set()
    with pytest.raises(NotFound, match="There is no tenant revision '0815'; this release has 0001 to"):
        await stamp(installation, "0815", Options())


async def test_this_release_serves_tenants_before_and_after(installation: TenantSettings, further: Further) -> None:
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)

    assert (serves(before), serves(to), serves("9999"), serves(None)) == (True, True, True, False)
