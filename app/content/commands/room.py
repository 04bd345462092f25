"""Whether an organization may have one more post."""

from __future__ import annotations

from app.content import lookups
from tenants.tiers import no_room
from tenants.transaction import Transaction

NEAR = 32  # more than are made at once
COUNTED_BEYOND = 1000  # of organizations that had more before their limit was lowered


async def require_room(tx: Transaction) -> None:
    """Raises QuotaExceeded where the organization has as many posts as it may. Near the limit one post is made after the other."""
    limit = tx.tenant.quotas.posts
    if limit is None:
        return
    near, most = limit - NEAR, limit + COUNTED_BEYOND
    used, latest = await lookups.counted(tx, most=most, fewest=near, until=tx.headroom.until(tx.tenant.id, "posts", limit))
    if used is None:
        return
    if used < near:
        tx.headroom.remember(tx.tenant.id, "posts", limit, room=near - used, latest=latest)
        return
    if used < limit:
        await lookups.nobody_else_writes(tx)
        used, _ = await lookups.counted(tx, most=most)
    if used is not None and used >= limit:
        raise no_room("posts", limit, used)
