"""What is wrong with an input, noted while it is read, so that all of it is said at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tenants.errors import Forbidden, Refusal, RetryLater, Unauthenticated, ValidationFailed

T = TypeVar("T")


class Violations:
    """By the paths of fields."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    @contextmanager
    def among(self) -> Iterator[None]:
        """What is refused within is noted, and the rest of it is left."""
        try:
            yield
        except ValidationFailed as refused:
            self.fields |= refused.fields

    def read(self, reading: Callable[[], T], otherwise: T) -> T:
        """What `reading` gives; `otherwise` goes on in its place, and is never used for anything but finding what else is wrong."""
        try:
            return reading()
        except ValidationFailed as refused:
            self.fields |= refused.fields
            return otherwise

    def refuse(self) -> None:
        """Raises ValidationFailed where anything was noted."""
        if self.fields:
            raise ValidationFailed(self.fields)

    async def beside(self, doing: Awaitable[T]) -> T:
        """What comes of `doing`, unless anything was noted: then whoever may do it hears that, and what else is wrong."""
        try:
            done = await doing
        except ValidationFailed as refused:
            raise ValidationFailed(self.fields | refused.fields) from None
        except (Forbidden, Unauthenticated, RetryLater):
            raise
        except Refusal:
            self.refuse()
            raise
        self.refuse()
        return done


def together(*readings: Callable[[], object]) -> None:
    """Raises ValidationFailed with all that these say is wrong."""
    wrong = Violations()
    for reading in readings:
        wrong.read(reading, None)
    wrong.refuse()
