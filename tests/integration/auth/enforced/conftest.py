"""An organization of the test's own, which may let everybody come through a provider alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"e{new_id().hex[-12:]}"))
