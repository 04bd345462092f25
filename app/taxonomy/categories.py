"""Categories: headings under which posts stand, each under at most one other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.taxonomy.events import CategoryCreated, CategoryDeleted, CategoryEvent, CategoryMerged, CategoryMoved, CategoryUpdated
from app.taxonomy.values import Label

_EMPTY = Label("", "")


@dataclass(slots=True)
class Category:
    """State is a fold of events. Where it may stand is for the tree to say; here it is only noted."""

    type: ClassVar[str] = "Category"

    id: UUID
    label: Label = _EMPTY
    parent_id: UUID | None = None
    rank: int = 0
    gone: bool = False
    version: int = 0
    recorded: list[CategoryEvent] = field(default_factory=list, compare=False)

    @classmethod
    def create(cls, id: UUID, label: Label, parent_id: UUID | None, rank: int) -> Self:
        category = cls(id)
        category._record(CategoryCreated(id, label.name, label.slug, label.description, parent_id, rank))
        return category

    @classmethod
    def replay(cls, id: UUID, events: Iterable[CategoryEvent]) -> Self:
        category = cls(id)
        for event in events:
            category.apply(event)
        return category

    def revise(self, label: Label) -> None:
        changes = self.label.differences(label)
        if changes:
            self._record(CategoryUpdated(self.id, changes))

    def place(self, parent_id: UUID | None, rank: int) -> None:
        if (parent_id, rank) != (self.parent_id, self.rank):
            self._record(CategoryMoved(self.id, parent_id, rank))

    def merge_into(self, other: Category) -> None:
        self._record(CategoryMerged(self.id, other.id))

    def delete(self, moved_to_id: UUID | None) -> None:
        self._record(CategoryDeleted(self.id, moved_to_id))

    def apply(self, event: CategoryEvent) -> None:
        match event:
            case CategoryCreated():
                self.label, self.parent_id, self.rank = Label(event.name, event.slug, event.description), event.parent_id, event.rank
            case CategoryUpdated():
                self.label = Label(**{"name": self.label.name, "slug": self.label.slug, "description": self.label.description, **event.changes})
            case CategoryMoved():
                self.parent_id, self.rank = event.parent_id, event.rank
            case CategoryMerged() | CategoryDeleted():
                self.gone = True
            case _:
                assert_never(event)
        self.version += 1

    def _record(self, event: CategoryEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
