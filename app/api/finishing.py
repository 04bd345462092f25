"""What is left to do after SQL: denied fields, personal data to open, Markdown to render.

Documents without any of it pass through as bytes. The others are decoded, walked along the paths that the compiler noted,
and encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from graphql import GraphQLError, Source

from app.api.answers import internal_error
from app.api.markdown import safe_html
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


@dataclass(frozen=True, slots=True)
class Finisher:
    """What to do wherever the response keys of `path` lead, through whatever lists there are; `positions`: where it was asked for."""

    path: tuple[str, ...]
    action: Deny | Open | Render
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
            try:
                holder[name] = _finished(holder[name], finisher.action, key)
            except Refusal as refusal:
                extensions = {"code": refusal.code, **refusal.extensions()}
                errors.append(finisher.error(refusal.message, [*path, name], extensions))
            except Undecipherable:
                log.exception("personal data does not open", path=[*path, name])
                holder[name] = None
                bug = internal_error(correlation_id)
                errors.append(finisher.error(bug.message, [*path, name], bug.extensions))
    return errors


def _finished(value: Any, action: Deny | Open | Render, key: TenantKey) -> Any:
    match action:
        case Deny(refusal):
            raise refusal
        case _ if value is None:
            return None
        case Open(purpose):
            person, wrapped, sealed = value
            return key.open_personal(UUID(person), bytes.fromhex(wrapped), purpose, bytes.fromhex(sealed))
        case Render():
            return safe_html(value)


def _holders(value: Any, path: Sequence[str], at: list[str | int]) -> Iterator[tuple[dict[str, Any], list[str | int]]]:
    """Every object that the path leads to, with its own path."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _holders(item, path, [*at, position])
    elif isinstance(value, dict):
        if path:
            yield from _holders(value[path[0]], path[1:], [*at, path[0]])
        else:
            yield value, at
