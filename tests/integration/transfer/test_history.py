"""What is true of an organization's history where it comes from is true of it where it arrives."""

from __future__ import annotations

from pathlib import Path

from app.replay.verifying import Verification, verify
from ops.organizations.exporting import export_to
from ops.organizations.importing import import_from
from tenants.database import Database
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.transfer.conftest import SECRET, Sent
from tests.quiet import quiet


async def verified(settings: TenantSettings, tenant: Tenant) -> Verification:
    async with Database(settings, connections=1) as pool:
        return await verify(pool, tenant)


async def test_an_organization_that_was_carried_over_replays_to_its_rows_and_nothing_came_past_the_application(
    here: TenantSettings, elsewhere: TenantSettings, acme: House, sent: Sent
) -> None:
    carried = await import_from(elsewhere, sent.path, SECRET, "replayed", quiet)

    before, after = await verified(here, acme.tenant), await verified(elsewhere, carried.tenant)

    assert (before.differences, before.breaks_in_all) == ([], 0)
    assert (after.differences, after.breaks_in_all, after.bypassed_in_all) == ([], 0, before.bypassed_in_all)
    assert (after.aggregates, after.events) == (before.aggregates + 1, before.events + 2)


async def test_what_was_noted_of_a_change_by_hand_is_carried_over(
    here: TenantSettings, elsewhere: TenantSettings, globex: House, tmp_path: Path
) -> None:
    change = f"UPDATE {globex.tenant.place.schema}.organization SET name = $1"
    async with as_owner(here) as owner:
        await owner.execute(change, "By hand")
        await export_to(here, "globex", tmp_path / "file", SECRET, quiet, force=False)
        before = await verified(here, globex.tenant)
        await owner.execute(change, globex.tenant.name)
    carried = await import_from(elsewhere, tmp_path / "file", SECRET, "by-hand", quiet)
    after = await verified(elsewhere, carried.tenant)

    assert [(one.field, one.row, one.replay) for one in before.differences if one.field == "name"] == [("name", "By hand", globex.tenant.name)]
    assert after.bypassed == before.bypassed
    assert (after.bypassed[0]["table_name"], after.bypassed[0]["operation"]) == ("organization", "UPDATE")
