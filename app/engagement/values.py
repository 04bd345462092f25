"""What counts how much, for how long, and how often."""

from __future__ import annotations

import hmac
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

DAYS_KEPT = 90
"""Raw views and shares; what they add up to is kept per day for good."""

MOST_SHARES_A_DAY = 30
LIKE_WEIGHT = 5
SHARE_WEIGHT = 10
SALT_BYTES = 16


def day_of(now: datetime) -> date:
    """Days are UTC's."""
    return now.astimezone(UTC).date()


def next_day(now: datetime) -> datetime:
    return datetime.combine(day_of(now) + timedelta(days=1), datetime.min.time(), UTC)


def viewer_key(salt: bytes, who: bytes) -> UUID:
    """The same for one viewer all day long, and nobody's once the day's salt is gone."""
    return UUID(bytes=hmac.digest(salt, who, "sha256")[:16])
