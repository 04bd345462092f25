"""From events, row by row, to what each aggregate must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.shared.events import from_store
from app.shared.snapshots import SNAPSHOTS
from tenants.chains import Walk, settled

if TYPE_CHECKING:
    from tenants.database import Row


@dataclass(slots=True)
class Fold:
    """One aggregate after its events so far. `broken`: at which version its chain first breaks; `unreadable`: why its fold ends early."""

    type: str
    id: UUID
    aggregate: Any
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    broken: int | None = None
    unreadable: str | None = None


class Folding:
    """Rows of `tenants.chains.EVENTS` in, folds out, each as soon as the next aggregate begins; only one is held at a time."""

    def __init__(self) -> None:
        self.walk = Walk()
        self._fold: Fold | None = None

    def feed(self, rows: Iterable[Row]) -> Iterator[Fold]:
        for row in rows:
            data = settled(row["data"])
            whole = self.walk.fits(row, data)
            fold = self._fold
            if fold is None or fold.id != row["aggregate_id"]:
                if fold is not None:
                    yield fold
                self._fold = fold = _begun(row)
            if not whole and fold.broken is None:
                fold.broken = row["aggregate_version"]
            _apply(fold, row, data)

    def last(self) -> Iterator[Fold]:
        """When there are no more rows."""
        if self._fold is not None:
            yield self._fold
            self._fold = None


def _begun(row: Row) -> Fold:
    kind, id, at, by = row["aggregate_type"], row["aggregate_id"], row["occurred_at"], row["user_id"]
    how = SNAPSHOTS.get(kind)
    if how is None:
        return Fold(kind, id, None, at, by, at, by, unreadable=f"nothing in this release is called {kind}")
    return Fold(kind, id, how.begin(id), at, by, at, by)


def _apply(fold: Fold, row: Row, data: Any) -> None:
    fold.updated_at, fold.updated_by = row["occurred_at"], row["user_id"]
    if fold.unreadable is not None:
        return
    try:
        fold.aggregate.apply(from_store(row["event_type"], row["event_version"], data))
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError) as error:  # whatever somebody's hand left of an event
        fold.unreadable = f"event {row['aggregate_version']} ({row['event_type']}) cannot be applied: {type(error).__name__} {error}".strip()
