"""`imprint events export`: an organization's audit log as a file."""

from __future__ import annotations

from typing import BinaryIO

from app.management.trail import Wanted, trail
from tenants.database import Database
from tenants.errors import NotFound
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings


async def export(database: Database, settings: TenantSettings, slug: str, wanted: Wanted, to: BinaryIO) -> None:
    """Raises NotFound."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None:
        raise NotFound(f"There is no organization {slug!r}; `imprint tenants list` shows those there are.")
    async for piece in trail(database, tenant, wanted):
        to.write(piece)
    to.flush()
