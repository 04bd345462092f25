"""What a comment is made of, and the limits of a conversation."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from app.shared.text import cleaned, objection
from tenants.errors import ValidationFailed

LONGEST_BODY = 10_000
DEEPEST = 6  # replies below a comment on the post itself
EDIT_WINDOW = timedelta(minutes=15)
MOST_AT_ONCE = 10
AT_ONCE = timedelta(minutes=5)


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


def comment_body(text: str) -> str:
    """Markdown. Raises ValidationFailed."""
    tidy = cleaned(text)
    wrong = objection(tidy, longest=LONGEST_BODY, shortest=1, lines=True)
    if wrong:
        raise ValidationFailed({"body": wrong})
    return tidy
