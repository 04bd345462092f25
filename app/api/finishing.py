"""What is left to do after SQL: denied fields, personal data to open, Markdown to render.

Documents without any of it pass through as bytes. The others are decoded, walked along the paths that the compiler noted,
and encoded again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog
from graphql import GraphQLError

from app.api.errors import as_graphql
from app.api.markdown import safe_html
from tenants.errors import Refusal
from tenants.secrets import TenantKey, Undecipherable

log = structlog.get_logger(__name__)

Path = list[str | int]


class Finish(Protocol):
    """Turns what SQL left into what the client gets. Raises GraphQLError for a field that becomes null with an error."""

    def __call__(self, value: Any, key: TenantKey) -> Any: ...  # noqa: ANN401 - JSON values


@dataclass(frozen=True, slots=True)
class Finisher:
    path: tuple[str, ...]
    finish: Finish


@dataclass(frozen=True, slots=True)
class Deny:
    refusal: Refusal

    def __call__(self, value: Any, key: TenantKey) -> Any:  # noqa: ANN401 - JSON values
        raise as_graphql(self.refusal)


@dataclass(frozen=True, slots=True)
class Open:
    """SQL left the person's id, their wrapped key and the ciphertext, both in hexadecimal."""

    purpose: str

    def __call__(self, value: Any, key: TenantKey) -> Any:  # noqa: ANN401 - JSON values
        person, wrapped, sealed = value
        try:
            return key.open_personal(UUID(person), bytes.fromhex(wrapped), self.purpose, bytes.fromhex(sealed))
        except Undecipherable:
            log.exception("personal data does not open", person=person, purpose=self.purpose)
            raise GraphQLError("This cannot be read just now.", extensions={"code": "INTERNAL"}) from None


@dataclass(frozen=True, slots=True)
class Render:
    def __call__(self, value: Any, key: TenantKey) -> Any:  # noqa: ANN401 - JSON values
        return safe_html(value)


def finish(tree: dict[str, Any], finishers: Sequence[Finisher], key: TenantKey) -> list[tuple[Path, GraphQLError]]:
    """Change the tree in place; returns an error for each field that became null, with its path."""
    errors: list[tuple[Path, GraphQLError]] = []
    for finisher in finishers:
        for holder, path in _holders(tree, finisher.path[:-1], []):
            name = finisher.path[-1]
            if holder[name] is None and not isinstance(finisher.finish, Deny):
                continue
            try:
                holder[name] = finisher.finish(holder[name], key)
            except GraphQLError as error:
                holder[name] = None
                errors.append(([*path, name], error))
    return errors


def _holders(value: Any, path: Sequence[str], at: Path) -> Iterator[tuple[dict[str, Any], Path]]:  # noqa: ANN401 - JSON values
    """Every object that the path leads to, through whatever lists there are."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _holders(item, path, [*at, position])
    elif isinstance(value, dict):
        if path:
            yield from _holders(value[path[0]], path[1:], [*at, path[0]])
        else:
            yield value, at
