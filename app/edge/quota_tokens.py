"""Buckets that fill with tokens at a steady rate, and the small batches of them that a process spends by itself. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

KEPT_SECONDS = 1.0
LARGEST_BATCH = 50
BATCHES_A_SECOND = 20
SHORTEST_WAIT = 0.02


class Grant(NamedTuple):
    """Tokens that were given; where there was none, the seconds until there is one."""

    tokens: int
    wait: float


@dataclass(slots=True)
class Bucket:
    """Holds one second's tokens at most, so that much may come at once. Times are seconds of any steady clock."""

    rate: int
    level: float
    at: float

    @classmethod
    def full(cls, rate: int, now: float) -> Bucket:
        return cls(rate, float(rate), now)

    def take(self, wanted: int, back: int, now: float) -> Grant:
        """As many as are wanted and there, after `back` unspent ones were put back."""
        self.level = min(float(self.rate), self.level + max(0.0, now - self.at) * self.rate + back)
        self.at = now
        granted = min(wanted, int(self.level))
        self.level -= granted
        return Grant(granted, 0.0 if granted else (1 - self.level) / self.rate)


@dataclass(slots=True)
class Purse:
    """What one process holds of one organization's tokens. Its batches grow while they are spent in time, and shrink when not."""

    rate: int
    tokens: int = 0
    good_until: float = 0.0
    blocked_until: float = 0.0
    batch: int = 1

    def spend(self, now: float) -> bool:
        if self.tokens and now < self.good_until:
            self.tokens -= 1
            return True
        return False

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for tokens again; 0: now."""
        return max(0.0, self.blocked_until - now)

    def ask(self) -> tuple[int, int]:
        """How many tokens to ask for, and how many are given back: those that were kept too long."""
        largest = max(1, min(LARGEST_BATCH, self.rate // BATCHES_A_SECOND))
        back, self.tokens = self.tokens, 0
        self.batch = max(1, self.batch // 2) if back else min(largest, self.batch * 2)
        return self.batch, back

    def receive(self, grant: Grant, now: float) -> None:
        self.tokens, self.good_until = grant.tokens, now + KEPT_SECONDS
        if not grant.tokens:
            self.blocked_until = now + max(SHORTEST_WAIT, grant.wait)
