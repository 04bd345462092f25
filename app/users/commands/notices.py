"""What people are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.shared.aggregates import Aggregate
from app.shared.commands import handles
from app.users import policy
from app.users.notices import mark_read
from auth.principal import Principal
from tenants.transaction import Transaction


@dataclass(frozen=True, slots=True)
class MarkNotificationsRead:
    """None of the ids given: all of one's own."""

    notification_ids: tuple[UUID, ...] | None = None


@handles(MarkNotificationsRead)
async def mark_notifications_read(command: MarkNotificationsRead, who: Principal, tx: Transaction) -> Sequence[Aggregate]:
    policy.signed_in(who)
    await mark_read(tx, who.user_id, command.notification_ids)
    return []
