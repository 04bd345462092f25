"""How long an attempt waits for a lock, and how long until the next one.

Whoever waits for an exclusive lock makes all that come after wait behind it. So the first attempts wait a moment only, and
the pauses between are longer than the waits: requests get through, and at last the migration does.
"""

from __future__ import annotations

FIRST_LOCK_MS = 50
LONGEST_LOCK_MS = 2000
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


def lock_milliseconds(attempt: int) -> int:
    """For the first attempt (1) and those after it."""
    return min(LONGEST_LOCK_MS, FIRST_LOCK_MS << min(attempt - 1, 16))


def pause(attempt: int, spread: float) -> float:
    """Seconds after the attempt; `spread` from 0 to 1 keeps many of them apart."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt - 1, 16)) * (0.75 + 0.5 * spread))
