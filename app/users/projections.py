"""Tables about people that are not aggregates: what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth.languages import ENGLISH, offered
from tenants.database import Connection, Row
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Transaction

EMAIL = "email"

NOTIFY = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, data, created_at)
    SELECT :id, u.id, :kind, :event_id, :subject_id, CAST(:data AS jsonb), :now
    FROM __tenant__.users u WHERE u.id = :user_id AND u.status IN ('invited', 'active', 'suspended') AND 'IN_APP' = ANY (u.notification_channels)
    """
)
# The id says who is told of what: told again, they have been told already.
NOTIFY_ALL = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, data, created_at)
    SELECT CAST(md5(CAST(:kind AS text) || CAST(:subject_id AS uuid)::text || u.id::text) AS uuid),
           u.id, CAST(:kind AS text), :event_id, CAST(:subject_id AS uuid), CAST(:data AS jsonb), :now
    FROM __tenant__.users u WHERE u.id = ANY (CAST(:user_ids AS uuid[])) AND u.status = 'active' AND 'IN_APP' = ANY (u.notification_channels)
    ON CONFLICT (id) DO NOTHING
    """
)
RECIPIENT = statement(
    "SELECT name, email, person_key, language, "
    "(SELECT settings ->> 'language' FROM __tenant__.organization LIMIT 1) AS spoken "
    "FROM __tenant__.users WHERE id = :id AND status = 'active' AND email IS NOT NULL AND person_key IS NOT NULL "
    "AND 'EMAIL' = ANY (notification_channels)"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who can be written to, and in which language."""

    name: str
    address: str
    language: str = ENGLISH


async def notify(tx: Transaction, user_id: UUID, kind: str, *, event_id: UUID, subject_id: UUID, data: dict[str, Any]) -> None:
    """Tell a person something, unless they have left or do not want to be told here."""
    await tx.connection.execute(NOTIFY, id=new_id(), user_id=user_id, kind=kind, event_id=event_id, subject_id=subject_id, data=data, now=tx.now)


async def notify_all(tx: Transaction, user_ids: Sequence[UUID], kind: str, *, event_id: UUID, subject_id: UUID, data: dict[str, Any]) -> None:
    """Tell many of something that is for readers: each once for all, and only who may read now and wants to be told here."""
    if user_ids:
        told = {"event_id": event_id, "subject_id": subject_id, "data": data, "now": tx.now}
        await tx.connection.execute(NOTIFY_ALL, user_ids=list(user_ids), kind=kind, **told)


def language_of(tenant: Tenant, user_id: UUID, row: Row) -> str:
    """The language that they prefer, else their organization's, of those in which we write."""
    own = tenant.key.open_personal(user_id, row["person_key"], "language", row["language"]) if row["language"] else None
    return offered(own) or offered(row["spoken"]) or ENGLISH


async def recipient(connection: Connection, tenant: Tenant, user_id: UUID) -> Recipient | None:
    """Whom to write to; None for people who have left, were erased, have not come yet, or want no mail about what happens."""
    row = await connection.fetchrow(RECIPIENT, id=user_id)
    if row is None:
        return None
    return Recipient(row["name"], tenant.key.open_personal(user_id, row["person_key"], EMAIL, row["email"]), language_of(tenant, user_id, row))
