"""What is left to do after SQL: denied fields, personal data to open, Markdown to render, members of unions to unwrap.

Documents without any of it pass through as bytes. The others are decoded, walked along the paths that the compiler noted,
and encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from graphql import GraphQLError, Source

from app.api.answers import internal_error
from app.api.markdown import Heading, article, safe_html
from app.shared.events import readable
from app.shared.past import Asked, Markdown, Recall, happened
from tenants.errors import Refusal
from tenants.secrets import TenantKey, Undecipherable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deny:
    """The field is not for this reader: null, with an error."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Open:
    """SQL left the person's id, their wrapped key and the ciphertext, the latter two in hexadecimal."""

    purpose: str


@dataclass(frozen=True, slots=True)
class Render:
    """SQL left Markdown."""

    anchors: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """SQL left Markdown, whose headings are wanted: response keys and the fields that go there."""

    selected: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """SQL left an event's type and data."""


Shape = tuple[tuple[str, str, "Shape | int"], ...]
"""Response keys, and the fields that go there with what is selected of them; a number chooses among people. `=Name` is a type's name."""


@dataclass(frozen=True, slots=True)
class Remember:
    """SQL left the entity's id, the reader's, the arguments and all events: what the context makes of them, in the shape that is selected."""

    recall: Recall
    everything: bool
    moments: frozenset[str]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Unwrap:
    """SQL left the object of one type of a union within another object, so that it could be told from those of other types."""


Action = Deny | Open | Render | Outline | Remember | Tell | Unwrap


def member(type_name: str) -> str:
    """The key under which SQL wraps such an object; no response key has a space."""
    return f"on {type_name}"


def is_member(step: str) -> bool:
    return " " in step


@dataclass(frozen=True, slots=True)
class Finisher:
    """What to do wherever the response keys of `path` lead, through whatever lists there are; `positions`: where it was asked for."""

    path: tuple[str, ...]
    action: Action
    source: Source | None
    positions: list[int]

    def error(self, message: str, path: list[str | int], extensions: dict[str, Any] | None) -> GraphQLError:
        return GraphQLError(message, source=self.source, positions=self.positions, path=path, extensions=extensions)


def finish(tree: dict[str, Any], finishers: Sequence[Finisher], key: TenantKey, correlation_id: UUID) -> list[GraphQLError]:
    """Change the tree in place; returns an error for each field that became null."""
    errors: list[GraphQLError] = []
    for finisher in finishers:
        name = finisher.path[-1]
        for holder, path in _holders(tree, finisher.path[:-1], []):
            if isinstance(finisher.action, Unwrap):
                holder.update(holder.pop(name, {}))  # objects of other types do not have it
                continue
            try:
                holder[name] = _finished(holder[name], finisher.action, key)
            except Refusal as refusal:
                holder[name] = None
                extensions = {"code": refusal.code, **refusal.extensions()}
                errors.append(finisher.error(refusal.message, [*path, name], extensions))
            except Undecipherable:
                log.exception("personal data does not open", path=[*path, name])
                holder[name] = None
                bug = internal_error(correlation_id)
                errors.append(finisher.error(bug.message, [*path, name], bug.extensions))
    return errors


def _finished(value: Any, action: Action, key: TenantKey) -> Any:
    match action:
        case Deny(refusal):
            raise refusal
        case _ if value is None:
            return None
        case Open(purpose):
            person, wrapped, sealed = value
            return key.open_personal(UUID(person), bytes.fromhex(wrapped), purpose, bytes.fromhex(sealed))
        case Render(anchors):
            return article(value).html if anchors else safe_html(value)
        case Tell():
            return readable(*value)
        case Outline(selected):
            return [{key: _of_heading(heading, name) for key, name in selected} for heading in article(value).headings]
        case Remember():
            return _remembered(value, action)


def _of_heading(heading: Heading, name: str) -> str | int:
    plain: dict[str, str | int] = {"__typename": "Heading", "id": heading.id, "level": heading.level, "text": heading.text}
    return plain[name]


def _remembered(found: Any, action: Remember) -> Any:
    given = {name: datetime.fromisoformat(value) if name in action.moments and value else value for name, value in found["arguments"].items()}
    asked = Asked(UUID(found["me"]) if found["me"] else None, action.everything, given)
    return _shaped(action.recall(UUID(found["id"]), [happened(row) for row in found["events"]], asked), action.shape)


def _shaped(value: Any, shape: Shape | int) -> Any:
    """What is selected of a value; what is costly to make is made only then."""
    if callable(value):
        value = value()
    if isinstance(shape, int):
        return value[shape]
    if isinstance(value, Markdown):
        return safe_html(value.text)
    if isinstance(value, list) and shape:
        return [_shaped(item, shape) for item in value]
    if isinstance(value, dict) and shape:
        return {key: name[1:] if name[0] == "=" else _shaped(value[name], inner) for key, name, inner in shape}
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value


def _holders(value: Any, path: Sequence[str], at: list[str | int]) -> Iterator[tuple[dict[str, Any], list[str | int]]]:
    """Every object that the path leads to, with its own path. Where a type of a union is a step, objects of other types are passed by."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _holders(item, path, [*at, position])
    elif isinstance(value, dict):
        if path and is_member(path[0]):
            yield from _holders(value.get(path[0]), path[1:], at)
        elif path:
            yield from _holders(value[path[0]], path[1:], [*at, path[0]])
        else:
            yield value, at
