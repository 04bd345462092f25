"""A tag's name and the slug that stands for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from app.shared.slugs import slug_from
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_TAG = 60


@dataclass(frozen=True, slots=True)
class TagName:
    """Two names with the same slug are the same tag, however they are capitalized or accented."""

    name: str
    slug: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValidationFailed."""
        name = " ".join(cleaned(text).split())
        wrong = objection(name, longest=LONGEST_TAG, shortest=1)
        if wrong:
            raise ValidationFailed({"tags": f"{name[:LONGEST_TAG]!r} {wrong}"})
        return cls(name, slug_from(name, fallback=f"tag-{hashlib.sha256(name.encode()).hexdigest()[:8]}"))
