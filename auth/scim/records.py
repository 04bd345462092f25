"""What a provider has said of people, and who is in which of its groups: read and written within the transaction of whoever changes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants.database import UniqueTaken
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.statements import statement

if TYPE_CHECKING:
    from auth.identities import ExternalIdentity
    from tenants.database import Row
    from tenants.secrets import TenantKey
    from tenants.transaction import Transaction

FIELD = "scim"
USER_NAME, EXTERNAL_ID = "scim-user-name", "scim-external-id"

INSERT = statement(
    """
    INSERT INTO __tenant__.scim_users
      (id, connection_id, user_id, user_name_index, external_id_index, sealed, version, created_at, updated_at)
    VALUES (:id, :connection_id, :user_id, :user_name_index, :external_id_index, :sealed, 1, :now, :now)
    """
)
UPDATE = statement(
    """
    UPDATE __tenant__.scim_users
    SET user_name_index = :user_name_index, external_id_index = :external_id_index, sealed = :sealed, version = version + 1, updated_at = :now
    WHERE connection_id = :connection_id AND user_id = :user_id AND version = :version
    """
)
DELETE = statement("DELETE FROM __tenant__.scim_users WHERE connection_id = :connection_id AND user_id = :user_id")
OTHER = statement(
    """
    SELECT EXISTS (SELECT FROM __tenant__.scim_users
      WHERE connection_id = :connection_id AND user_id <> :user_id AND user_name_index = ANY(CAST(:indexes AS bytea[])))
    """
)
BY_SUBJECT = statement(
    """
    SELECT user_id, external_id_index = ANY(CAST(:external_ids AS bytea[])) AS by_id FROM __tenant__.scim_users
    WHERE connection_id = :connection_id
      AND (external_id_index = ANY(CAST(:external_ids AS bytea[])) OR user_name_index = ANY(CAST(:user_names AS bytea[])))
    """
)
GROUPS_OF = statement(
    """
    SELECT g.display_name, g.external_id FROM __tenant__.scim_members m JOIN __tenant__.scim_groups g ON g.id = m.group_id
    WHERE m.connection_id = :connection_id AND m.user_id = :user_id ORDER BY g.name_key
    """
)
TOLD_OF_GROUPS = statement(
    """
    SELECT EXISTS (SELECT FROM __tenant__.scim_groups WHERE connection_id = :connection_id)
       AND EXISTS (SELECT FROM __tenant__.scim_users WHERE connection_id = :connection_id AND user_id = :user_id)
    """
)
FORGET = statement("DELETE FROM __tenant__.scim_users WHERE user_id = :user_id")


class UserNameTaken(Conflict):
    """Another person of the same provider has this userName, or they have been told of already."""


async def insert(tx: Transaction, connection_id: UUID, user_id: UUID, person_key: bytes, said: Mapping[str, Any]) -> None:
    """Raises UserNameTaken."""
    await _refuse_taken(tx, connection_id, user_id, said)
    columns = _columns(tx, connection_id, user_id, person_key, said)
    try:
        await tx.connection.execute(INSERT, id=new_id(), connection_id=connection_id, user_id=user_id, now=tx.now, **columns)
    except UniqueTaken:
        raise _taken() from None


async def save(tx: Transaction, connection_id: UUID, user_id: UUID, person_key: bytes, said: Mapping[str, Any], version: int) -> None:
    """Raises UserNameTaken, Conflict where somebody else was faster."""
    await _refuse_taken(tx, connection_id, user_id, said)
    columns = _columns(tx, connection_id, user_id, person_key, said)
    try:
        saved = await tx.connection.execute(UPDATE, connection_id=connection_id, user_id=user_id, version=version, now=tx.now, **columns)
    except UniqueTaken:
        raise _taken() from None
    if not saved:
        raise Conflict("The provider changed this person at the same moment. Read them again, then try again.")


async def drop(tx: Transaction, connection_id: UUID, user_id: UUID) -> bool:
    """With it go their memberships. False where there was nothing."""
    return bool(await tx.connection.execute(DELETE, connection_id=connection_id, user_id=user_id))


async def person_of(tx: Transaction, identity: ExternalIdentity) -> UUID | None:
    """Whom their provider has told of under this subject: by externalId, else by userName. None where it is nobody, or more than one."""
    connection_id, key = identity.connection_id, tx.tenant.key
    rows = await tx.connection.fetch(
        BY_SUBJECT,
        connection_id=connection_id,
        external_ids=key.blind_indexes(EXTERNAL_ID, _joined(connection_id, identity.subject)),
        user_names=key.blind_indexes(USER_NAME, _joined(connection_id, identity.subject.lower())),
    )
    by_id = [row["user_id"] for row in rows if row["by_id"]]
    found: list[UUID] = by_id or [row["user_id"] for row in rows]
    return found[0] if len(found) == 1 else None


async def groups_of(tx: Transaction, connection_id: UUID, user_id: UUID) -> tuple[str, ...]:
    """Names of their groups, and what the provider itself calls those by."""
    rows = await tx.connection.fetch(GROUPS_OF, connection_id=connection_id, user_id=user_id)
    return tuple(name for row in rows for name in (row["display_name"], row["external_id"]) if name)


async def groups_told(tx: Transaction, connection_id: UUID, user_id: UUID) -> tuple[str, ...] | None:
    """As `groups_of`; None where the provider has told of no group, or not of this person: then what it says at a sign-in counts."""
    if not await tx.connection.fetchval(TOLD_OF_GROUPS, connection_id=connection_id, user_id=user_id):
        return None
    return await groups_of(tx, connection_id, user_id)


def opened(key: TenantKey, user_id: UUID, person_key: bytes, sealed: bytes) -> dict[str, Any]:
    """What the provider said of somebody."""
    said: dict[str, Any] = json.loads(key.open_personal(user_id, person_key, FIELD, sealed))
    return said


def resealed(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    """The blind indexes under the key that protects now, where they are not: what `auth.resealing` saves."""
    said = opened(key, row["user_id"], row["person_key"], row["sealed"])
    user_name, external_id = _indexes(key, row["connection_id"], said)
    if (user_name, external_id) == (row["user_name_index"], row["external_id_index"]):
        return None
    return {"id": row["key"], "user_name_index": user_name, "external_id_index": external_id, "was": row["user_name_index"]}


def user_name_indexes(key: TenantKey, connection_id: UUID, user_name: str) -> list[bytes]:
    return key.blind_indexes(USER_NAME, _joined(connection_id, user_name.lower()))


def external_id_indexes(key: TenantKey, connection_id: UUID, external_id: str) -> list[bytes]:
    return key.blind_indexes(EXTERNAL_ID, _joined(connection_id, external_id))


async def _refuse_taken(tx: Transaction, connection_id: UUID, user_id: UUID, said: Mapping[str, Any]) -> None:
    """The column is unique by itself, but not while the organization's key is rotated."""
    indexes = user_name_indexes(tx.tenant.key, connection_id, said["userName"])
    if await tx.connection.fetchval(OTHER, connection_id=connection_id, user_id=user_id, indexes=indexes):
        raise _taken()


def _taken() -> UserNameTaken:
    return UserNameTaken(
        "This provider has told of somebody with this userName already, or of this person under another. Find them, and change them."
    )


def _columns(tx: Transaction, connection_id: UUID, user_id: UUID, person_key: bytes, said: Mapping[str, Any]) -> dict[str, Any]:
    user_name, external_id = _indexes(tx.tenant.key, connection_id, said)
    sealed = tx.tenant.key.seal_personal(user_id, person_key, FIELD, json.dumps(dict(said)))
    return {"user_name_index": user_name, "external_id_index": external_id, "sealed": sealed}


def _indexes(key: TenantKey, connection_id: UUID, said: Mapping[str, Any]) -> tuple[bytes, bytes | None]:
    user_name = key.blind_index(USER_NAME, _joined(connection_id, said["userName"].lower()))
    external_id = said.get("externalId")
    return user_name, key.blind_index(EXTERNAL_ID, _joined(connection_id, external_id)) if external_id else None


def _joined(connection_id: UUID, value: str) -> str:
    return f"{connection_id}\n{value}"
