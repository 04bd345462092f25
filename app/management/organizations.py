"""The organization as its own people see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.management.events import OrganizationEvent, OrganizationFounded


@dataclass(slots=True)
class Organization:
    """State is a fold of events."""

    type: ClassVar[str] = "Organization"

    id: UUID
    slug: str = ""
    tier: str = ""
    name: str = ""
    version: int = 0
    recorded: list[OrganizationEvent] = field(default_factory=list, compare=False)

    @classmethod
    def found(cls, id: UUID, slug: str, tier: str, name: str) -> Self:
        organization = cls(id)
        organization._record(OrganizationFounded(id, slug, tier, name))
        return organization

    def apply(self, event: OrganizationEvent) -> None:
        self.slug, self.tier, self.name = event.slug, event.tier, event.name
        self.version += 1

    def _record(self, event: OrganizationEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
