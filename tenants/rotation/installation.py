"""Bringing every organization's key under the installation's first one. The organizations' keys themselves stay what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from tenants.errors import Refusal
from tenants.secrets import Keyring, Undecipherable, tenant_key_context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.database import AdminConnection, Row

NAMED = 10

WRAPPED = "SELECT id, slug, wrapped_key, other_key FROM control.organizations ORDER BY slug"
# One statement, so that processes hear of one change; a row that was changed meanwhile is left to the next run.
_REWRAP = (
    "UPDATE control.organizations o SET wrapped_key = n.wrapped, other_key = n.other "
    "FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]) AS n (id, was, wrapped, other_was, other) "
    "WHERE o.id = n.id AND o.wrapped_key = n.was AND o.other_key IS NOT DISTINCT FROM n.other_was"
)


class KeysMissing(Refusal):
    """Something is under a key that IMPRINT_SECRET_KEY no longer has."""

    code = "KEYS_MISSING"


@dataclass(frozen=True, slots=True)
class Wrapped:
    """An organization whose key, or the one that comes or goes, is under an older key of the installation."""

    organization: UUID
    was: bytes
    wrapped: bytes
    other_was: bytes | None
    other: bytes | None


def outdated(rows: Sequence[Row], keyring: Keyring) -> list[Wrapped]:
    """Those to wrap anew. Raises KeysMissing, naming whose keys none opens."""
    locked: list[str] = []
    found = list(_outdated(rows, keyring, locked))
    if locked:
        named = ", ".join(locked[:NAMED]) + (f" and {len(locked) - NAMED} more" if len(locked) > NAMED else "")
        raise KeysMissing(
            f"The keys of these organizations open with none of the keys given: {named}. "
            "Put the one they were made with into IMPRINT_SECRET_KEY, behind the new one, and run this again. Nothing was changed."
        )
    return found


def _outdated(rows: Sequence[Row], keyring: Keyring, locked: list[str]) -> Iterator[Wrapped]:
    for row in rows:
        context = tenant_key_context(row["id"])
        try:
            wrapped = keyring.resealed(row["wrapped_key"], context)
            other = keyring.resealed(row["other_key"], context) if row["other_key"] else None
        except Undecipherable:
            locked.append(row["slug"])
            continue
        if wrapped or other:
            yield Wrapped(row["id"], row["wrapped_key"], wrapped or row["wrapped_key"], row["other_key"], other or row["other_key"])


async def rewrap(admin: AdminConnection, found: Sequence[Wrapped]) -> int:
    """How many were wrapped anew. The transaction must act as the owner."""
    columns = zip(*((one.organization, one.was, one.wrapped, one.other_was, one.other) for one in found), strict=True)
    tag = await admin.run(_REWRAP, *map(list, columns))
    return int(tag.rpartition(" ")[2])
