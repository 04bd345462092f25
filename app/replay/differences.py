"""Where a row is not what its events say, field by field. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.replay.folding import Fold
from app.shared.encoding import as_json
from app.shared.snapshots import SNAPSHOTS

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

MISSING, PRESENT = "missing", "present"
_WHEN_AND_WHO = ("created_at", "created_by", "updated_at", "updated_by")


@dataclass(frozen=True, slots=True)
class Difference:
    """`row` and `replay` are JSON values. The field `row` itself: one of the two is missing altogether; `events`: they cannot be replayed."""

    aggregate_type: str
    aggregate_id: UUID
    field: str
    row: Any
    replay: Any


def differences(fold: Fold, row: Row | None, key: TenantKey) -> Iterator[Difference]:
    """`row`: the aggregate's, read by its Snapshots."""
    if fold.unreadable is not None:
        yield Difference(fold.type, fold.id, "events", None if row is None else PRESENT, fold.unreadable)
        return
    how = SNAPSHOTS[fold.type]
    if how.gone(fold.aggregate) or row is None:
        if (row is None) is not how.gone(fold.aggregate):
            yield Difference(fold.type, fold.id, "row", *((MISSING, PRESENT) if row is None else (PRESENT, MISSING)))
        return
    try:
        says, should = how.of_row(row), how.of_fold(fold.aggregate, row, key)
    except ValueError as error:  # a value that no event could have brought about, such as a status that there is not
        yield Difference(fold.type, fold.id, "row", f"cannot be read: {error}", PRESENT)
        return
    if says != should:
        theirs, ours = _flat(says), _flat(should)
        for name in theirs:
            if theirs[name] != ours[name]:
                yield Difference(fold.type, fold.id, name, as_json(theirs[name]), as_json(ours[name]))
    for name in _WHEN_AND_WHO:
        if row[name] != getattr(fold, name):
            yield Difference(fold.type, fold.id, name, as_json(row[name]), as_json(getattr(fold, name)))


def without_events(kind: str, id: UUID) -> Difference:
    """A row that no event tells of."""
    return Difference(kind, id, "row", PRESENT, MISSING)


def _flat(value: Any) -> dict[str, Any]:
    """A dataclass's compared fields; those of a value object in it by their own names, those of one in that with its name before them."""
    flat: dict[str, Any] = {}
    for name, part in _fields(value):
        if is_dataclass(part):
            for inner, deeper in _fields(part):
                flat |= {f"{inner}.{last}": deepest for last, deepest in _fields(deeper)} if is_dataclass(deeper) else {inner: deeper}
        else:
            flat[name] = part
    return flat


def _fields(value: Any) -> Iterator[tuple[str, Any]]:
    return ((field.name, getattr(value, field.name)) for field in fields(value) if field.compare)
