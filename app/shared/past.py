"""What a context makes of an aggregate's events when the API asks about the past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.shared.encoding import as_json
from app.shared.events import from_store, readable

_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Happened:
    """One stored event in today's shape. `actor`: the person, once for each way in which the API was asked to show them."""

    event: Any
    version: int
    at: datetime
    id: UUID
    by: UUID | None
    correlation_id: UUID
    causation_id: UUID | None
    actor: Any = ()

    @property
    def type(self) -> str:
        return type(self.event).__name__


@dataclass(frozen=True, slots=True)
class Asked:
    """By whom, whether they hold the permission that shows everything, and the field's arguments (moments as they are, ids as text)."""

    me: UUID | None
    everything: bool
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Markdown:
    """Text that the API shows as HTML, where it is asked for."""

    text: str


Recall = Callable[[UUID, Sequence[Happened], Asked], Any]
"""The aggregate's id, its events from the first on, what is asked: JSON-like values by the names of the API's fields, or None.

Raises a Refusal, which becomes the field's error.
"""


def entry(happened: Happened, changes: Callable[[], dict[str, tuple[Any, Any]]], details: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """One of a history. `changes`: by the API's names, what was before and is after; `details`: what else the event knows."""
    return {
        "id": str(happened.id),
        "version": happened.version,
        "type": happened.type,
        "at": happened.at,
        "actor": happened.actor,
        "correlationId": str(happened.correlation_id),
        "causationId": str(happened.causation_id) if happened.causation_id else None,
        "changes": lambda: {name: {"before": old, "after": new} for name, (old, new) in changes().items()},
        "details": details,
    }


def shown_page(entries: Sequence[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Newest first: `first` of them at most, those before the version `beforeVersion`."""
    before = asked.arguments.get("beforeVersion")
    return [one for one in reversed(entries) if before is None or one["version"] < before][: asked.arguments["first"]]


def history_of(begin: Callable[[UUID], Any], shown: Callable[[Any], dict[str, Any]]) -> Recall:
    """What happened to an aggregate, for those who may know all of it. `shown`: what of it people may see, by the API's names, as JSON."""

    def recall(id: UUID, events: Sequence[Happened], asked: Asked) -> list[dict[str, Any]]:
        aggregate = begin(id)
        entries, before = [], dict[str, Any]()
        for happened in events:
            aggregate.apply(happened.event)
            after = shown(aggregate)
            entries.append(entry(happened, partial(_changed, before, after), partial(_details, happened, frozenset(after))))
            before = after
        return shown_page(entries, asked)

    return recall


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Of what begins, what it begins with."""
    return {name: (before.get(name), value) for name, value in after.items() if value != before.get(name) and (before or value not in _NOTHING)}


def _details(happened: Happened, shown: frozenset[str]) -> dict[str, Any]:
    """Beside what the changes say; what is encrypted is only named."""
    told = readable(happened.type, as_json(happened.event))
    return {name: value for name, value in ((camel(key), value) for key, value in told.items()) if name not in shown and name != "changes"}


def camel(name: str) -> str:
    """As the API spells it."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def happened(row: Sequence[Any]) -> Happened:
    """From type, version of the shape, data, version, moment, id, who, correlation, causation and actor, as JSON brings them."""
    kind, shape, data, version, at, id, by, correlation, causation, actor = row
    return Happened(
        from_store(kind, shape, data),
        version,
        datetime.fromisoformat(at),
        UUID(id),
        UUID(by) if by else None,
        UUID(correlation),
        UUID(causation) if causation else None,
        actor,
    )
