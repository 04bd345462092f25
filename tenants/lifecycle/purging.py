"""Removing an organization for ever: its schema, its role, its rows in control. What stays is a tombstone and its slugs.

Every step leaves a state from which the next run goes on, wherever the last one was killed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenants import audit
from tenants.database import AdminConnection, connect_as_admin
from tenants.errors import NotFound, Refusal
from tenants.lifecycle.arrivals import ATTEMPTS, PAUSE_SECONDS, StillArriving, key_of
from tenants.lifecycle.dropping import Say, drop_role, drop_schema, place_for, require_nothing_outside
from tenants.lifecycle.entries import Entry, WrongState, acting, locked, locked_by_id, require_control
from tenants.settings import TenantSettings

ROWS = 5000

_DUE = "SELECT slug FROM control.organizations WHERE status = 'deleting' AND (purge_began_at IS NOT NULL OR purge_after <= now()) ORDER BY slug"
_BEGIN = (
    "UPDATE control.organizations SET status = 'deleting', deleted_from = CASE status WHEN 'deleting' THEN deleted_from ELSE status END, "
    "deleted_at = coalesce(deleted_at, now()), purge_after = coalesce(purge_after, now()), purge_began_at = now(), updated_at = now() WHERE id = $1"
)
_DELIVERIES = (
    "DELETE FROM control.deliveries WHERE id IN (SELECT id FROM control.deliveries "
    "WHERE organization_id = (SELECT id FROM control.organizations WHERE role = $1) LIMIT $2)"
)
_LEFT_BEHIND = (
    "DELETE FROM control.outbox WHERE id IN (SELECT id FROM control.outbox WHERE role = $1 LIMIT $2)",
    "DELETE FROM control.realm_domains WHERE id IN (SELECT id FROM control.realm_domains WHERE role = $1 LIMIT $2)",
    "DELETE FROM control.timers WHERE id IN (SELECT id FROM control.timers WHERE role = $1 LIMIT $2)",
    _DELIVERIES,
)
_PURGED = (
    "SELECT t.organization_id AS id, t.slug, t.purged_at FROM control.tombstones t LEFT JOIN control.former_slugs f USING (organization_id) "
    "WHERE t.slug = $1 OR f.slug = $1 ORDER BY t.purged_at DESC LIMIT 1"
)


class GraceNotOver(Refusal):
    """Its owner may still want it back."""

    code = "GRACE_NOT_OVER"


class PurgeRunning(Refusal):
    """Another command purges the same organization."""

    code = "PURGE_RUNNING"


@dataclass(frozen=True, slots=True)
class Purged:
    """What is left of an organization: the memory of it."""

    id: UUID
    slug: str
    purged_at: datetime


async def due(settings: TenantSettings) -> list[str]:
    """The slugs of all whose grace is over or whose purge was interrupted. None of those that were left half-made: they are named one by one."""
    async with acting(settings) as admin:
        return [row["slug"] for row in await admin.rows(_DUE)]


async def purge(settings: TenantSettings, slug: str, say: Say) -> Purged:
    """Remove a deleted organization after its grace, or one that was left half-made; repeated, it goes on or says when it was done.

    The slug of one that was once open is never given to another; that of a half-made one is free again. `say` hears of progress.
    Raises NotFound, WrongState, GraceNotOver, PurgeRunning, StillArriving; UsedElsewhere or StillInUse where Postgres does not let go of something.
    """
    async with connect_as_admin(settings.admin_database_url, "imprint-purge") as admin:
        await require_control(admin)
        found = await _find(admin, settings, slug)
        if isinstance(found, Purged):
            return found
        await _require_alone(admin, found)
        entry = await _begin(admin, settings, found)
        place = place_for(entry.id, entry.schema, entry.role)
        await drop_schema(admin, settings.owner_role, place, say)
        await drop_role(admin, settings.owner_role, place)
        for statement in _LEFT_BEHIND:
            await _delete_all(admin, settings, statement, place.role)
        return await _bury(admin, settings, entry)


async def _find(admin: AdminConnection, settings: TenantSettings, slug: str) -> Entry | Purged:
    async with admin.transaction(settings.owner_role):
        try:
            return await locked(admin, slug)
        except NotFound:
            rows = await admin.rows(_PURGED, slug)
            if not rows:
                raise
            return Purged(rows[0]["id"], rows[0]["slug"], rows[0]["purged_at"])


async def _require_alone(admin: AdminConnection, entry: Entry) -> None:
    """Hold, until this session ends, what whoever makes or purges the organization holds. Raises StillArriving or PurgeRunning."""
    for _ in range(ATTEMPTS):  # of one that was killed, Postgres hears a moment later
        if await admin.value("SELECT pg_try_advisory_lock($1)", key_of(entry.id)):
            return
        await asyncio.sleep(PAUSE_SECONDS)
    if entry.status == "provisioning":
        raise StillArriving(f"{entry.slug!r} is being made, imported or cloned at this moment; wait for that to end.")
    raise PurgeRunning(f"{entry.slug!r} is being purged by another command just now: wait for it, or end it and run this again.")


async def _begin(admin: AdminConnection, settings: TenantSettings, found: Entry) -> Entry:
    """From here on there is no way back. One that was purged since it was found is purged once more, of which nothing comes."""
    async with admin.transaction(settings.owner_role):
        await admin.run("SET LOCAL lock_timeout = '10s'")
        entry = await locked_by_id(admin, found.id)
        if entry is not None and entry.purge_began_at is None:
            await _require_due(admin, entry)
            await require_nothing_outside(admin, place_for(entry.id, entry.schema, entry.role))
            await admin.run(_BEGIN, entry.id)
            await audit.record(admin, "tenant.purge_began", entry.id, entry.slug, status=entry.status)
    return entry or found


async def _require_due(admin: AdminConnection, entry: Entry) -> None:
    if entry.status in {"active", "suspended"}:
        raise WrongState(f"{entry.slug!r} is {entry.status}: delete it first, with `imprint tenants delete {entry.slug} --confirm {entry.slug}`.")
    if entry.status == "deleting" and entry.purge_after is not None and await admin.value("SELECT now() < $1", entry.purge_after):
        raise GraceNotOver(
            f"{entry.slug!r} may be undeleted until {entry.purge_after:%Y-%m-%d %H:%M} UTC; purge it after that, "
            f"or end its grace with `imprint tenants delete {entry.slug} --confirm {entry.slug} --grace-days 0`."
        )


async def _delete_all(admin: AdminConnection, settings: TenantSettings, statement: str, role: str) -> None:
    more = True
    while more:
        async with admin.transaction(settings.owner_role):
            more = await admin.run(statement, role, ROWS) == f"DELETE {ROWS}"


async def _bury(admin: AdminConnection, settings: TenantSettings, entry: Entry) -> Purged:
    async with admin.transaction(settings.owner_role):
        row = await admin.value("DELETE FROM control.organizations WHERE id = $1 RETURNING coalesce(deleted_from, '') <> 'provisioning'", entry.id)
        if row is not None:  # another run was not faster
            await admin.run(
                "INSERT INTO control.tombstones (organization_id, slug, schema, role) VALUES ($1, $2, $3, $4)",
                entry.id,
                entry.slug,
                entry.schema,
                entry.role,
            )
            if row:
                await admin.run("INSERT INTO control.former_slugs (slug, organization_id) VALUES ($1, $2)", entry.slug, entry.id)
            await audit.record(admin, "tenant.purged", entry.id, entry.slug)
        purged_at = await admin.value("SELECT purged_at FROM control.tombstones WHERE organization_id = $1", entry.id)
    return Purged(entry.id, entry.slug, purged_at)
