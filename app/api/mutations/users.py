"""Mutations of people and what they are told."""

from __future__ import annotations

from app.api.mutations.binding import Done, Input, Mutation, id_of
from app.bus import Unit
from app.shared.graph import Rows
from app.users.commands import MarkNotificationsRead
from app.users.graph import UNREAD_ONLY
from tenants.statements import statement

UNREAD = statement(
    "SELECT EXISTS (SELECT FROM __tenant__.notifications WHERE user_id = :user_id AND read_at IS NULL "
    "AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[]))))"
)


async def mark_notifications_read(unit: Unit, given: Input) -> Done:
    """Reading is no event, so whether anything changed is asked before it does."""
    ids = given.get("ids")
    chosen = None if ids is None else tuple(id_of(text, f"ids.{position}") for position, text in enumerate(ids))
    tx = unit.transaction
    unread = await tx.connection.fetchval(UNREAD, user_id=tx.cause.user_id, ids=None if chosen is None else list(chosen))
    await unit.execute(MarkNotificationsRead(chosen))
    return Done(None, changed=bool(unread), events=())


MUTATIONS = {"markNotificationsRead": Mutation(mark_notifications_read, {"unread": Rows("Notification", UNREAD_ONLY)})}
