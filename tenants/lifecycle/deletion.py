"""Deleting an organization, with a time of grace in which nothing of it is touched and everything can be had back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tenants import audit
from tenants.database import AdminConnection
from tenants.errors import Refusal, ValidationFailed
from tenants.lifecycle.entries import Entry, WrongState, acting, locked, require_open
from tenants.settings import TenantSettings

GRACE_DAYS = 30
LONGEST_GRACE_DAYS = 365


class NotConfirmed(Refusal):
    """What would be lost was not named a second time."""

    code = "NOT_CONFIRMED"


async def delete(settings: TenantSettings, slug: str, *, confirm: str | None, grace_days: int | None = None) -> UUID:
    """Close it as if it were not there, to be purged after the grace (30 days where nothing else is said).

    Its waiting deliveries are archived until it is undeleted. Repeated, only a grace that is given changes anything: it
    counts from the first time. Raises NotConfirmed unless `confirm` is the slug, ValidationFailed, NotFound, WrongState.
    """
    if confirm != slug:
        raise NotConfirmed(f"Nothing was deleted. To delete {slug!r} and all that is in it, add --confirm {slug}.")
    if grace_days is not None and not 0 <= grace_days <= LONGEST_GRACE_DAYS:
        raise ValidationFailed({"grace_days": f"is a number of days from 0 to {LONGEST_GRACE_DAYS}"})
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        if entry.status != "deleting":
            require_open(entry, to="delete")
            await _begin_grace(admin, entry, GRACE_DAYS if grace_days is None else grace_days)
        elif grace_days is not None:
            await _change_grace(admin, entry, grace_days)
    return entry.id


async def undelete(settings: TenantSettings, slug: str) -> UUID:
    """Give it back the status it had, and its deliveries; repeated, it changes nothing. Raises NotFound, and WrongState once its purge began."""
    async with acting(settings) as admin:
        entry = await locked(admin, slug)
        if entry.status != "deleting" or entry.purge_began_at is not None:
            require_open(entry, to="undelete")
            return entry.id
        status = await admin.value(
            "UPDATE control.organizations SET status = coalesce(deleted_from, 'active'), deleted_from = NULL, deleted_at = NULL, purge_after = NULL, "
            "updated_at = now() WHERE id = $1 RETURNING status",
            entry.id,
        )
        await admin.run(
            "UPDATE control.deliveries SET state = 'waiting', done_at = NULL, next_attempt_at = now() "
            "WHERE organization_id = $1 AND state = 'archived'",
            entry.id,
        )
        await audit.record(admin, "tenant.undeleted", entry.id, entry.slug, status=status)
    return entry.id


async def _begin_grace(admin: AdminConnection, entry: Entry, days: int) -> None:
    await admin.run(
        "UPDATE control.organizations SET status = 'deleting', deleted_from = status, deleted_at = now(), purge_after = now() + $2::interval, "
        "updated_at = now() WHERE id = $1",
        entry.id,
        timedelta(days=days),
    )
    await admin.run(
        "UPDATE control.deliveries SET state = 'archived', published_at = NULL, done_at = now() WHERE organization_id = $1 AND state = 'waiting'",
        entry.id,
    )
    await audit.record(admin, "tenant.deleted", entry.id, entry.slug, grace_days=days)


async def _change_grace(admin: AdminConnection, entry: Entry, days: int) -> None:
    if entry.purge_began_at is not None:
        raise WrongState(f"{entry.slug!r} is being purged; its grace is over.")
    changed = await admin.value(
        "UPDATE control.organizations SET purge_after = deleted_at + $2::interval "
        "WHERE id = $1 AND purge_after <> deleted_at + $2::interval RETURNING id",
        entry.id,
        timedelta(days=days),
    )
    if changed:
        await audit.record(admin, "tenant.grace_changed", entry.id, entry.slug, grace_days=days)
