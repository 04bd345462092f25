"""What happened to a post since a version that somebody has seen: for two editors at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tenants.database import Row
from tenants.errors import Conflict
from tenants.statements import statement
from tenants.transaction import Transaction

MOST_CHANGES = 50
# As of now, not as of when the transaction began to wait.
CURRENT = statement("SELECT version FROM __tenant__.posts WHERE id = :id")
SINCE = statement(
    """
    SELECT aggregate_version, event_type, event_data, user_id, occurred_at FROM __tenant__.domain_events
    WHERE aggregate_id = :id AND aggregate_version > :version ORDER BY aggregate_version DESC LIMIT :most
    """
)
_IN_THE_API = {"featured_image_url": "featuredImageUrl", "custom_fields": "customFields"}
_OF_STEPS = {
    "PostApprovalGiven": ["approval"],
    "PostApproved": ["status", "approval"],
    "PostRejected": ["status", "approval"],
    "PostScheduled": ["status", "scheduledAt", "expiresAt"],
    "PostUnscheduled": ["status", "scheduledAt"],
    "PostExpirySet": ["expiresAt"],
    "PostPublished": ["status", "publishedAt"],
    "PostUnpublished": ["status", "publishedAt"],
}


async def conflict(tx: Transaction, post_id: UUID, expected: int) -> Conflict:
    """The refusal of a change that was made for version `expected`: what the post has become since, by whom and when."""
    current = await tx.connection.fetchval(CURRENT, id=post_id)
    rows = await tx.connection.fetch(SINCE, id=post_id, version=expected, most=MOST_CHANGES)
    changes = [_told(row) for row in reversed(rows)]
    names = ", ".join(sorted({name for change in changes for name in change["fields"]})) or "nothing that you can see"
    message = f"This post was changed meanwhile: you have version {expected}, it is now {current}, with another {names}. Reload and try again."
    return Conflict(message, current_version=current, expected_version=expected, changes=changes)


def _told(row: Row) -> dict[str, Any]:
    by = row["user_id"]
    return {
        "version": row["aggregate_version"],
        "event": row["event_type"],
        "fields": _changed(row["event_type"], row["event_data"]),
        "by": str(by) if by else None,
        "at": row["occurred_at"].isoformat().replace("+00:00", "Z"),
    }


def _changed(event_type: str, data: dict[str, object]) -> list[str]:
    changes = data.get("changes")
    if isinstance(changes, dict):
        return sorted(_IN_THE_API.get(str(name), str(name)) for name in changes)
    return _OF_STEPS.get(event_type, ["status"])
