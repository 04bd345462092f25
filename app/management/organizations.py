"""The organization as its own people see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from uuid import UUID

from app.management.events import (
    OrganizationConfigured,
    OrganizationEvent,
    OrganizationFounded,
    OrganizationMoved,
    OrganizationReceived,
    OrganizationRenamed,
    OrganizationResumed,
    OrganizationSuspended,
    OrganizationTierChanged,
)
from app.management.rules import Rules
from app.management.values import BRANDING, POLICIES, SETTINGS, changed, value_at
from tenants.tiers import TIERS


@dataclass(frozen=True, slots=True)
class OrganizationKept:
    """What of an organization goes on in one made from it, whatever its slug and tier will be there."""

    id: UUID
    name: str
    settings: dict[str, Any]
    branding: dict[str, Any]
    policies: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Changes:
    """What its people decide for it, each by path and within its limits; a value of None is the default again."""

    name: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    branding: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Organization:
    """State is a fold of events. What its operator decides is told to it; told again, it changes nothing."""

    type: ClassVar[str] = "Organization"

    id: UUID
    slug: str = ""
    tier: str = ""
    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    branding: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Any] = field(default_factory=dict)
    suspended: bool = False
    suspended_because: str | None = None
    quotas: dict[str, int] | None = None
    moved_to: UUID | None = None
    version: int = 0
    recorded: list[OrganizationEvent] = field(default_factory=list, compare=False)

    @classmethod
    def found(cls, id: UUID, slug: str, tier: str, name: str) -> Self:
        organization = cls(id)
        organization._record(OrganizationFounded(id, slug, tier, name))
        return organization

    @classmethod
    def receive(cls, id: UUID, like: OrganizationKept, slug: str, tier: str) -> Self:
        organization = cls(id)
        organization._record(OrganizationReceived(id, like.id, slug, tier, like.name, like.settings, like.branding, like.policies))
        return organization

    def move(self, to: UUID) -> None:
        self._record(OrganizationMoved(self.id, to))

    def rename(self, slug: str) -> None:
        if slug != self.slug:
            self._record(OrganizationRenamed(self.id, slug))

    def configure(self, wanted: Changes) -> None:
        """Only what differs from what holds is recorded."""
        name = wanted.name if wanted.name != self.name else None
        settings = _differing(SETTINGS, self.settings, wanted.settings)
        branding = _differing(BRANDING, self.branding, wanted.branding)
        policies = _differing(POLICIES, self.policies, wanted.policies)
        if name is not None or settings or branding or policies:
            self._record(OrganizationConfigured(self.id, name, settings, branding, policies))

    def change_tier(self, tier: str, quotas: dict[str, int]) -> None:
        if (tier, quotas) != (self.tier, self._known_quotas()):
            self._record(OrganizationTierChanged(self.id, tier, quotas))

    def suspend(self, reason: str | None) -> None:
        if not self.suspended or reason != self.suspended_because:
            self._record(OrganizationSuspended(self.id, reason))

    def resume(self) -> None:
        if self.suspended:
            self._record(OrganizationResumed(self.id))

    def apply(self, event: OrganizationEvent) -> None:
        match event:
            case OrganizationFounded():
                self.slug, self.tier, self.name = event.slug, event.tier, event.name
            case OrganizationReceived():
                self.slug, self.tier, self.name = event.slug, event.tier, event.name
                self.settings, self.branding, self.policies = event.settings, event.branding, event.policies
            case OrganizationConfigured():
                self.name = self.name if event.name is None else event.name
                self.settings = changed(self.settings, event.settings)
                self.branding = changed(self.branding, event.branding)
                self.policies = changed(self.policies, event.policies)
            case OrganizationRenamed():
                self.slug = event.slug
            case OrganizationTierChanged():
                self.tier, self.quotas = event.tier, event.quotas
            case OrganizationSuspended():
                self.suspended, self.suspended_because = True, event.reason
            case OrganizationResumed():
                self.suspended, self.suspended_because = False, None
            case OrganizationMoved():
                self.moved_to = event.to_id
        self.version += 1

    def _known_quotas(self) -> dict[str, int] | None:
        """Until it is told of any, those of the tier it was founded with."""
        return TIERS[self.tier].stored() if self.quotas is None and self.tier in TIERS else self.quotas

    def _record(self, event: OrganizationEvent) -> None:
        self.apply(event)
        self.recorded.append(event)


def _differing(rules: Rules, kept: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {path: value for path, value in wanted.items() if value_at(rules, kept, path) != (rules[path].default if value is None else value)}
