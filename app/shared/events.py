"""Turning events into rows and back: each event class has a name, a version of its shape, and upcasters from older ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from tenants.events import NewEvent
from tenants.ids import new_id

Event = TypeVar("Event")
Data = dict[str, Any]
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
    return NewEvent(new_id(), type(happened).__name__, _VERSIONS[type(happened)], _encode(happened))


def from_store(type_name: str, version: int, data: Data) -> object:
    """The event a row holds, in today's shape. Raises KeyError for a type no code knows any more."""
    kind = _KINDS[type_name]
    for upcast in kind.upcasters[version - 1 :]:
        data = upcast(data)
    return _decode(kind.shape, data)


def as_json(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """A value object, id or moment as JSON; `values_from` reads it back."""
    return _encode(value)


def values_from(shape: type, data: Data) -> Data:
    """Some fields of a dataclass, read from JSON by its annotations."""
    hints = _hints(shape)
    return {name: _decode(hints[name], value) for name, value in data.items()}


@cache
def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)


def _encode(value: object) -> Any:  # noqa: ANN401 - a JSON value
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case UUID():
            return str(value)
        case Enum():
            return value.value
        case tuple() | list() | frozenset():
            return [_encode(item) for item in value]
        case dict():
            return {key: _encode(item) for key, item in value.items()}
        case bytes():
            return value.hex()
    if dataclasses.is_dataclass(value):
        return {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def _decode(hint: Any, value: Any) -> Any:  # noqa: ANN401 - types and JSON values
    if value is None:
        return None
    origin = get_origin(hint)
    if origin in {UnionType, Union}:
        return _decode(next(arm for arm in get_args(hint) if arm is not type(None)), value)
    if origin is tuple:
        return tuple(_decode(get_args(hint)[0], item) for item in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is UUID:
        return UUID(value)
    if hint is bytes:
        return bytes.fromhex(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint(**values_from(hint, value))
    return value
