"""Opening an organization again whose people cannot come in any more: its provider fails, its spare keys are lost, its networks have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.bus import Bus
from app.management.commands import ConfigureOrganization
from ops.organizations.lookup import organization
from tenants import audit
from tenants.ids import new_id
from tenants.lifecycle.entries import acting

if TYPE_CHECKING:
    from ops.settings import Settings

LIFTED = {"signIn": {"enforced": False, "allowedNetworks": None}}


async def lift(settings: Settings, slug: str, reason: str) -> None:
    """Nobody has to come through a provider, or from a network. Noted before it is done. Raises NotFound."""
    async with organization(settings, slug) as (database, tenant):
        async with acting(settings.tenants) as admin:
            await audit.record(admin, "tenant.sign_on_lifted", tenant.id, tenant.slug, reason=reason)
        await Bus(database).as_system(tenant, ConfigureOrganization(policies=LIFTED), new_id())
