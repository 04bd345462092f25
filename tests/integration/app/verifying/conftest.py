"""Two organizations of a file's own, in which nobody else writes past the application."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from app.bus import Bus
from ops.demo.people import ACME, GLOBEX
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of, write_post


@pytest.fixture(scope="module")
async def acme(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"verified-{new_id().hex[-12:]}"))


@pytest.fixture(scope="module")
async def globex(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug=f"verified-{new_id().hex[-12:]}"))


@pytest.fixture
async def post(bus: Bus, acme: House) -> UUID:
    return await write_post(bus, acme, title="As it was")
