"""Changing what an organization may have."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from tenants import audit
from tenants.lifecycle.entries import acting, locked, require_open
from tenants.settings import TenantSettings
from tenants.tiers import Quotas, quotas_of


async def change_tier(settings: TenantSettings, slug: str, tier: str, overrides: Mapping[str, int | None]) -> UUID:
    """Give the organization this tier and its limits, single ones set anew or lifted (None); repeated, it changes nothing.

    Every process knows within a second. Raises NotFound, WrongState, ValidationFailed.
    """
    quotas = quotas_of(tier).with_overrides(overrides)
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        require_open(entry, to="change the tier of")
        row = (await admin.rows("SELECT tier, quotas FROM control.organizations WHERE id = $1", entry.id))[0]
        before = Quotas.of(row["quotas"])
        if (row["tier"], before) != (tier, quotas):
            await admin.run(
                "UPDATE control.organizations SET tier = $2, quotas = $3, updated_at = now() WHERE id = $1", entry.id, tier, quotas.stored()
            )
            was = {"tier": row["tier"], "quotas": before.stored()}
            await audit.record(admin, "tenant.tier_changed", entry.id, entry.slug, tier=tier, quotas=quotas.stored(), was=was)
    return entry.id
