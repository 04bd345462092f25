"""What the API itself refuses, and how refusals become GraphQL errors."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from graphql import GraphQLError

from tenants.errors import Refusal, ValidationFailed

SIGN_IN = "Sign in first: send a bearer token, or sign in at /auth/login."


class LimitExceeded(Refusal):
    """A document or request larger than the API serves; nothing of it was run."""

    code = "LIMIT_EXCEEDED"


class DoneButUnread(Refusal):
    """A mutation that committed, whose payload could not be read afterwards: repeating it would do it twice."""

    code = "DONE_BUT_UNREAD"

    def __init__(self, events: Sequence[UUID]) -> None:
        super().__init__("This was done, but its result cannot be read just now. Do not repeat it; query it again in a moment.")
        self.events = tuple(events)

    def extensions(self) -> dict[str, object]:
        return {"eventIds": [str(event) for event in self.events]}


class BadDocument(Refusal):
    """A document or its variables that the schema does not allow: every complaint at once."""

    code = "VALIDATION_FAILED"

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)


def invalid(field: str, wrong: str) -> ValidationFailed:
    return ValidationFailed({field: wrong})


def as_graphql(refusal: Refusal, path: Sequence[str | int] | None = None) -> GraphQLError:
    """The error a client sees: the message, `extensions.code`, and what the refusal adds."""
    return GraphQLError(refusal.message, path=list(path) if path else None, extensions={"code": refusal.code, **refusal.extensions()})
