"""Whom a provider's person is here: the links, read and written within the transaction of whoever lets them in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.ids import new_id
from tenants.statements import statement

if TYPE_CHECKING:
    from auth.identities import ExternalIdentity
    from tenants.database import Row
    from tenants.secrets import TenantKey
    from tenants.transaction import Transaction

PURPOSE = "identity"
FIELD = "identity"
FIND = statement(
    """
    SELECT id, user_id FROM __tenant__.identities
    WHERE connection_id = :connection_id AND subject_index = ANY(CAST(:indexes AS bytea[])) FOR UPDATE
    """
)
LINK = statement(
    """
    INSERT INTO __tenant__.identities (id, connection_id, subject_index, user_id, sealed, linked_at, last_at)
    VALUES (:id, :connection_id, :subject_index, :user_id, :sealed, :now, :now)
    ON CONFLICT (connection_id, subject_index) DO NOTHING
    """
)
AGAIN = statement("UPDATE __tenant__.identities SET sealed = :sealed, last_at = :now WHERE id = :id")
SAID = statement(
    """
    SELECT i.user_id, i.sealed, u.person_key FROM __tenant__.identities i JOIN __tenant__.users u ON u.id = i.user_id
    WHERE i.connection_id = :connection_id AND i.user_id = :user_id AND u.person_key IS NOT NULL
    """
)
LINKED = statement("SELECT EXISTS (SELECT FROM __tenant__.identities WHERE connection_id = :connection_id AND user_id = :user_id)")


async def person_of(tx: Transaction, identity: ExternalIdentity) -> UUID | None:
    """Whom they were linked to at an earlier sign-in."""
    known = await _known(tx, identity)
    return known["user_id"] if known else None


async def said_of(tx: Transaction, connection_id: UUID, user_id: UUID) -> dict[str, Any]:
    """What the provider said of somebody at their last sign-in; nothing where they are not linked."""
    row = await tx.connection.fetchrow(SAID, connection_id=connection_id, user_id=user_id)
    if row is None:
        return {}
    said: dict[str, Any] = json.loads(tx.tenant.key.open_personal(user_id, row["person_key"], FIELD, row["sealed"]))
    return said


async def has_other(tx: Transaction, connection_id: UUID, user_id: UUID) -> bool:
    """Whether somebody else of this provider is this person already."""
    found: bool = await tx.connection.fetchval(LINKED, connection_id=connection_id, user_id=user_id)
    return found


async def link(tx: Transaction, identity: ExternalIdentity, user_id: UUID, person_key: bytes) -> bool:
    """From now on they are this person; what the provider said of them is kept under `person_key`, the person's wrapped one.

    False where another sign-in at this moment linked them to somebody else.
    """
    said = {name: value for name, value in asdict(identity).items() if name != "connection_id" and value}
    sealed = tx.tenant.key.seal_personal(user_id, person_key, FIELD, json.dumps(said))
    known = await _known(tx, identity)
    if known is not None:
        await tx.connection.execute(AGAIN, id=known["id"], sealed=sealed, now=tx.now)
        return bool(known["user_id"] == user_id)
    index = tx.tenant.key.blind_index(PURPOSE, _subject(identity))
    linked = await tx.connection.execute(
        LINK, id=new_id(), connection_id=identity.connection_id, subject_index=index, user_id=user_id, sealed=sealed, now=tx.now
    )
    return bool(linked)


async def _known(tx: Transaction, identity: ExternalIdentity) -> Row | None:
    indexes = tx.tenant.key.blind_indexes(PURPOSE, _subject(identity))
    return await tx.connection.fetchrow(FIND, connection_id=identity.connection_id, indexes=indexes)


def resealed(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    """The blind index under the key that protects now, where it is not: what `auth.resealing` saves."""
    said = json.loads(key.open_personal(row["user_id"], row["person_key"], FIELD, row["sealed"]))
    index = key.blind_index(PURPOSE, _joined(row["connection_id"], said["subject"]))
    return None if index == row["subject_index"] else {"id": row["key"], "subject_index": index, "was": row["subject_index"]}


def _subject(identity: ExternalIdentity) -> str:
    return _joined(identity.connection_id, identity.subject)


def _joined(connection_id: UUID, subject: str) -> str:
    return f"{connection_id}\n{subject}"
