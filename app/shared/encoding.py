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
    hints = _hints(shape)
    return {name: from_json(hints[name], value) for name, value in data.items()}


_SCALARS: dict[Any, Callable[[Any], Any]] = {datetime: datetime.fromisoformat, UUID: UUID, bytes: bytes.fromhex}


def from_json(hint: Any, value: Any) -> Any:
    """The value that a JSON value stands for where `hint` is expected."""
    if value is None:
        return None
    if get_origin(hint) in {UnionType, Union}:
        hint = next(arm for arm in get_args(hint) if arm is not type(None))
    if get_origin(hint) is tuple:
        return tuple(from_json(get_args(hint)[0], item) for item in value)
    if hint in _SCALARS:
        return _SCALARS[hint](value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return hint(**values_from(hint, value))
    return value


@cache
def _hints(shape: type) -> dict[str, Any]:
    return get_type_hints(shape)
