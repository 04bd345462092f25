from __future__ import annotations

import pytest

from migrations.history import History, head
from ops.stack.memory import free_port
from tenants.settings import TenantSettings
from tests.integration.migrations.commands import imprint
from tests.integration.owner import as_owner


@pytest.mark.parametrize("revision", ["0001"])
async def test_a_server_refuses_a_control_schema_of_an_earlier_release_before_it_listens(installation: TenantSettings, revision: str) -> None:
    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.alembic_version SET version_num = $1", revision)

    refused = await imprint(installation, "serve", "--port", str(free_port()))

    assert refused.code == 2
    assert f"the control schema is at revision {revision}, this release needs " in refused.err
    assert "run `imprint migrate up` first" in refused.err


async def test_a_dry_run_looks_at_tenants_of_an_earlier_release_without_its_newer_tables(installation: TenantSettings) -> None:
    async with as_owner(installation) as owner:
        await owner.execute("UPDATE control.alembic_version SET version_num = '0001'")
        await owner.execute("ALTER TABLE control.pending_indexes RENAME TO not_there_yet")

    shown = await imprint(installation, "migrate", "up", "--dry-run")

    assert (shown.code, shown.out) == (0, f"first, control: 0001 → {head(History.CONTROL)}\n")
