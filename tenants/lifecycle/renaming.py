"""Another slug for an organization: its address changes, its schema and role never do."""

from __future__ import annotations

from uuid import UUID

from tenants import audit
from tenants.database import AdminConnection, UniqueTaken
from tenants.lifecycle.entries import Entry, acting, locked, require_open, slug_taken
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug

_RENAMED = "SELECT o.id FROM control.organizations o JOIN control.former_slugs f ON f.organization_id = o.id WHERE o.slug = $2 AND f.slug = $1"


async def rename(settings: TenantSettings, slug: str, new: TenantSlug) -> UUID:
    """Keep the old slug for it, whose host goes on leading to the new one; a former slug of its own it may have back.

    Repeated, it changes nothing. Raises NotFound, WrongState, and Conflict where the new slug is or was another organization's.
    """
    async with acting(settings) as admin:
        done: UUID | None = await admin.value(_RENAMED, slug, new)
        if done is not None:
            return done
        entry = await locked(admin, slug)
        require_open(entry, to="rename")
        if entry.slug != new:
            try:
                await _rename(admin, entry, new)
            except UniqueTaken as taken:
                raise slug_taken(new, taken) from None
            await audit.record(admin, "tenant.renamed", entry.id, new, former=entry.slug)
    return entry.id


async def _rename(admin: AdminConnection, entry: Entry, new: TenantSlug) -> None:
    await admin.run("DELETE FROM control.former_slugs WHERE slug = $1 AND organization_id = $2", new, entry.id)
    await admin.run("UPDATE control.organizations SET slug = $2, updated_at = now() WHERE id = $1", entry.id, new)
    await admin.run("INSERT INTO control.former_slugs (slug, organization_id) VALUES ($1, $2)", entry.slug, entry.id)
