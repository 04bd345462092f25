"""What a context makes of an aggregate's events when the API asks about the past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.shared.events import from_store


@dataclass(frozen=True, slots=True)
class Happened:
    """One stored event in today's shape. `actor`: the person, once for each way in which the API was asked to show them."""

    event: Any
    version: int
    at: datetime
    id: UUID
    by: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    actor: Any = ()

    @property
    def type(self) -> str:
        return type(self.event).__name__


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom, whether they hold the permission that shows everything, and the field's arguments (moments as they are, ids as text)."""

    me: UUID | None
    everything: bool
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Markdown:
    """Text that the API shows as HTML, where it is asked for."""

    text: str


Recall = Callable[[UUID, Sequence[Happened], Asked], Any]
"""The aggregate's id, its events from the first on, what is asked: JSON-like values by the names of the API's fields, or None.

Raises a Refusal, which becomes the field's error.
"""


def happened(row: Sequence[Any]) -> Happened:
    """From type, version of the shape, data, version, moment, id, who, correlation, causation and actor, as JSON brings them."""
    kind, shape, data, version, at, id, by, correlation, causation, actor = row
    return Happened(
        from_store(kind, shape, data),
        version,
        datetime.fromisoformat(at),
        UUID(id),
        UUID(by) if by else None,
        UUID(correlation),
        UUID(causation) if causation else None,
        actor,
    )
