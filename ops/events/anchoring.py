"""`imprint events anchor`: one organization's history, or everybody's."""

from __future__ import annotations

from ops.events.verifying import VERIFIED, servable
from tenants.anchoring import Anchor, anchor
from tenants.database import Database
from tenants.errors import Refusal
from tenants.registry import Registry
from tenants.secrets import Keyring
from tenants.settings import TenantSettings


async def anchor_all(database: Database, settings: TenantSettings, slug: str | None) -> dict[str, Anchor | Refusal]:
    """By slug, the anchor or why there is none. Raises NotFound for a slug that nobody has."""
    keyring = Keyring(settings.secret_keys)
    registry = Registry(database, keyring)
    if slug:
        return {slug: await anchor(database, servable(await registry.by_slug(slug), slug), keyring)}
    found: dict[str, Anchor | Refusal] = {}
    for one in await registry.all():
        if one.status in VERIFIED:
            try:
                found[one.slug] = await anchor(database, servable(await registry.by_slug(one.slug), one.slug), keyring)
            except Refusal as refusal:
                found[one.slug] = refusal
    return found
