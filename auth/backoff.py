"""How long somebody waits who has been wrong too often: pure rules, one counter at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """After `free` attempts each further one costs a wait that doubles from `first` up to `longest`.

    `window`: seconds of quiet after which everything is forgotten; `steady`: seconds from the first attempt on, however many follow.
    """

    free: int
    longest: int
    window: int
    first: int = 1
    steady: bool = False

    def wait_after(self, attempts: int) -> int:
        """Seconds until the next try, once this many have been counted."""
        if attempts < self.free:
            return 0
        return min(self.longest, self.first << min(attempts - self.free, 30))


PER_NAME = Backoff(free=5, longest=900, window=3600)
PER_ADDRESS = Backoff(free=5, longest=30, window=900)

# Of letters that anybody can have sent by typing an address: to that address, from one network (an office shares one), and of all.
ASKED_FOR_NAME = Backoff(free=3, longest=3600, window=7200, first=300)
ASKED_FROM_ADDRESS = Backoff(free=30, longest=60, window=900, first=5, steady=True)
ASKED_OF_ORGANIZATION = Backoff(free=300, longest=10, window=900, steady=True)
ASKED_OF_INSTALLATION = Backoff(free=20_000, longest=5, window=900, steady=True)

# Of questions to providers that guests have asked by a set-up link: by one, and by all of an organization's.
PROBED_BY_LINK = Backoff(free=20, longest=600, window=3600, first=15)
PROBED_OF_ORGANIZATION = Backoff(free=100, longest=60, window=3600, first=5, steady=True)


@dataclass(slots=True)
class Count:
    """Attempts so far, and the moment (seconds, any steady clock) before which no further one is looked at."""

    attempts: int = 0
    blocked_until: float = 0.0
    forgotten_at: float = 0.0

    def charge(self, rule: Backoff, now: float) -> float:
        """Count an attempt unless one has to wait; returns the seconds to wait, 0 where the attempt may go on."""
        if now >= self.forgotten_at:
            self.attempts, self.blocked_until = 0, 0.0
        if now < self.blocked_until:
            return self.blocked_until - now
        self.attempts += 1
        self.blocked_until = now + rule.wait_after(self.attempts) if rule.wait_after(self.attempts) else 0.0
        if self.attempts == 1 or not rule.steady:
            self.forgotten_at = now + rule.window
        return 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.blocked_until - now) if now < self.forgotten_at else 0.0
