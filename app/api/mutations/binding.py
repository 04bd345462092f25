"""What binds a mutation's field to commands and to the entity of its payload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.api.errors import invalid
from app.bus import Outcome, Unit
from app.shared.graph import Rows

Input = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """`id` is the entity's that the payload carries."""

    id: UUID | None
    changed: bool
    events: tuple[UUID, ...]

    @classmethod
    def of(cls, *outcomes: Outcome) -> Done:
        """Of commands of one transaction; the last one's aggregate is the payload's entity."""
        aggregates = outcomes[-1].aggregates
        events = tuple(event for outcome in outcomes for event in outcome.events)
        return cls(aggregates[0] if aggregates else None, any(outcome.changed for outcome in outcomes), events)


@dataclass(frozen=True, slots=True)
class Mutation:
    """`payload`: which fields of the payload type are read, and as what; `changed` and `eventIds` all of them have."""

    run: Callable[[Unit, Input], Awaitable[Done]]
    payload: Mapping[str, str | Rows] = field(default_factory=dict)


def id_of(text: str, path: str) -> UUID:
    """Raises ValidationFailed."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(path, "takes an id as this API gives them, like 01890a5d-ac96-774b-bcce-b302099a8057") from None
