"""Operators' accounts as the command line makes and removes them: by whoever may act as the owner of the control schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from auth.factors.codes import new_secret
from auth.opaque import digest, new_opaque
from tenants import audit
from tenants.database import UniqueTaken
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.lifecycle.entries import acting
from tenants.secrets import Keyring
from tenants.settings import TenantSettings

LINK_LIVES = timedelta(hours=24)
LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s\0-\x1f\x7f]{1,64}@[^@\s\0-\x1f\x7f]{1,189}")
_ADD = "INSERT INTO control.operators (id, email, secret, link_hash, link_until, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)"
_ALL = (
    "SELECT o.id, o.email, o.created_by, o.created_at, o.last_at, o.password_hash IS NOT NULL AS enrolled, o.link_until, "
    "(SELECT count(*) FROM control.operator_sessions s WHERE s.operator_id = o.id AND s.expires_at > now()) AS sessions "
    "FROM control.operators o ORDER BY o.email"
)
_REMOVE = "DELETE FROM control.operators WHERE email = $1 RETURNING id"


@dataclass(frozen=True, slots=True)
class Invited:
    """`link`: the value that their one-time address ends with, known only now; good until `until`."""

    id: UUID
    email: str
    link: str
    until: datetime


async def create(settings: TenantSettings, email: str) -> Invited:
    """An account that comes to life when its link is followed. Raises ValidationFailed or Conflict."""
    address, now = operator_email(email), datetime.now(UTC)
    invited = Invited(new_id(), address, new_opaque(), now + LINK_LIVES)
    # Nobody ever sees this one: theirs is made when they follow the link.
    secret = Keyring(settings.secret_keys).encrypt(new_secret().encode(), secret_context(invited.id))
    async with acting(settings) as admin:
        try:
            await admin.run(_ADD, invited.id, address, secret, digest(invited.link), invited.until, audit.operator(), now)
        except UniqueTaken:
            raise Conflict(f"{address} is an operator already. To begin anew: imprint operators remove {address}, then create it again.") from None
        await audit.record(admin, "operator.created", None, None, operator=address)
    return invited


async def everyone(settings: TenantSettings) -> list[dict[str, Any]]:
    """By address, in the shape of `imprint operators list --json`."""
    async with acting(settings) as admin:
        rows = await admin.rows(_ALL)
    now = datetime.now(UTC)
    return [
        {
            "email": row["email"],
            "state": "active" if row["enrolled"] else "invited" if row["link_until"] and row["link_until"] > now else "link ended",
            "sessions": row["sessions"],
            "last_sign_in": row["last_at"].isoformat() if row["last_at"] else None,
            "created_by": row["created_by"],
            "created_at": row["created_at"].isoformat(),
        }
        for row in rows
    ]


async def remove(settings: TenantSettings, email: str) -> None:
    """With their sessions, at once. Raises NotFound."""
    address = email.strip().lower()
    async with acting(settings) as admin:
        if await admin.value(_REMOVE, address) is None:
            raise NotFound(f"{address} is no operator; `imprint operators list` shows those there are.")
        await audit.record(admin, "operator.removed", None, None, operator=address)


def operator_email(text: str) -> str:
    """Raises ValidationFailed."""
    address = text.strip().lower()
    if len(address) > LONGEST_EMAIL or not _EMAIL.fullmatch(address):
        raise ValidationFailed({"email": f"has to be an address like nell@example.com, at most {LONGEST_EMAIL} characters"})
    return address


def secret_context(operator: UUID) -> bytes:
    """What an operator's sealed secret is bound to."""
    return b"operator:" + operator.bytes
