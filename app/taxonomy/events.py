"""What can happen to tags and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.shared.events import event
from app.taxonomy.values import TagName


@event()
@dataclass(frozen=True, slots=True)
class TagCreated:
    tag_id: UUID
    name: str
    slug: str


@event()
@dataclass(frozen=True, slots=True)
class TagRenamed:
    tag_id: UUID
    name: str
    slug: str


@event()
@dataclass(frozen=True, slots=True)
class TagSynonymsChanged:
    """All of them as they are now, by slug."""

    tag_id: UUID
    synonyms: tuple[TagName, ...]


@event()
@dataclass(frozen=True, slots=True)
class TagMerged:
    """It is no more; its words lead to the other tag."""

    tag_id: UUID
    into_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class TagDeleted:
    tag_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class CategoryCreated:
    """`rank` orders siblings; it is no position."""

    category_id: UUID
    name: str
    slug: str
    description: str | None
    parent_id: UUID | None
    rank: int


@event()
@dataclass(frozen=True, slots=True)
class CategoryUpdated:
    """`changes` holds the changed ones of name, slug and description."""

    category_id: UUID
    changes: dict[str, Any]


@event()
@dataclass(frozen=True, slots=True)
class CategoryMoved:
    """It stands under another parent (None: at the top), or elsewhere among its siblings."""

    category_id: UUID
    parent_id: UUID | None
    rank: int


@event()
@dataclass(frozen=True, slots=True)
class CategoryMerged:
    """It is no more; its children and posts stand in the other category."""

    category_id: UUID
    into_id: UUID


@event()
@dataclass(frozen=True, slots=True)
class CategoryDeleted:
    """Its children and posts went to another category, or to none."""

    category_id: UUID
    moved_to_id: UUID | None


TagEvent = TagCreated | TagRenamed | TagSynonymsChanged | TagMerged | TagDeleted
CategoryEvent = CategoryCreated | CategoryUpdated | CategoryMoved | CategoryMerged | CategoryDeleted
