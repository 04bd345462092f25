"""Closing an organization to requests for a while, and opening it again."""

from __future__ import annotations

from uuid import UUID

from tenants import audit
from tenants.lifecycle.entries import acting, locked, require_open
from tenants.settings import TenantSettings


async def suspend(settings: TenantSettings, slug: str, reason: str | None = None) -> UUID:
    """Close it; what waits for it, waits on. Repeated, it changes the reason, if one is given, and nothing else.

    Every process refuses its requests within a second. Raises NotFound or WrongState.
    """
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        require_open(entry, to="suspend")
        because = reason if reason is not None else entry.suspended_because
        if entry.status != "suspended" or because != entry.suspended_because:
            await admin.run(
                "UPDATE control.organizations SET status = 'suspended', suspended_because = $2, updated_at = now() WHERE id = $1", entry.id, because
            )
            await audit.record(admin, "tenant.suspended", entry.id, entry.slug, reason=because)
    return entry.id


async def resume(settings: TenantSettings, slug: str) -> UUID:
    """Open it again; repeated, it changes nothing. Raises NotFound or WrongState."""
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        require_open(entry, to="resume")
        if entry.status == "suspended":
            await admin.run(
                "UPDATE control.organizations SET status = 'active', suspended_because = NULL, updated_at = now() WHERE id = $1", entry.id
            )
            await audit.record(admin, "tenant.resumed", entry.id, entry.slug)
    return entry.id
