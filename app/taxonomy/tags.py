"""Tags: words that posts carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from app.taxonomy.events import TagCreated, TagEvent
from app.taxonomy.values import TagName


@dataclass(slots=True)
class Tag:
    """State is a fold of events."""

    type: ClassVar[str] = "Tag"

    id: UUID
    name: str = ""
    slug: str = ""
    version: int = 0
    recorded: list[TagEvent] = field(default_factory=list, compare=False)

    @classmethod
    def create(cls, id: UUID, name: TagName) -> Self:
        tag = cls(id)
        tag._record(TagCreated(id, name.name, name.slug))
        return tag

    def apply(self, event: TagEvent) -> None:
        self.name, self.slug = event.name, event.slug
        self.version += 1

    def _record(self, event: TagEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
