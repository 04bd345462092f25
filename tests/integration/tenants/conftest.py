"""People of an organization who can sign in."""

from __future__ import annotations

from contextlib import closing

from app.management.decisions import Decisions
from auth.credentials import Credentials
from auth.passwords import Passwords
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.integration.api.conftest import PASSWORD
from tests.integration.conftest import House


async def given_password(settings: TenantSettings, house: House, key: str) -> None:
    async with Database(settings, connections=1) as database:
        with closing(Passwords()) as passwords:
            await Credentials(database, passwords, Decisions(database, oldest=0.0)).set_password(house.tenant, house.id_of(key), PASSWORD)
