"""The operators' audit: who did what to which organization, written in the transaction that did it."""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING, Any

from tenants.ids import new_id

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.database import AdminConnection


def operator() -> str:
    """Whoever runs this process: `user@host`, for the audit and for others who wait for a lock."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in many containers
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


async def record(admin: AdminConnection, action: str, organization: UUID | None, slug: str | None, **details: Any) -> None:
    """Note the action (`tenant.suspended`, past tense). The transaction must act as the owner; details are JSON, never secrets."""
    await admin.run(
        "INSERT INTO control.operator_audit (id, actor, action, organization_id, slug, details) VALUES ($1, $2, $3, $4, $5, $6)",
        new_id(),
        operator(),
        action,
        organization,
        slug,
        details,
    )
