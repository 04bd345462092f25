"""What of people lies under their organization's key: the keys of each, and where their address is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.users.values import EMAIL_PURPOSE
from tenants.rotation.declared import Protected
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

PEOPLE = statement(
    """
    SELECT id AS key, person_key, email, email_index FROM __tenant__.users
    WHERE person_key IS NOT NULL AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :batch
    """
)
SAVE_PERSON = statement(
    """
    UPDATE __tenant__.users SET person_key = :person_key, email_index = :email_index
    WHERE id = :id AND person_key = :person_key_was AND email_index IS NOT DISTINCT FROM :email_index_was
    """
)


def _resealed(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    person, wrapped = row["key"], row["person_key"]
    resealed = key.resealed_person_key(person, wrapped)
    index = row["email_index"]
    if row["email"] is not None:
        index = key.blind_index(EMAIL_PURPOSE, key.open_personal(person, wrapped, EMAIL_PURPOSE, row["email"]))
    if resealed is None and index == row["email_index"]:
        return None
    was = {"person_key_was": wrapped, "email_index_was": row["email_index"]}
    return {"id": person, "person_key": resealed or wrapped, "email_index": index, **was}


PROTECTED = (Protected("people", PEOPLE, _resealed, SAVE_PERSON),)
