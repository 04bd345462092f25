"""What can happen to an organization."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.shared.events import event


@event()
@dataclass(frozen=True, slots=True)
class OrganizationFounded:
    organization_id: UUID
    slug: str
    tier: str
    name: str


OrganizationEvent = OrganizationFounded
