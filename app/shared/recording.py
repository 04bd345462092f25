"""Loading, saving and versions: what every store needs besides its own columns."""

from __future__ import annotations

from uuid import UUID

from app.shared.aggregates import Aggregate
from tenants.errors import Conflict


class ChangedMeanwhile(Conflict):
    """A change was made for the version `seen` of an aggregate that is another by now. The bus adds what happened since."""

    def __init__(self, aggregate_type: str, aggregate_id: UUID, seen: int) -> None:
        super().__init__("Somebody else changed this meanwhile; reload and try again.", expected_version=seen)
        self.aggregate_type = aggregate_type
        self.aggregate_id = aggregate_id
        self.seen = seen


def expect_version(aggregate: Aggregate, expected: int | None) -> None:
    """Raises ChangedMeanwhile where the caller has seen another version than the one that is there."""
    if expected is not None and expected != aggregate.version:
        raise ChangedMeanwhile(aggregate.type, aggregate.id, expected)


def expect_saved(rows: int, aggregate: Aggregate) -> None:
    """Raises ChangedMeanwhile where `WHERE version = …` found nothing to update."""
    if rows != 1:
        raise ChangedMeanwhile(aggregate.type, aggregate.id, aggregate.version - len(aggregate.recorded))
