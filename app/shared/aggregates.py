"""The shape that every aggregate has, so that the bus can store what it recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol
from uuid import UUID


class Aggregate(Protocol):
    """State is a fold of events. `version` counts them; `recorded` holds those not stored yet."""

    type: ClassVar[str]
    id: UUID
    version: int

    @property
    def recorded(self) -> Sequence[object]: ...


@dataclass(frozen=True, slots=True)
class Aside:
    """What a command did that no event tells of: a view, a like. `id` is what it was done to, `changed` whether there was anything to do."""

    id: UUID
    changed: bool
