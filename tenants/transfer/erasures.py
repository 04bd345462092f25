"""Who was erased since a file was written: an older copy does not bring anybody back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from tenants.naming import quoted

if TYPE_CHECKING:
    from tenants.database import AdminConnection, Place


async def come_back(admin: AdminConnection, owner: str, place: Place) -> list[UUID]:
    """People of the copy who were erased here: in the organization it is a copy of, or in another copy of that."""
    async with admin.transaction(owner):
        rows = await admin.rows(
            f"SELECT u.id FROM {quoted(place.schema)}.users u "  # noqa: S608 - a name of ours
            "WHERE u.person_key IS NOT NULL AND EXISTS (SELECT FROM control.erasures e WHERE e.user_id = u.id) ORDER BY u.id"
        )
    return [row["id"] for row in rows]


async def guests_come_back(admin: AdminConnection, owner: str, place: Place) -> list[UUID]:
    """Comments of the copy whose guest was erased here."""
    async with admin.transaction(owner):
        rows = await admin.rows(
            f"SELECT c.id FROM {quoted(place.schema)}.comments c "  # noqa: S608 - a name of ours
            "WHERE c.guest_key IS NOT NULL AND EXISTS (SELECT FROM control.erasures e WHERE e.user_id = c.id) ORDER BY c.id"
        )
    return [row["id"] for row in rows]


async def remember(admin: AdminConnection, owner: str, place: Place) -> None:
    """Add whom the copy's own history says to be erased to those this installation knows of."""
    async with admin.transaction(owner):
        await admin.run(
            "INSERT INTO control.erasures (user_id, role, erased_at) "  # noqa: S608 - a name of ours
            f"SELECT aggregate_id, $1, occurred_at FROM {quoted(place.schema)}.domain_events "
            "WHERE (event_type = 'UserErased' AND aggregate_type = 'User') OR (event_type = 'CommentGuestErased' AND aggregate_type = 'Comment') "
            "ON CONFLICT DO NOTHING",
            place.role,
        )
