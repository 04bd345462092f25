"""How many people an organization may have."""

from __future__ import annotations

from app.users import store
from tenants.tiers import no_room
from tenants.transaction import Transaction

COUNTED_BEYOND = 1000  # of organizations that had more before their limit was lowered


async def hold_room(tx: Transaction) -> None:
    """Before anybody is loaded whom `require_room` may be asked about: who waits for everybody while they hold somebody never ends."""
    if tx.tenant.quotas.members is not None:
        await store.hold_everybody(tx)
    await store.hold_addresses(tx)


async def require_room(tx: Transaction, *, coming: int) -> None:
    """Raises QuotaExceeded where the organization would have more people than it may, those who are coming included."""
    limit = tx.tenant.quotas.members
    if limit is None:
        return
    members = await store.members_counted_alone(tx, limit + COUNTED_BEYOND)
    if members + coming > limit:
        raise no_room("members", limit, members)
