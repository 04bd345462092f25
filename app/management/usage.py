"""How much of what it may have an organization uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Connection

MEMBERS = "(SELECT count(*) FROM __tenant__.users WHERE status IN ('invited', 'active', 'suspended'))"
POSTS = "(SELECT count(*) FROM __tenant__.posts WHERE status <> 'DELETED')"
EVENTS_TODAY = "(SELECT count(*) FROM __tenant__.domain_events WHERE occurred_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"
READ = statement(f"SELECT {MEMBERS} AS members, {POSTS} AS posts, {EVENTS_TODAY} AS events_today")


@dataclass(frozen=True, slots=True)
class Usage:
    """Counted as the limits count: people who are invited, active or suspended, posts that are not deleted, events of this UTC day."""

    members: int
    posts: int
    events_today: int


async def read(connection: Connection) -> Usage:
    """On a connection that acts as the organization."""
    row = await connection.fetchrow(READ)
    return Usage(**dict(row.items())) if row else Usage(0, 0, 0)
