"""The operators' audit, read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tenants.errors import NotFound
from tenants.lifecycle.entries import acting
from tenants.settings import TenantSettings

# Whoever has a slug now comes first: that of a half-made organization, which was purged, is given again.
_WHOSE = """
    SELECT id FROM (
      SELECT id, 1 AS turn, NULL::timestamptz AS at FROM control.organizations WHERE slug = $1
      UNION ALL SELECT organization_id, 2, given_up_at FROM control.former_slugs WHERE slug = $1
      UNION ALL SELECT organization_id, 3, purged_at FROM control.tombstones WHERE slug = $1
    ) known ORDER BY turn, at DESC LIMIT 1
"""
_NEWEST = (
    "SELECT at, actor, action, organization_id, slug, details FROM control.operator_audit "
    "WHERE $1::uuid IS NULL OR organization_id = $1 ORDER BY at DESC, id DESC LIMIT $2"
)


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that an operator did. `action`: past tense; `slug`: as it was then."""

    at: datetime
    actor: str
    action: str
    organization_id: UUID | None
    slug: str | None
    details: dict[str, Any]


async def history(settings: TenantSettings, slug: str | None, most: int) -> list[Done]:
    """The newest, oldest first: of the organization that has or had this slug, also one that was purged; of all without. Raises NotFound."""
    async with acting(settings) as admin:
        organization = await admin.value(_WHOSE, slug) if slug is not None else None
        if slug is not None and organization is None:
            raise NotFound(f"There is and was no organization {slug!r}: imprint tenants list shows those there are.")
        rows = await admin.rows(_NEWEST, organization, most)
    return [Done(**dict(row.items())) for row in reversed(rows)]
