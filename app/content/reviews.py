"""How an organization reviews its posts, and which approvals a post has been given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MOST_APPROVALS = 10


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """`approvals`: how many people have to approve; `self_approval`: whether authors may be among them."""

    approvals: int = 1
    self_approval: bool = False


@dataclass(frozen=True, slots=True)
class GivenApproval:
    by: UUID
    at: datetime
