"""Turning events into rows and back: each event class has a name, a version of its shape, and upcasters from older ones."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

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


def to_store(happened: object, metadata: Data | None = None) -> NewEvent:
    """Raises KeyError for a class that was not declared with `event`."""
    return NewEvent(new_id(), type(happened).__name__, _VERSIONS[type(happened)], as_json(happened), metadata or {})


def from_store(type_name: str, version: int, data: Data) -> object:
    """The event a row holds, in today's shape. Raises KeyError for a type no code knows any more, ValueError for a shape of a later release."""
    kind = _KINDS[type_name]
    if not 1 <= version <= kind.version:
        raise ValueError(f"version {version} of {type_name} is none that this release knows; it knows {kind.version}")
    for upcast in kind.upcasters[version - 1 :]:
        data = upcast(data)
    return from_json(kind.shape, data)


SEALED = "sealed"
# Of types that no code declares: long hexadecimal text is ciphertext, a hash or a key, and tells people nothing.
_OPAQUE = re.compile(r"[0-9a-f]{56,}")


def readable(type_name: str, data: Any) -> Any:
    """An event's data as people may read it in an audit: what is encrypted is only named."""
    kind = _KINDS.get(type_name)
    return _shown(kind.shape if kind else None, data)


def _shown(hint: Any, value: Any) -> Any:
    if isinstance(value, dict):
        hints = _hints(hint)
        return {name: _shown(hints.get(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(_arms(hint)[0], item) for item in value]
    if value is not None and (bytes in _arms(hint) or (hint is None and isinstance(value, str) and _OPAQUE.fullmatch(value))):
        return SEALED
    return value


@cache
def _hints(hint: Any) -> dict[str, Any]:
    shape = next((arm for arm in _arms(hint) if isinstance(arm, type) and dataclasses.is_dataclass(arm)), None)
    return get_type_hints(shape) if shape else {}


def _arms(hint: Any) -> tuple[Any, ...]:
    """The types that a hint allows; of a tuple, those of its items."""
    return get_args(hint) or (hint,)
