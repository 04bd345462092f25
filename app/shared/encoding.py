"""Value objects as JSON and back, by their annotations: ids and moments as text, bytes as hex, tuples as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

Data = dict[str, Any]


def as_json(value: object) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """The JSON value that `from_json` reads back."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case UUID():
            return str(value)
        case Enum():
            return value.value
        case tuple() | list() | frozenset():
            return [as_json(item) for item in value]
        case dict():
            return {key: as_json(item) for key, item in value.items()}
        case bytes():
            return value.hex()
    if dataclasses.is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def values_from(shape: type, data: Data) -> Data:
    """Some fields of a dataclass, by name, read from JSON."""
    readers = _readers(shape)
    return {name: readers[name](value) for name, value in data.items()}


def from_json(hint: Any, value: Any) -> Any:
    """The value that a JSON value stands for where `hint` is expected."""
    return _reader(hint)(value)


_SCALARS: dict[Any, Callable[[Any], Any]] = {datetime: datetime.fromisoformat, UUID: UUID, bytes: bytes.fromhex}


@cache
def _readers(shape: type) -> dict[str, Callable[[Any], Any]]:
    """Made once for each dataclass: whole histories are read with them."""
    return {name: _reader(hint) for name, hint in get_type_hints(shape).items()}


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    if get_origin(hint) in {UnionType, Union}:
        hint = next(arm for arm in get_args(hint) if arm is not type(None))
    if get_origin(hint) is tuple:
        item = _reader(get_args(hint)[0])
        return lambda value: None if value is None else tuple([item(one) for one in value])
    if hint in _SCALARS:
        return _unless_none(_SCALARS[hint])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _unless_none(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _unless_none(lambda value: hint(**values_from(hint, value)))
    return lambda value: value


def _unless_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)
