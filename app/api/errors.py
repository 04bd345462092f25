"""What the API itself refuses, and how refusals become GraphQL errors."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLError

from tenants.errors import Refusal, ValidationFailed

SIGN_IN = "Sign in first: send a bearer token, or sign in at /auth/login."


class LimitExceeded(Refusal):
    """A document or request larger than the API serves; nothing of it was run."""

    code = "LIMIT_EXCEEDED"


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
