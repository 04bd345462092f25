"""Refusals: the coded errors that every layer raises and every boundary translates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class Refusal(Exception):
    """A request that is answered with "no". `code` is public API; the message tells a person what to do next."""

    code: ClassVar[str] = "REFUSED"

    @property
    def message(self) -> str:
        said = self.args[0] if self.args else self.code
        return said if isinstance(said, str) else str(said)  # a sentence stays one

    def extensions(self) -> dict[str, object]:
        """What a program may want to know besides the code; keys are camelCase, values JSON."""
        return {}


class NotFound(Refusal):
    code = "NOT_FOUND"


class Forbidden(Refusal):
    code = "FORBIDDEN"


class Unauthenticated(Refusal):
    code = "UNAUTHENTICATED"


class Conflict(Refusal):
    """Somebody else was faster. Nothing was changed."""

    code = "CONFLICT"

    def __init__(
        self, message: str, *, current_version: int | None = None, expected_version: int | None = None, changes: Sequence[Mapping[str, object]] = ()
    ) -> None:
        """`changes`: what happened after the expected version, oldest first, each with the names of its `fields`."""
        super().__init__(message)
        self.current_version = current_version
        self.expected_version = expected_version
        self.changes = tuple(changes)

    def extensions(self) -> dict[str, object]:
        told: dict[str, object] = {}
        if self.current_version is not None:
            told["currentVersion"] = self.current_version
        if self.expected_version is not None:
            told["expectedVersion"] = self.expected_version
        if self.changes:
            told["changed"] = sorted({name for change in self.changes for name in _names(change["fields"])})
            told["changes"] = [dict(change) for change in self.changes]
        return told


def _names(fields: object) -> Sequence[str]:
    return fields if isinstance(fields, list) else ()


class ValidationFailed(Refusal):
    """Input that breaks its limits; `fields` maps each field's path ("title", "seo.keywords") to what is wrong."""

    code = "VALIDATION_FAILED"

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {wrong}" for field, wrong in fields.items()))
        self.fields = dict(fields)

    def extensions(self) -> dict[str, object]:
        return {"fields": self.fields}


class RetryLater(Refusal):
    """Nothing is wrong with the request; try it again after `retry_after` seconds."""

    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    def extensions(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}


class RateLimited(RetryLater):
    code = "RATE_LIMITED"


class TenantSuspended(RetryLater):
    code = "TENANT_SUSPENDED"


class ConfigurationError(Exception):
    """The environment is wrong or incomplete; `problems` names every variable at once, each with its mend."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
