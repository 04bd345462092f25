"""What can happen to an organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.shared.events import event


@event()
@dataclass(frozen=True, slots=True)
class OrganizationFounded:
    organization_id: UUID
    slug: str
    tier: str
    name: str


@event()
@dataclass(frozen=True, slots=True)
class OrganizationRenamed:
    """Another address. What people call it is another thing."""

    organization_id: UUID
    slug: str


@event()
@dataclass(frozen=True, slots=True)
class OrganizationConfigured:
    """What its people decided for it: only what changed, by path ("reading.public"); a value of None is the default again."""

    organization_id: UUID
    name: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    branding: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)


@event()
@dataclass(frozen=True, slots=True)
class OrganizationTierChanged:
    """`quotas`: limit by name; a name that is missing has none."""

    organization_id: UUID
    tier: str
    quotas: dict[str, int]


@event()
@dataclass(frozen=True, slots=True)
class OrganizationSuspended:
    organization_id: UUID
    reason: str | None


@event()
@dataclass(frozen=True, slots=True)
class OrganizationResumed:
    organization_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class OrganizationMoved:
    """Its story under this id ends; what comes after is told of the organization that received it."""

    organization_id: UUID
    to_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class OrganizationReceived:
    """It begins as another one was: moved here, copied, or made in its likeness."""

    organization_id: UUID
    from_id: UUID
    slug: str
    tier: str
    name: str
    settings: dict[str, Any]
    branding: dict[str, Any]
    policies: dict[str, Any]


OrganizationEvent = (
    OrganizationFounded
    | OrganizationRenamed
    | OrganizationConfigured
    | OrganizationTierChanged
    | OrganizationSuspended
    | OrganizationResumed
    | OrganizationMoved
    | OrganizationReceived
)
