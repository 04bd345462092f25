"""What somebody is told whose change was made for a version that is no longer there: both versions, and what happened in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.comments.past import comment_history
from app.management.past import organization_history
from app.shared.events import from_store
from app.shared.past import Asked, Happened, Recall
from app.shared.recording import ChangedMeanwhile
from app.taxonomy.past import category_history, tag_history
from app.users.past import role_history, user_history
from auth.principal import Principal
from tenants.errors import Conflict
from tenants.events import READ_AGGREGATE, StoredEvent, from_row
from tenants.transaction import Transaction

MOST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class Known:
    """Whoever holds `permission` is told who else it was; others neither that, nor that one of `unsaid` changed."""

    history: Recall
    permission: str
    unsaid: frozenset[str] = frozenset()


# Posts tell of theirs themselves: app.content.changes.
HISTORIES = {
    "Comment": Known(comment_history, "comments.moderate", frozenset({"waitsBecause"})),
    "Tag": Known(tag_history, "taxonomy.manage"),
    "Category": Known(category_history, "taxonomy.manage"),
    "User": Known(user_history, "users.manage"),
    "Role": Known(role_history, "users.manage"),
    "Organization": Known(organization_history, "organization.configure"),
}
# What histories tell nothing of but that it happened.
_OTHERWISE = {
    "CategoryMoved": ["position"],
    "CommentGuestErased": ["guestName"],
    "UserProfileChanged": ["profile"],
    "UserPreferencesChanged": ["preferences"],
    "UserAddressGiven": ["newEmail"],
    "UserAddressConfirmed": ["email", "emailVerifiedAt"],
}


async def conflict(tx: Transaction, who: Principal, overtaken: ChangedMeanwhile) -> Conflict:
    """The refusal, with what the aggregate has become since the version that was seen, by whom and when, oldest first."""
    known = HISTORIES[overtaken.aggregate_type]
    stored = [from_row(row) for row in await tx.connection.fetch(READ_AGGREGATE, aggregate_id=overtaken.aggregate_id)]
    asked = Asked(who.user_id, everything=True, arguments={"first": MOST_CHANGES})
    entries = known.history(overtaken.aggregate_id, [_happened(one) for one in stored], asked)
    by_version = {one.aggregate_version: one for one in stored}
    since = [entry for entry in reversed(entries) if entry["version"] > overtaken.seen]
    changes = list(_told(since, by_version, known, who))
    names = ", ".join(sorted({name for change in changes for name in change["fields"]}))
    current = stored[-1].aggregate_version if stored else 0
    another = f", with another {names}" if names else ""
    message = f"This was changed meanwhile: you have version {overtaken.seen}, it is now {current}{another}. Reload and try again."
    return Conflict(message, current_version=current, expected_version=overtaken.seen, changes=changes)


def _told(entries: list[dict[str, Any]], stored: dict[int, StoredEvent], known: Known, who: Principal) -> Iterator[dict[str, Any]]:
    everything = who.may(known.permission)
    for entry in entries:
        event = stored[entry["version"]]
        changed = set(entry["changes"]() or _OTHERWISE.get(event.type, ()))
        by = event.user_id if everything or event.user_id == who.user_id else None
        yield {
            "version": event.aggregate_version,
            "event": event.type,
            "fields": sorted(changed if everything else changed - known.unsaid),
            "by": str(by) if by else None,
            "at": event.occurred_at.isoformat().replace("+00:00", "Z"),
        }


def _happened(one: StoredEvent) -> Happened:
    event = from_store(one.type, one.type_version, one.data)
    return Happened(event, one.aggregate_version, one.occurred_at, one.id, one.user_id, one.correlation_id, one.causation_id)
