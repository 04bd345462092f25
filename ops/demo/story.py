"""What happens to each post of the demo: a plan, made before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from uuid import UUID

from ops.demo import texts
from ops.demo.people import House
from ops.demo.shelves import shelves

FIRST_MOMENT = 1_767_225_600_000  # 2026-01-01 in Unix milliseconds


class Fate(StrEnum):
    """How far a post gets."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    REJECTED = "rejected"
    APPROVED = "approved"
    PUBLISHED = "published"
    REVISED = "published, then edited"
    ARCHIVED = "archived"
    SCHEDULED = "scheduled"
    EXPIRED = "expired"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn from review"


_SHARES = {
    Fate.PUBLISHED: 120,
    Fate.REVISED: 20,
    Fate.DRAFT: 20,
    Fate.IN_REVIEW: 15,
    Fate.REJECTED: 12,
    Fate.APPROVED: 13,
    Fate.ARCHIVED: 10,
    Fate.SCHEDULED: 9,
    Fate.EXPIRED: 4,
    Fate.DELETED: 4,
    Fate.WITHDRAWN: 3,
}


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """`author` and `editor` are keys of the house's people; the id is the same on every machine. `shelves` are slugs of categories."""

    id: UUID
    title: str
    body: str
    excerpt: str
    tags: tuple[str, ...]
    shelves: tuple[str, ...]
    author: str
    editor: str | None
    fate: Fate
    reason: str
    revision: str


def plan(house: House) -> list[PlannedPost]:
    """The same list for the same house, always. Every fate occurs."""
    rng = Random(f"imprint demo {house.slug}")  # noqa: S311 - repeatable texts, no secrets
    filing = Random(f"imprint demo shelves {house.slug}")  # noqa: S311 - as above
    authors = [person.key for person in house.people if person.role in {"author", "content_manager"}]
    fates = [fate for fate, share in _SHARES.items() for _ in range(share)]
    rng.shuffle(fates)
    return [
        PlannedPost(
            id=_id(rng, number),
            title=texts.title(rng),
            body=texts.body(rng),
            excerpt=texts.excerpt(rng),
            tags=texts.tags(rng),
            shelves=shelves(filing),
            author=rng.choice(authors),
            editor="editor" if rng.random() < 0.3 else None,  # noqa: PLR2004 - some posts have one
            fate=fate,
            reason=texts.reason(rng),
            revision=texts.body(rng),
        )
        for number, fate in enumerate(fates)
    ]


def _id(rng: Random, number: int) -> UUID:
    """A UUID version 7 (RFC 9562, 5.7) whose clock and random bits come from the plan."""
    bits = (FIRST_MOMENT + number) << 80 | rng.getrandbits(80)
    return UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)
