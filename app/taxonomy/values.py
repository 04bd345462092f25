"""Names of tags and categories, and the slugs that stand for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from app.shared import slugs
from app.shared.slugs import slug_from
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_TAG = 60
MOST_SYNONYMS = 50
LONGEST_CATEGORY = 120
LONGEST_DESCRIPTION = 2_000


@dataclass(frozen=True, slots=True)
class TagName:
    """Two names with the same slug are the same tag, however they are capitalized or accented."""

    name: str
    slug: str

    @classmethod
    def of(cls, text: str, field: str = "tags") -> Self:
        """Raises ValidationFailed for the field."""
        name = " ".join(cleaned(text).split())
        wrong = objection(name, longest=LONGEST_TAG, shortest=1)
        if wrong:
            raise ValidationFailed({field: f"{name[:LONGEST_TAG]!r} {wrong}"})
        return cls(name, slug_from(name, fallback=f"tag-{hashlib.sha256(name.encode()).hexdigest()[:8]}"))


def synonyms_of(texts: Iterable[str]) -> tuple[TagName, ...]:
    """Each word once, by slug. Raises ValidationFailed."""
    words = {word.slug: word for word in (TagName.of(text, "synonyms") for text in texts)}
    return within_limit(words[slug] for slug in sorted(words))


def within_limit(words: Iterable[TagName]) -> tuple[TagName, ...]:
    """Raises ValidationFailed where a tag would have too many synonyms."""
    found = tuple(words)
    if len(found) > MOST_SYNONYMS:
        raise ValidationFailed({"synonyms": f"takes at most {MOST_SYNONYMS}, these are {len(found)}"})
    return found


@dataclass(frozen=True, slots=True)
class Label:
    """What a category is called, where its page lies, and what it is about."""

    name: str
    slug: str
    description: str | None = None

    @classmethod
    def checked(cls, name: str, slug: str, description: str | None) -> Self:
        """Raises ValidationFailed naming every field that is beyond its limits."""
        return cls(name, slug, description).revised()

    def revised(self, **changes: Any) -> Self:
        """This label with some fields changed, within all limits. Raises ValidationFailed."""
        changed = replace(self, **changes)
        tidy = replace(changed, name=" ".join(cleaned(changed.name).split()), description=cleaned(changed.description or "") or None)
        complaints = {
            "name": objection(tidy.name, longest=LONGEST_CATEGORY, shortest=1),
            "slug": slugs.objection(tidy.slug),
            "description": objection(tidy.description or "", longest=LONGEST_DESCRIPTION, lines=True),
        }
        wrong = {field: complaint for field, complaint in complaints.items() if complaint}
        if wrong:
            raise ValidationFailed(wrong)
        return tidy

    def differences(self, other: Self) -> dict[str, Any]:
        """The fields in which `other` differs from this, with its values."""
        return {field: getattr(other, field) for field in ("name", "slug", "description") if getattr(self, field) != getattr(other, field)}
