"""What can be followed, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

MOST_FOLLOWED = 1000


class Kind(StrEnum):
    ORGANIZATION = "ORGANIZATION"
    AUTHOR = "AUTHOR"
    CATEGORY = "CATEGORY"
    TAG = "TAG"


@dataclass(frozen=True, slots=True)
class Target:
    """What is followed. The organization goes by its own id."""

    kind: Kind
    id: UUID
