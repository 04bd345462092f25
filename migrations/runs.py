"""What a run did, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

BROKEN_OFF = "it was broken off"


@dataclass(slots=True)
class Run:
    """`skipped` were there already or beyond; `failed` maps slugs to what went wrong; `seconds` is wall time.

    `state`: done, failed, halted (by itself, for `reason`) or interrupted, which it is until it has come to its end. `left`
    tenants were not tried.
    """

    run: UUID | None
    start: str | None
    to: str
    done: list[str] = field(default_factory=list)
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    state: str = "interrupted"
    reason: str | None = BROKEN_OFF
    seconds: float = 0.0

    def ended(self, state: str, reason: str | None = None) -> None:
        self.state, self.reason = state, reason

    def as_json(self) -> dict[str, object]:
        failed = [{"slug": slug, "error": error} for slug, error in sorted(self.failed.items())]
        return {
            "run": str(self.run) if self.run else None,
            "from": self.start,
            "to": self.to,
            "done": sorted(self.done),
            "skipped": self.skipped,
            "failed": failed,
            "left": self.left,
            "state": self.state,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
        }
