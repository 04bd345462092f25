"""Giving an organization another tier, and telling it."""

from __future__ import annotations

from collections.abc import Mapping

from ops.organizations.telling import tell
from tenants.database import Database
from tenants.lifecycle.tiering import change_tier as change_registry
from tenants.registry import Tenant
from tenants.settings import TenantSettings


async def change_tier(settings: TenantSettings, database: Database, slug: str, tier: str, overrides: Mapping[str, int | None]) -> Tenant:
    """The organization as it is now. Repeated, it tells what an interrupted call left untold.

    Raises NotFound, WrongState, ValidationFailed, Conflict.
    """
    return await tell(settings, database, await change_registry(settings, slug, tier, overrides))
