"""What of guests lies under their organization's key: the keys of each comment, and where an address is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.comments.sealing import EMAIL, EMAIL_PURPOSE
from tenants.rotation.declared import Protected
from tenants.statements import statement

if TYPE_CHECKING:
    from tenants.database import Row
    from tenants.secrets import TenantKey

GUESTS = statement(
    """
    SELECT id AS key, guest_key, guest_email, guest_email_index FROM __tenant__.comments
    WHERE guest_key IS NOT NULL AND (CAST(:after AS uuid) IS NULL OR id > :after) ORDER BY id LIMIT :batch
    """
)
SAVE_GUEST = statement(
    "UPDATE __tenant__.comments SET guest_key = :guest_key, guest_email_index = :guest_email_index WHERE id = :id AND guest_key = :guest_key_was"
)


def _resealed(row: Row, key: TenantKey) -> Mapping[str, Any] | None:
    comment, wrapped = row["key"], row["guest_key"]
    resealed = key.resealed_person_key(comment, wrapped)
    index = key.blind_index(EMAIL_PURPOSE, key.open_personal(comment, wrapped, EMAIL, row["guest_email"]))
    if resealed is None and index == row["guest_email_index"]:
        return None
    return {"id": comment, "guest_key": resealed or wrapped, "guest_email_index": index, "guest_key_was": wrapped}


PROTECTED = (Protected("guests", GUESTS, _resealed, SAVE_GUEST),)
