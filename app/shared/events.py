"""Turning events into rows and back: each event class has a name, a version of its shape, and upcasters from older ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.shared.encoding import Data, as_json, from_json
from tenants.events import NewEvent
from tenants.ids import new_id

Event = TypeVar("Event")
Upcaster = Callable[[Data], Data]


@dataclass(frozen=True, slots=True)
class _Kind:
    shape: type
    version: int
    upcasters: tuple[Upcaster, ...]


_KINDS: dict[str, _Kind] = {}
_VERSIONS: dict[type, int] = {}


def event(*upcasters: Upcaster) -> Callable[[type[Event]], type[Event]]:
    """Declare a frozen dataclass as an event. Its version is one more than its upcasters, which bring older data up step by step."""

    def register(shape: type[Event]) -> type[Event]:
        if shape.__name__ in _KINDS:
            raise TypeError(f"there is an event {shape.__name__} already")
        _KINDS[shape.__name__] = _Kind(shape, len(upcasters) + 1, upcasters)
        _VERSIONS[shape] = len(upcasters) + 1
        return shape

    return register


def to_store(happened: object) -> NewEvent:
    """Raises KeyError for a class that was not declared with `event`."""
    return NewEvent(new_id(), type(happened).__name__, _VERSIONS[type(happened)], as_json(happened))


def from_store(type_name: str, version: int, data: Data) -> object:
    """The event a row holds, in today's shape. Raises KeyError for a type no code knows any more."""
    kind = _KINDS[type_name]
    for upcast in kind.upcasters[version - 1 :]:
        data = upcast(data)
    return from_json(kind.shape, data)
