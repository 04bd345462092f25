"""One organization for an operator's command: found, with a pool to work with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ops.migrated import require_migrated
from tenants.database import Database
from tenants.errors import NotFound
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring

if TYPE_CHECKING:
    from ops.settings import Settings


@asynccontextmanager
async def organization(settings: Settings, slug: str) -> AsyncIterator[tuple[Database, Tenant]]:
    """Raises NotFound, NeverMigrated."""
    async with Database(settings.tenants, connections=2) as database:
        await require_migrated(database)
        tenant = await Registry(database, Keyring(settings.tenants.secret_keys)).by_slug(slug)
        if tenant is None:
            raise NotFound(f"There is no organization {slug!r}: imprint tenants list shows those there are.")
        yield database, tenant
