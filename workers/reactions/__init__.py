"""What follows from events. Importing this package fills the registry."""

from __future__ import annotations

from workers.reactions import (
    arrivals,
    break_glass,
    conversations,
    decisions,
    engagement,
    followers,
    publications,
    realms,
    resets,
    reviews,
    schedules,
    searching,
)

__all__ = [
    "arrivals",
    "break_glass",
    "conversations",
    "decisions",
    "engagement",
    "followers",
    "publications",
    "realms",
    "resets",
    "reviews",
    "schedules",
    "searching",
]
