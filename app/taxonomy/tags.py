"""Tags: words that posts carry, and the synonyms that lead to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self, assert_never
from uuid import UUID

from app.taxonomy.events import TagCreated, TagDeleted, TagEvent, TagMerged, TagRenamed, TagSynonymsChanged
from app.taxonomy.values import TagName, within_limit


@dataclass(slots=True)
class Tag:
    """State is a fold of events. `synonyms` are by slug and never hold the tag's own word."""

    type: ClassVar[str] = "Tag"

    id: UUID
    name: str = ""
    slug: str = ""
    version: int = 0
    synonyms: tuple[TagName, ...] = ()
    gone: bool = False
    recorded: list[TagEvent] = field(default_factory=list, compare=False)

    @classmethod
    def create(cls, id: UUID, name: TagName) -> Self:
        tag = cls(id)
        tag._record(TagCreated(id, name.name, name.slug))
        return tag

    @classmethod
    def replay(cls, id: UUID, events: Iterable[TagEvent]) -> Self:
        tag = cls(id)
        for event in events:
            tag.apply(event)
        return tag

    @property
    def word(self) -> TagName:
        return TagName(self.name, self.slug)

    def rename(self, name: TagName) -> None:
        """The word it had leads to it from now on, unless the new one has the same slug."""
        if name == self.word:
            return
        before = self.word
        self._record(TagRenamed(self.id, name.name, name.slug))
        self.set_synonyms((*self.synonyms, before))

    def set_synonyms(self, words: Iterable[TagName]) -> None:
        """Raises ValidationFailed where these are too many."""
        by_slug = {word.slug: word for word in words if word.slug != self.slug}
        synonyms = within_limit(by_slug[slug] for slug in sorted(by_slug))
        if synonyms != self.synonyms:
            self._record(TagSynonymsChanged(self.id, synonyms))

    def merge_into(self, other: Tag) -> None:
        """All words of this one lead to the other; this one is no more. Raises ValidationFailed where those are too many."""
        other.set_synonyms((*other.synonyms, self.word, *self.synonyms))
        self._record(TagMerged(self.id, other.id))

    def delete(self) -> None:
        self._record(TagDeleted(self.id))

    def apply(self, event: TagEvent) -> None:
        match event:
            case TagCreated() | TagRenamed():
                self.name, self.slug = event.name, event.slug
            case TagSynonymsChanged():
                self.synonyms = event.synonyms
            case TagMerged() | TagDeleted():
                self.gone = True
            case _:
                assert_never(event)
        self.version += 1

    def _record(self, event: TagEvent) -> None:
        self.apply(event)
        self.recorded.append(event)
