"""The registry's row of an organization, as operators' commands find it, lock it and are refused by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants.database import AdminConnection, Row, UniqueTaken, connect_as_admin
from tenants.errors import Conflict, NotFound, Refusal
from tenants.settings import TenantSettings

LOCK_SECONDS = 10

_ENTRY = (
    "SELECT id, slug, status, origin, schema, role, suspended_because, deleted_from, deleted_at, purge_after, purge_began_at "
    "FROM control.organizations "
)
_HAD_IT = (
    "SELECT o.slug AS now, f.slug IS NOT NULL AS former, t.purged_at FROM (SELECT $1::text AS slug) asked "
    "LEFT JOIN control.former_slugs f ON f.slug = asked.slug LEFT JOIN control.organizations o ON o.id = f.organization_id "
    "LEFT JOIN control.tombstones t ON t.organization_id = f.organization_id"
)


class NeverMigrated(Refusal):
    """There is no control schema in this database."""

    code = "NEVER_MIGRATED"


class WrongState(Refusal):
    """The organization's state does not allow this; the message says which one would."""

    code = "WRONG_STATE"


@dataclass(frozen=True, slots=True)
class Entry:
    """What operators' commands decide by. `status`: provisioning, active, suspended or deleting."""

    id: UUID
    slug: str
    status: str
    origin: str
    schema: str
    role: str
    suspended_because: str | None
    deleted_from: str | None
    deleted_at: datetime | None
    purge_after: datetime | None
    purge_began_at: datetime | None


async def require_control(admin: AdminConnection) -> None:
    """Raises NeverMigrated."""
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'organizations'") is None:
        raise NeverMigrated("This database has no control schema yet: run `imprint migrate up` first.")


@asynccontextmanager
async def acting(settings: TenantSettings) -> AsyncIterator[AdminConnection]:
    """One transaction in control, as the owner, that waits for nobody's lock longer than LOCK_SECONDS.

    Raises NeverMigrated, and LockedOut where somebody holds what it needs.
    """
    async with connect_as_admin(settings.admin_database_url) as admin:
        await require_control(admin)
        async with admin.transaction(settings.owner_role):
            await admin.run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            yield admin


async def locked(admin: AdminConnection, slug: str) -> Entry:
    """The organization that has this slug now; nobody else changes its row before this transaction ends. Raises NotFound."""
    rows = await admin.rows(_ENTRY + "WHERE slug = $1 FOR UPDATE", slug)
    if not rows:
        raise await _not_found(admin, slug)
    return _entry(rows[0])


async def locked_by_id(admin: AdminConnection, organization: UUID) -> Entry | None:
    rows = await admin.rows(_ENTRY + "WHERE id = $1 FOR UPDATE", organization)
    return _entry(rows[0]) if rows else None


def require_open(entry: Entry, *, to: str) -> None:
    """Raises WrongState unless the organization is active or suspended. `to` says what was asked for, as an infinitive."""
    if entry.status == "provisioning":
        raise WrongState(
            f"{entry.slug!r} was never finished, so there is nothing to {to}: run the command that began it again, "
            f"or `imprint tenants purge {entry.slug}` to remove it."
        )
    if entry.purge_began_at is not None:
        raise WrongState(f"{entry.slug!r} is being purged; there is no way back. Run `imprint tenants purge {entry.slug}` to finish it.")
    if entry.status == "deleting":
        raise WrongState(f"{entry.slug!r} is deleted: run `imprint tenants undelete {entry.slug}` before you {to} it.")


def slug_taken(slug: str, taken: UniqueTaken) -> Conflict:
    """Why the registry refused the slug."""
    if taken.constraint == "former_slugs_pkey":
        return Conflict(f"The slug {slug!r} was another organization's, whose old addresses still lead to it; choose another.")
    return Conflict(f"The slug {slug!r} is in use; choose another.")


async def _not_found(admin: AdminConnection, slug: str) -> NotFound:
    had_it = (await admin.rows(_HAD_IT, slug))[0]
    if had_it["now"] is not None:
        return NotFound(f"The organization that was {slug!r} is {had_it['now']!r} now: use that.")
    if had_it["purged_at"] is not None:
        return NotFound(f"The organization that was {slug!r} was purged on {had_it['purged_at']:%Y-%m-%d}; nothing of it is left.")
    return NotFound(f"There is no organization {slug!r}: imprint tenants list shows those there are.")


def _entry(row: Row) -> Entry:
    return Entry(**dict(row.items()))
