"""Responses as they are sent (GraphQL specification, section 7)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from graphql import GraphQLError

from app.api.errors import BadDocument, as_graphql
from tenants.errors import Refusal, RetryLater


@dataclass(frozen=True, slots=True)
class Answer:
    """`executed`: whether there is `data`, null or not; without it the request itself was refused. `retry_after` in seconds."""

    body: bytes
    executed: bool = True
    retry_after: int | None = None


def of_document(data: bytes) -> Answer:
    """The JSON text of `data`, as it came from Postgres."""
    return Answer(b'{"data":' + data + b"}")


def of_data(data: dict[str, Any] | None, errors: Sequence[GraphQLError]) -> Answer:
    if not errors:
        return Answer(encoded({"data": data}))
    return Answer(encoded({"data": data, "errors": [error.formatted for error in errors]}))


def refused(refusal: Refusal) -> Answer:
    errors = [_coded(error) for error in refusal.errors] if isinstance(refusal, BadDocument) else [as_graphql(refusal)]
    retry_after = refusal.retry_after if isinstance(refusal, RetryLater) else None
    return Answer(encoded({"errors": [error.formatted for error in errors]}), executed=False, retry_after=retry_after)


def internal_error(correlation_id: UUID) -> GraphQLError:
    """All that a client learns of a bug."""
    message = "Something went wrong on our side. Try again; if it stays, give this correlation id to whoever runs this installation."
    return GraphQLError(message, extensions={"code": "INTERNAL", "correlationId": str(correlation_id)})


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _coded(error: GraphQLError) -> GraphQLError:
    error.extensions = {"code": BadDocument.code, **(error.extensions or {})}
    return error
