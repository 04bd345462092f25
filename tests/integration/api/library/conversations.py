"""Threads below posts."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

from app.comments.sealing import signed
from app.comments.values import Guest
from tenants.database import Connection
from tenants.ids import new_id
from tenants.secrets import TenantKey
from tenants.statements import statement
from tests.integration.api.library.when import LONG_AGO

COMMENT = statement(
    """
    INSERT INTO __tenant__.comments (id, created_at, updated_at, created_by, version, post_id, author_id, parent_id, depth, body, status,
      waits_because, edited_at, moderated_by, moderated_at, tombstone, guest_key, guest_name, guest_email, guest_email_index)
    VALUES (:id, :at, :at, :by, 1, :post_id, CAST(:author_id AS uuid), CAST(:parent_id AS uuid), :depth, :body, :status,
      CAST(:waits AS text), CAST(:edited_at AS timestamptz), CAST(:moderated_by AS uuid), CAST(:moderated_at AS timestamptz), :tombstone,
      CAST(:guest_key AS bytea), CAST(:guest_name AS text), CAST(:guest_email AS bytea), CAST(:guest_index AS bytea))
    """
)
COMMENTED = ("APPROVED", "APPROVED", "PENDING", "TOMBSTONE", "APPROVED", "REJECTED", "DELETED")


async def discuss(connection: Connection, post: UUID, users: list[UUID], chance: random.Random, key: TenantKey) -> None:
    """A thread with comments in every state, one of them a guest's, some at the same moment, below one another and below what was deleted."""
    above: list[tuple[UUID | None, int]] = [(None, 0)]
    for state in COMMENTED:
        comment, (parent, depth) = new_id(), chance.choice(above)
        above.append((comment, depth + 1))
        at, writer = LONG_AGO + timedelta(minutes=chance.randrange(4)), chance.choice(users)
        moderated = chance.choice((None, chance.choice(users)))
        guest = signed(key, comment, Guest("Jo <b>Guest</b>", "jo@guest.example"))[0] if state == "PENDING" else None
        await connection.execute(
            COMMENT,
            id=comment,
            at=at,
            by=writer,
            post_id=post,
            author_id=None if guest or state in {"DELETED", "TOMBSTONE"} else writer,
            parent_id=parent,
            depth=depth,
            body="" if state in {"DELETED", "TOMBSTONE"} else f"*{state}* <b>raw</b> [x](javascript:alert(1))",
            status="DELETED" if state == "TOMBSTONE" else state,
            waits=chance.choice(("FIRST", "SPAM")) if state == "PENDING" else None,
            edited_at=chance.choice((None, at)),
            moderated_by=moderated,
            moderated_at=at if moderated else None,
            tombstone=state == "TOMBSTONE",
            guest_key=guest and guest.key,
            guest_name=guest and guest.name,
            guest_email=guest and guest.email,
            guest_index=guest and guest.email_index,
        )
