"""What binds a mutation's field to commands and to the entity of its payload."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.api.errors import invalid
from app.bus import Outcome, Unit
from app.shared.graph import Rows
from app.shared.violations import Violations
from auth.invitations import Invitations
from tenants.registry import Tenant

Input = Mapping[str, Any]
NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one of many was refused."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one of many."""

    id: UUID
    changed: bool
    error: ItemError | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """`id` is the entity's that the payload carries; `results`: of each, where many were done at once."""

    id: UUID | None
    changed: bool
    events: tuple[UUID, ...]
    results: tuple[ItemResult, ...] = ()

    @classmethod
    def of(cls, *outcomes: Outcome) -> Done:
        """Of commands of one transaction; the last one's aggregate is the payload's entity."""
        aggregates = outcomes[-1].aggregates
        events = tuple(event for outcome in outcomes for event in outcome.events)
        return cls(aggregates[0] if aggregates else None, any(outcome.changed for outcome in outcomes), events)


@dataclass(frozen=True, slots=True)
class Mutation:
    """`payload`: which fields of the payload type are read, and as what; `changed` and `eventIds` all of them have, `results` those of `many`.

    `before`: work that must not keep a transaction waiting, such as hashing a password; the input as it goes on.
    """

    run: Callable[[Unit, Input], Awaitable[Done]]
    payload: Mapping[str, str | Rows] = field(default_factory=dict)
    before: Callable[[Invitations, Tenant, Input], Awaitable[Input]] | None = None
    many: bool = False


class Reading(Violations):
    """An input that is read to its end, whatever is wrong with it."""

    def id(self, text: str, path: str) -> UUID:
        return self.read(lambda: id_of(text, path), NOBODY)

    def ids(self, texts: Sequence[str], path: str) -> tuple[UUID, ...]:
        return tuple(self.id(text, f"{path}.{position}") for position, text in enumerate(texts))

    async def execute(self, unit: Unit, command: object) -> Done:
        """Raises ValidationFailed with what was found while reading and what the command's own rules say."""
        return Done.of(await self.beside(unit.execute(command)))


def id_of(text: str, path: str) -> UUID:
    """Raises ValidationFailed."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(path, "takes an id as this API gives them, like 01890a5d-ac96-774b-bcce-b302099a8057") from None
