"""What can happen to a tag."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.shared.events import event


@event()
@dataclass(frozen=True, slots=True)
class TagCreated:
    tag_id: UUID
    name: str
    slug: str


TagEvent = TagCreated
