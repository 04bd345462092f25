"""When all of it happened."""

from __future__ import annotations

from datetime import UTC, datetime

LONG_AGO = datetime(2026, 1, 1, 12, tzinfo=UTC)
