"""Who is told how a run goes: a terminal, a log, nobody. Telling never changes how it goes."""

from __future__ import annotations

from typing import Protocol

import structlog

from migrations.crew import Outcome
from migrations.plan import Plan

log = structlog.get_logger(__name__)


class Listener(Protocol):
    def note(self, line: str) -> None: ...

    def planned(self, plan: Plan) -> None: ...

    def wave_begins(self, number: int, size: int) -> None: ...

    def heard(self, outcome: Outcome) -> None: ...

    def remaining(self, tenants: int, seconds: float) -> None:
        """After the first wave: how many tenants are left, and how long they will take at its pace."""


class Told:
    """Passes on what happens; a listener that fails once is told nothing more."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener

    def note(self, line: str) -> None:
        self._tell("note", line)

    def planned(self, plan: Plan) -> None:
        self._tell("planned", plan)

    def wave_begins(self, number: int, size: int) -> None:
        self._tell("wave_begins", number, size)

    def heard(self, outcome: Outcome) -> None:
        self._tell("heard", outcome)

    def remaining(self, tenants: int, seconds: float) -> None:
        self._tell("remaining", tenants, seconds)

    def _tell(self, what: str, *arguments: object) -> None:
        if self._listener is None:
            return
        try:
            getattr(self._listener, what)(*arguments)
        except OSError:  # whoever read it has gone, and the log may go the same way
            self._listener = None
        except Exception:
            self._listener = None
            log.exception("a listener failed; the run goes on")
