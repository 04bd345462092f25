"""The steps of an organization's key, each one row's change: a new one comes, takes over, and the old one goes.

    one key  →  coming: opens, protects nothing  →  going: the new one protects, the old one opens  →  one key

Between two steps every process must have heard of the first (see `Registry`): then nobody writes what another cannot open.
Whoever is killed leaves an organization in one of these states, in which it can work for years; the next run goes on there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from tenants import audit
from tenants.secrets import Keyring, new_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.database import AdminConnection

_STANDING = (
    "SELECT id, slug, other_key_is FROM control.organizations "
    "WHERE status <> 'provisioning' AND purge_began_at IS NULL AND ($1::text IS NULL OR slug = $1) ORDER BY slug"
)
_ANNOUNCE = (
    "UPDATE control.organizations o SET other_key = n.key, other_key_is = 'coming' "
    "FROM unnest($1::uuid[], $2::bytea[]) AS n (id, key) WHERE o.id = n.id AND o.other_key IS NULL RETURNING o.id"
)
_SWITCH = (
    "UPDATE control.organizations SET wrapped_key = other_key, other_key = wrapped_key, other_key_is = 'going' "
    "WHERE id = ANY($1::uuid[]) AND other_key_is = 'coming'"
)
_RETIRE = "UPDATE control.organizations SET other_key = NULL, other_key_is = NULL WHERE id = $1 AND other_key_is = 'going' RETURNING slug"


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an organization's rotation is; None: none has begun."""

    id: UUID
    slug: str
    other_key_is: Literal["coming", "going"] | None


async def standing(admin: AdminConnection, owner: str, slug: str | None = None) -> list[Standing]:
    """Of the organization with this slug, or of all that have people and their data."""
    async with admin.transaction(owner):
        rows = await admin.rows(_STANDING, slug)
    return [Standing(row["id"], row["slug"], row["other_key_is"]) for row in rows]


async def announce(admin: AdminConnection, owner: str, keyring: Keyring, organizations: Sequence[UUID]) -> None:
    """Give them all a second key, in one transaction. Those that have one keep it."""
    keys = [keyring.wrap_tenant_key(organization, new_key()) for organization in organizations]
    async with admin.transaction(owner):
        await admin.run(_ANNOUNCE, list(organizations), keys)


async def switch(admin: AdminConnection, owner: str, organizations: Sequence[UUID]) -> None:
    """Let the second key protect what is written from now on."""
    async with admin.transaction(owner):
        await admin.run(_SWITCH, list(organizations))


async def retire(admin: AdminConnection, owner: str, organization: UUID) -> None:
    """Destroy the old key; nothing may be under it any more."""
    async with admin.transaction(owner):
        slug = await admin.value(_RETIRE, organization)
        if slug is not None:
            await audit.record(admin, "tenant.key_rotated", organization, slug)
