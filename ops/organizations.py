"""Making organizations whole: place, role and schema, then open."""

from __future__ import annotations

from collections.abc import Callable

from migrations.provisioning import HeadProvisioner
from tenants import lifecycle
from tenants.errors import Conflict
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug

TIER = "basic"


async def ensure(settings: TenantSettings, slug: str, name: str, say: Callable[[str], None]) -> None:
    """Makes the organization unless there is one of that slug."""
    try:
        organization = await lifecycle.create(settings, HeadProvisioner(), tenant_slug(slug), name, TIER)
    except Conflict:
        return
    say(f"making the organization {slug}")
    await lifecycle.activate(settings, organization)
