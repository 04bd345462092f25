"""What a post is made of, validated when it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from app.content import custom_fields
from app.shared import slugs
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_TITLE = 200
LONGEST_CONTENT = 500_000
LONGEST_EXCERPT = 500
LONGEST_REASON = 2_000
LONGEST_SEO_TITLE = 120
LONGEST_SEO_DESCRIPTION = 320
LONGEST_KEYWORD = 60
LONGEST_URL = 2_000
MOST_TAGS = 30
MOST_CATEGORIES = 10
MOST_EDITORS = 50
MOST_KEYWORDS = 20
Complaints = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Seo:
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manuscript:
    """Everything about a post that its people edit. `content` is Markdown; tags, categories and editors are ids; only editors have an order."""

    title: str
    slug: str
    content: str
    excerpt: str | None = None
    tags: tuple[UUID, ...] = ()
    editors: tuple[UUID, ...] = ()
    seo: Seo = Seo()
    featured_image_url: str | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    categories: tuple[UUID, ...] = ()

    @classmethod
    def checked(cls, **values: Any) -> Self:
        """A manuscript within all limits. Raises ValidationFailed naming every field that is not."""
        return cls(**values).normalized()

    def revised(self, **changes: Any) -> Self:
        """This manuscript with some fields changed, within all limits. Raises ValidationFailed."""
        return replace(self, **changes).normalized()

    def normalized(self, known: Self | None = None) -> Self:
        """Within all limits; what `known` has as it is here was looked at before. Raises ValidationFailed naming every field that is not."""
        tidy: dict[str, Any] = {}
        wrong: dict[str, str] = {}
        for name, rule in _RULES.items():
            value = getattr(self, name)
            if known is None or value is not getattr(known, name):
                tidy[name] = rule.tidied(value)
                wrong |= {field: complaint for field, complaint in rule.complaints(tidy[name]).items() if complaint}
        if wrong:
            raise ValidationFailed(wrong)
        return replace(self, **tidy)

    def differences(self, other: Self) -> dict[str, Any]:
        """The fields in which `other` differs from this, with its values."""
        return {f.name: getattr(other, f.name) for f in fields(self) if _differ(getattr(self, f.name), getattr(other, f.name))}


def reason_text(text: str) -> str:
    """Why a post was rejected, in words. Raises ValidationFailed."""
    tidy = cleaned(text)
    wrong = objection(tidy, longest=LONGEST_REASON, shortest=1, lines=True)
    if wrong:
        raise ValidationFailed({"reason": wrong})
    return tidy


def _optional(text: str | None) -> str | None:
    return cleaned(text) or None if text is not None else None


def _too_many(items: tuple[object, ...], most: int) -> str | None:
    return f"takes at most {most}, these are {len(items)}" if len(items) > most else None


def _first(keywords: tuple[str, ...], longest: int) -> str | None:
    return next(filter(None, (objection(word, longest=longest, shortest=1) for word in keywords)), None)


def _url_objection(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return "is no URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(c.isspace() for c in url):
        return "takes a URL that starts with https:// or http://"
    return objection(url, longest=LONGEST_URL)


def _differ(before: Any, after: Any) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        return custom_fields.differ(before, after)
    return before is not after and bool(before != after)


def _tidy_seo(seo: Seo) -> Seo:
    return Seo(_optional(seo.title), _optional(seo.description), tuple(dict.fromkeys(cleaned(word) for word in seo.keywords)))


def _seo_complaints(seo: Seo) -> Complaints:
    return {
        "seo.title": objection(seo.title or "", longest=LONGEST_SEO_TITLE),
        "seo.description": objection(seo.description or "", longest=LONGEST_SEO_DESCRIPTION),
        "seo.keywords": _too_many(seo.keywords, MOST_KEYWORDS) or _first(seo.keywords, LONGEST_KEYWORD),
    }


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a field is kept, and for each field of the API that is in it, what is wrong with what is kept."""

    tidied: Callable[[Any], Any]
    complaints: Callable[[Any], Complaints]


_RULES = {
    "title": _Rule(cleaned, lambda title: {"title": objection(title, longest=LONGEST_TITLE, shortest=1)}),
    "slug": _Rule(str, lambda slug: {"slug": slugs.objection(slug)}),
    "content": _Rule(cleaned, lambda content: {"content": objection(content, longest=LONGEST_CONTENT, lines=True)}),
    "excerpt": _Rule(_optional, lambda excerpt: {"excerpt": objection(excerpt or "", longest=LONGEST_EXCERPT, lines=True)}),
    "tags": _Rule(lambda ids: tuple(sorted(set(ids))), lambda ids: {"tags": _too_many(ids, MOST_TAGS)}),
    "categories": _Rule(lambda ids: tuple(sorted(set(ids))), lambda ids: {"categoryIds": _too_many(ids, MOST_CATEGORIES)}),
    "editors": _Rule(lambda ids: tuple(dict.fromkeys(ids)), lambda ids: {"editorIds": _too_many(ids, MOST_EDITORS)}),
    "seo": _Rule(_tidy_seo, _seo_complaints),
    "featured_image_url": _Rule(_optional, lambda url: {"featuredImageUrl": _url_objection(url)}),
    "custom_fields": _Rule(custom_fields.normalized, custom_fields.objections),
}
