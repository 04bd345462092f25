"""A schema that says another revision of itself than the registry does is not migrated, and its operator is told how to go on."""

from __future__ import annotations

import pytest

from migrations import runner
from migrations.history import History, head
from migrations.plan import Options
from migrations.stamping import stamp
from tenants.settings import TenantSettings
from tests.integration.migrations.conftest import columns_of, places, revisions_of
from tests.integration.migrations.revisions import ADD_COLUMN, DROP_COLUMN, Further
from tests.integration.owner import as_owner


async def _say(settings: TenantSettings, slug: str, *stated: str) -> None:
    """Write the schema's version rows by hand."""
    async with as_owner(settings) as owner:
        schema = await owner.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
        await owner.execute(f"DELETE FROM {schema}.alembic_version")
        for revision in stated:
            await owner.execute(f"INSERT INTO {schema}.alembic_version VALUES ($1)", revision)


@pytest.mark.parametrize(("stated", "named"), [((), "no revision"), (("0001",), "0001"), (("0001", "9999"), "0001 and 9999")])
@pytest.mark.parametrize("execution", ["replayed", "outside_transaction"])
async def test_a_schema_that_says_another_revision_is_left_as_it_is_and_named(
    installation: TenantSettings, further: Further, stated: tuple[str, ...], named: str, execution: str
) -> None:
    await places(installation, 2)
    before = head(History.TENANT)
    further.write('op.execute("ALTER TABLE __tenant__.posts ADD COLUMN IF NOT EXISTS mood text")', execution=execution)
    await _say(installation, "t001", *stated)

    run = await runner.up(installation, Options(halt_at=1.0, unchecked=True))

    assert run.done == ["t002"]
    assert run.failed == {
        "t001": f"Its schema says that it is at {named}, the registry at {before}: it was not migrated. "
        "Find out with imprint migrate drift which of them is right, mend the schema where it is not, then run imprint migrate stamp REVISION "
        "--tenants SLUG to write both anew."
    }
    async with as_owner(installation) as owner:
        assert await owner.fetchval("SELECT revision FROM control.organizations WHERE slug = 't001'") == before


async def test_the_way_down_is_refused_as_well(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN, DROP_COLUMN)
    await runner.up(installation)
    await _say(installation, "t001", before)

    run = await runner.down(installation, Options(to=before, halt_at=1.0))

    assert run.failed["t001"].startswith(f"Its schema says that it is at {before}, the registry at {to}: it was not migrated.")
    assert await columns_of(installation, "posts", "mood") == {"t001"}


async def test_what_the_refusal_names_mends_it(installation: TenantSettings, further: Further) -> None:
    await places(installation, 1)
    before = head(History.TENANT)
    to = further.write(ADD_COLUMN)
    await _say(installation, "t001", "0001")
    assert list((await runner.up(installation, Options(halt_at=1.0))).failed) == ["t001"]

    stamped = await stamp(installation, before, Options(tenants="t001"))
    run = await runner.up(installation)

    assert (stamped.done, run.done, run.failed) == (["t001"], ["t001"], {})
    assert await revisions_of(installation) == {"t001": to}
