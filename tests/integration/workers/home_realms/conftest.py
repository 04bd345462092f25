"""Two organizations in which people are at home, and the address at which all are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.bus import Bus
from auth.realms.realms import Realms
from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, house_of
from tests.integration.serving import running
from tests.integration.workers.conftest import Line
from tests.integration.workers.home_realms.door import Door
from tests.integration.workers.home_realms.town import Town

NO_LETTERS = statement("DELETE FROM control.front_letters")


@pytest.fixture(scope="session")
async def first(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="first-home", name="First Home"))


@pytest.fixture(scope="session")
async def second(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="second-home", name="Second Home"))


@pytest.fixture
async def town(line: Line, bus: Bus, first: House, second: House) -> Town:
    return Town(line, bus, Realms(line.pool, Keyring(line.tenants.secret_keys)))


@pytest.fixture
async def door(town: Town, migrated: TenantSettings, tmp_path: Path) -> AsyncIterator[Door]:
    async with town.line.pool.control() as connection:
        await connection.execute(NO_LETTERS)
    async with running(migrated) as app:
        door = Door(app, town.line, town.realms, tmp_path / "mail")
        async with door.client:
            yield door
