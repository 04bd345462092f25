"""What a comment is made of, and the limits of a conversation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self

from app.shared.addresses import email_of
from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_BODY = 10_000
DEEPEST = 6  # replies below a comment on the post itself
EDIT_WINDOW = timedelta(minutes=15)
MOST_AT_ONCE = 10
AT_ONCE = timedelta(minutes=5)
LONGEST_GUEST_NAME = 80
MOST_BY_GUEST = 5  # a day, of one address
MOST_BY_VISITOR = 10  # a day, from one browser in one network
MOST_GUESTS_WAITING = 500


class Status(StrEnum):
    NEW = "NEW"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    DELETED = "DELETED"


class Moderation(StrEnum):
    """Whose comments wait: nobody's, those of people who have none that was approved, everybody's."""

    OPEN = "open"
    FIRST_TIME = "first-time"
    ALL = "all"


class Waiting(StrEnum):
    """Why a comment waits for a moderator."""

    FIRST = "FIRST"
    ALL = "ALL"
    SPAM = "SPAM"
    GUEST = "GUEST"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who is not signed in, by their own word."""

    name: str
    email: str

    @classmethod
    def of(cls, name: str, email: str) -> Self:
        """Raises ValidationFailed naming everything that is wrong."""
        tidy, address = " ".join(cleaned(name).split()), email_of(email)
        wrong = {"guest.name": objection(tidy, longest=LONGEST_GUEST_NAME, shortest=1)}
        if address is None:
            wrong["guest.email"] = "takes an address like ada@example.org"
        found = {field: why for field, why in wrong.items() if why}
        if found or address is None:
            raise ValidationFailed(found)
        return cls(tidy, address)


def comment_body(text: str) -> str:
    """Markdown. Raises ValidationFailed."""
    tidy = cleaned(text)
    wrong = objection(tidy, longest=LONGEST_BODY, shortest=1, lines=True)
    if wrong:
        raise ValidationFailed({"body": wrong})
    return tidy
