"""What a post was, what happened to it, and what changed from one version to another: folds of its events.

Whoever may read drafts is told everything. Its author and editors are told of the time in which they were, by what the post
said then: who came later is not told what was before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.content.comparing import compared
from app.content.posts import Post
from app.content.states import Status
from app.content.texts import beginning
from app.content.values import Manuscript
from app.shared.encoding import as_json
from app.shared.past import Asked, Happened, Markdown, camel, entry, shown_page
from tenants.errors import ValidationFailed
from tenants.events import canonical

NAMES = {
    "featured_image_url": "featuredImageUrl",
    "custom_fields": "customFields",
    "tags": "tagIds",
    "categories": "categoryIds",
    "editors": "editorIds",
}
_TEXTS = ("content", "excerpt")
_SAID_ELSEWHERE = {"post_id", "author_id", "title", "manuscript", "changes"}


@dataclass(frozen=True, slots=True)
class Moment:
    """The post right after one of its events."""

    happened: Happened
    author_id: UUID | None
    status: Status
    manuscript: Manuscript
    post: dict[str, Any]


def as_of(post_id: UUID, events: Sequence[Happened], asked: Asked) -> dict[str, Any] | None:
    """The post after these events; None before there was one, and where it was not theirs to see."""
    moments = list(_moments(post_id, events))
    return _past(moments[-1]) if moments and _theirs(moments[-1], asked) else None


def history(post_id: UUID, events: Sequence[Happened], asked: Asked) -> list[dict[str, Any]]:
    """What happened, newest first: `first` entries at most, those before the version `beforeVersion`."""
    moments = [None, *_moments(post_id, events)]
    return shown_page([_entry(earlier, later) for earlier, later in pairwise(moments) if later is not None and _theirs(later, asked)], asked)


def difference(post_id: UUID, events: Sequence[Happened], asked: Asked) -> list[dict[str, Any]] | None:
    """Field by field from the version `from` to `to` (the latest). Raises ValidationFailed for versions that there are not."""
    moments = list(_moments(post_id, events))
    start, end = asked.arguments["from"], asked.arguments.get("to")
    end = len(moments) if end is None else end
    wrong = {name: f"takes a version from 1 to {len(moments)}" for name, value in (("from", start), ("to", end)) if not 1 <= value <= len(moments)}
    if wrong:
        raise ValidationFailed(wrong)
    before, after = moments[start - 1], moments[end - 1]
    if not (_theirs(before, asked) and _theirs(after, asked)):
        return None
    return [_difference(name, *values) for name, values in _changes(before, after).items()]


def _moments(post_id: UUID, events: Sequence[Happened]) -> Iterator[Moment]:
    post = Post(post_id)
    for happened in events:
        post.apply(happened.event)
        moments = {name: getattr(post, name) for name in ("published_at", "scheduled_at", "expires_at")}
        yield Moment(happened, post.author_id, post.status, post.manuscript, moments)


def _theirs(moment: Moment, asked: Asked) -> bool:
    return asked.everything or (asked.me is not None and (asked.me == moment.author_id or asked.me in moment.manuscript.editors))


def _past(moment: Moment) -> dict[str, Any]:
    text = moment.manuscript
    return {
        "version": moment.happened.version,
        "changedAt": moment.happened.at,
        "status": moment.status.value,
        "title": text.title,
        "slug": text.slug,
        "content": text.content,
        "contentHtml": Markdown(text.content),
        "excerpt": lambda: text.excerpt or beginning(text.content) or None,
        "editorIds": as_json(text.editors),
        "tagIds": as_json(text.tags),
        "categoryIds": as_json(text.categories),
        "seo": as_json(text.seo),
        "featuredImageUrl": text.featured_image_url,
        "customFields": text.custom_fields,
        "publishedAt": moment.post["published_at"],
        "scheduledAt": moment.post["scheduled_at"],
        "expiresAt": moment.post["expires_at"],
    }


def _entry(before: Moment | None, after: Moment) -> dict[str, Any]:
    said = after.happened.event

    def details() -> dict[str, Any]:
        return {camel(name): value for name, value in as_json(said).items() if name not in _SAID_ELSEWHERE}

    return entry(after.happened, lambda: _changes(before, after), details)


def _changes(before: Moment | None, after: Moment) -> dict[str, tuple[Any, Any]]:
    """By the API's names, what the post was before and is after; of a post that begins, what it begins with."""
    old, new = _values(before) if before else {}, _values(after)
    if before is None:
        return {name: (None, value) for name, value in new.items() if value not in (None, [], {}, "")}
    return {name: (old[name], value) for name, value in new.items() if canonical(old[name]) != canonical(value)}


def _values(moment: Moment) -> dict[str, Any]:
    text = as_json(moment.manuscript)
    moments = {camel(name): as_json(value) for name, value in moment.post.items()}
    return {"status": moment.status.value} | {NAMES.get(name, name): value for name, value in text.items()} | moments


def _difference(name: str, before: Any, after: Any) -> dict[str, Any]:
    def parts() -> list[dict[str, Any]] | None:
        if name not in _TEXTS:
            return None
        return [{"kind": part.kind.value, "text": part.text, "lines": part.lines} for part in compared(before or "", after or "")]

    return {"field": name, "before": before, "after": after, "parts": parts}
