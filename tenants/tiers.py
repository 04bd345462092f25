"""Tiers: what an organization may have by what it pays for, and the limits that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Self

from tenants.errors import Refusal, ValidationFailed

BASIC = "basic"
ENTERPRISE = "enterprise"
HIGHEST = 2_000_000_000


class QuotaExceeded(Refusal):
    """The organization has as many as it may have. What is there already goes on working."""

    code = "LIMIT_EXCEEDED"

    def __init__(self, limit: str, allowed: int, used: int, message: str) -> None:
        super().__init__(f"{message} Ask whoever runs this installation for a larger tier.")
        self.limit = limit
        self.allowed = allowed
        self.used = used

    def extensions(self) -> dict[str, object]:
        return {"limit": self.limit, "allowed": self.allowed, "used": self.used}


def no_room(limit: str, allowed: int, used: int) -> QuotaExceeded:
    """What is said where there is no room for one more; `limit` as people call it."""
    return QuotaExceeded(limit, allowed, used, f"This organization has {used:,} {limit} and may have {allowed:,}.")


@dataclass(frozen=True, slots=True)
class Quotas:
    """How much an organization may have; None: as much as it likes.

    Members are invited, active and suspended people; posts all but deleted ones; events those of a UTC day.
    """

    members: int | None = None
    posts: int | None = None
    requests_per_second: int | None = None
    events_per_day: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """As the registry keeps them; a name that is missing has no limit, one of a later release is passed over."""
        return cls(**{name: stored[name] for name in LIMITS if stored.get(name) is not None})

    def stored(self) -> dict[str, int]:
        return {name: limit for name, limit in asdict(self).items() if limit is not None}

    def with_overrides(self, overrides: Mapping[str, int | None]) -> Self:
        """Single limits set anew, or lifted with None. Raises ValidationFailed."""
        for name, limit in overrides.items():
            if limit is not None and not 1 <= limit <= HIGHEST:
                raise ValidationFailed({name: f"takes a whole number from 1 to {HIGHEST:,}, or none"})
        return replace(self, **overrides)


LIMITS = tuple(field.name for field in fields(Quotas))
TIERS: Mapping[str, Quotas] = MappingProxyType(
    {
        BASIC: Quotas(members=200, posts=10_000, requests_per_second=500, events_per_day=100_000),
        "team": Quotas(members=2_000, posts=100_000, requests_per_second=2_000, events_per_day=1_000_000),
        ENTERPRISE: Quotas(),
    }
)


def quotas_of(tier: str) -> Quotas:
    """What organizations of the tier begin with. Raises ValidationFailed for a tier that there is not."""
    quotas = TIERS.get(tier)
    if quotas is None:
        raise ValidationFailed({"tier": f"there is no tier {tier!r}; it is one of {', '.join(TIERS)}"})
    return quotas
