"""Hands that write past the application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tenants.settings import TenantSettings
from tests.integration.owner import Owner, as_owner


@pytest.fixture
async def owner(migrated: TenantSettings) -> AsyncIterator[Owner]:
    async with as_owner(migrated) as connection:
        yield connection
