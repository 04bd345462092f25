"""Carrying organizations in: from a file, or from another place here. Each package's part of it, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from app.bus import Bus
from app.comments.commands import EraseGuest
from app.content.lookups import SCHEDULED
from app.management.commands import ChangeTier, ReceiveOrganization
from app.users.commands import EraseAgain
from auth.copies import NOT_KEPT as NOT_KEPT_OF_SIGNING_IN
from auth.principal import SYSTEM
from auth.realms.realms import Realms
from migrations import runner
from migrations.history import History, head, knows
from migrations.plan import Options
from migrations.provisioning import RevisionProvisioner
from ops.organizations.exporting import Pace, Say, product
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.errors import Conflict, NotFound, Refusal
from tenants.ids import new_id
from tenants.lifecycle.arrivals import arriving, require_nobody_at_it
from tenants.lifecycle.entries import require_control
from tenants.lifecycle.purging import purge
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug, tenant_slug
from tenants.transfer import erasures
from tenants.transfer.errors import ExportOfNewerRelease
from tenants.transfer.exporting import export
from tenants.transfer.files import open_file, passing_file
from tenants.transfer.importing import Arrived, Export, Origin, load, make, open_to_requests, start_afresh
from tenants.transfer.keys import TransferSecret
from tenants.transfer.resets import NOT_CARRIED
from workers.realms import build

if TYPE_CHECKING:
    from tenants.transfer.files import Input
    from tenants.transfer.head import Header

NOT_KEPT = (*NOT_KEPT_OF_SIGNING_IN, *NOT_CARRIED)
WAIT_FOR_MIGRATION = 600.0
NAMED = 50

_DONE = {"imported": "tenant.imported", "cloned": "tenant.cloned"}
_IN_THE_WAY = (
    "SELECT o.id, o.status, o.origin, o.deleted_from, f.slug IS NOT NULL AS former FROM (SELECT $1::text AS slug) asked "
    "LEFT JOIN control.organizations o ON o.slug = asked.slug LEFT JOIN control.former_slugs f ON f.slug = asked.slug"
)


class NotMigrated(Refusal):
    """The organization was loaded at its old revision and could not be brought to this release's."""

    code = "NOT_MIGRATED"


@dataclass(frozen=True, slots=True)
class Carried:
    """An organization that is there now: where it comes from, and what was loaded and proven; which posts were scheduled in it."""

    tenant: Tenant
    header: Header
    arrived: Arrived
    schedules: str | None = None

    @property
    def not_kept(self) -> list[str]:
        """In a few words each, for the operator."""
        return [*(part.what for part in NOT_KEPT), *([self.schedules] if self.schedules else [])]


async def import_from(settings: TenantSettings, path: Path, secret: TransferSecret, slug: str | None, say: Say) -> Carried:
    """Raises what `Export.open` does, Conflict, ExportOfNewerRelease, CopyNotVerified, NotMigrated, FileFailed."""
    with open_file(path) as file:
        return await _bring_in(settings, file, secret, slug, "imported", say)


async def clone(settings: TenantSettings, slug: str, new: str, say: Say) -> Carried:
    """Another organization with all that is in this one, by way of a file that nobody else can read. Raises as export and import do."""
    chosen, secret = tenant_slug(new), TransferSecret.random()
    async with connect_as_admin(settings.admin_database_url) as admin:
        await _half_made(admin, settings, chosen)
    with passing_file() as (output, file):
        exported = await export(settings, slug, secret, output, product=product(), heard=Pace(say, f"{slug} is read"))
        say(f"{slug}: {sum(exported.rows.values())} rows read")
        file.rewind(0)
        return await _bring_in(settings, file, secret, chosen, "cloned", say)


async def _bring_in(settings: TenantSettings, file: Input, secret: TransferSecret, slug: str | None, origin: Origin, say: Say) -> Carried:
    export = Export.open(file, secret)
    chosen = tenant_slug(slug or export.header.organization.slug)
    if not knows(History.TENANT, export.header.revision):
        raise ExportOfNewerRelease(f"schema revision ({export.header.revision})")
    async with connect_as_admin(settings.admin_database_url, f"imprint-{origin}") as admin:
        half_made = await _half_made(admin, settings, chosen)
        export.require_whole()
        if half_made:
            say(f"{chosen}: an import that was interrupted is removed first")
            await purge(settings, chosen, say)
        organization = new_id()
        return await _or_nothing(settings, organization, chosen, say, lambda: _carry(admin, settings, export, organization, chosen, origin, say))


async def _carry(
    admin: AdminConnection, settings: TenantSettings, export: Export, organization: UUID, slug: TenantSlug, origin: Origin, say: Say
) -> Carried:
    header, owner = export.header, settings.owner_role
    async with arriving(admin, organization):
        place = await make(admin, settings, RevisionProvisioner(header.revision), organization, slug, header, origin)
        arrived = await load(admin, owner, place.schema, export, Pace(say, f"{slug} is loaded"))
        say(f"{slug}: {sum(arrived.rows.values())} rows loaded, {arrived.chains.events} events of {arrived.chains.aggregates} histories proven")
        await _to_head(settings, slug, header.revision, say)
        await start_afresh(admin, owner, place.schema, NOT_KEPT)
        schedules = await _schedules(settings, organization)
        tenant = await _adopt(settings, organization, header.organization.id)
        await erasures.remember(admin, owner, place)
        if origin == "imported":  # a clone is no older than what it is made of
            await _erase_again(admin, settings, tenant, say)
        async with Database(settings, connections=1) as database:
            await build(database, Realms(database, Keyring(settings.secret_keys)), tenant)
        was = {"from_id": str(header.organization.id), "from_slug": header.organization.slug, "from_revision": header.revision}
        await open_to_requests(admin, owner, organization, _DONE[origin], **was)
    return Carried(await _found(settings, tenant.id), header, arrived, schedules)


async def _half_made(admin: AdminConnection, settings: TenantSettings, slug: TenantSlug) -> UUID | None:
    """What an interrupted import left under this slug. Raises Conflict where the slug is not to be had, StillArriving."""
    await require_control(admin)
    async with admin.transaction(settings.owner_role):
        row = (await admin.rows(_IN_THE_WAY, slug))[0]
    if row["former"]:
        raise Conflict(f"The slug {slug!r} was another organization's, whose old addresses still lead to it; choose another (import takes --slug).")
    if row["id"] is None:
        return None
    interrupted = "provisioning" in {row["status"], row["deleted_from"]}  # the latter: its removal was interrupted too
    if row["origin"] == "created" or not interrupted:
        raise Conflict(f"The slug {slug!r} is in use; choose another (import takes --slug).")
    await require_nobody_at_it(admin, row["id"], slug)
    found: UUID = row["id"]
    return found


async def _to_head(settings: TenantSettings, slug: TenantSlug, revision: str, say: Say) -> None:
    if revision == head(History.TENANT):
        return
    say(f"{slug}: from revision {revision} to {head(History.TENANT)}")
    run = await runner.up(settings, Options(tenants=slug, wait=WAIT_FOR_MIGRATION))
    if slug not in run.done:
        why = run.failed.get(slug) or run.reason or "it was passed over"
        raise NotMigrated(f"{slug!r} was loaded at revision {revision} and could not be migrated: {why}. Nothing was kept.")


async def _schedules(settings: TenantSettings, organization: UUID) -> str | None:
    """Which posts wait for a moment that will not come; a reaction takes them out of the schedule."""
    tenant = await _found(settings, organization)
    async with Database(settings, connections=1) as database, database.reading(tenant.place) as connection:
        rows = await connection.fetch(SCHEDULED, most=NAMED)
    if not rows:
        return None
    named = "; ".join(f"“{row['title']}” ({row['id']}) for {row['scheduled_at']:%Y-%m-%d %H:%M} UTC" for row in rows)
    more = rows[0]["in_all"] - len(rows)
    return f"schedules: these posts are approved again, schedule them anew: {named}" + (f"; and {more} more" if more else "")


async def _adopt(settings: TenantSettings, organization: UUID, before: UUID) -> Tenant:
    """Let the organization know who it is now."""
    tenant = await _found(settings, organization)
    async with Database(settings, connections=1) as database, Bus(database).unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
        await unit.execute(ReceiveOrganization(before))
        await unit.execute(ChangeTier(tenant.tier, tenant.quotas.stored()))
    return tenant


async def _erase_again(admin: AdminConnection, settings: TenantSettings, tenant: Tenant, say: Say) -> None:
    """Whoever was erased after the file was written, before anybody can look at it."""
    people = await erasures.come_back(admin, settings.owner_role, tenant.place)
    guests = await erasures.guests_come_back(admin, settings.owner_role, tenant.place)
    if not people and not guests:
        return
    async with Database(settings, connections=1) as database:
        for command in [*(EraseAgain(user_id) for user_id in people), *(EraseGuest(comment_id) for comment_id in guests)]:
            await Bus(database).execute(tenant, command, SYSTEM, correlation_id=new_id())
    if people:
        say(f"{tenant.slug}: {len(people)} people who were erased since the file was written are erased again")
    if guests:
        say(f"{tenant.slug}: guests of {len(guests)} comments who were erased since the file was written are erased again")


async def _found(settings: TenantSettings, organization: UUID) -> Tenant:
    async with Database(settings, connections=1) as database:
        tenant = await Registry(database, Keyring(settings.secret_keys)).by_id(organization)
    if tenant is None:
        raise NotFound("The organization was removed while it was made; nothing of it was opened.")
    return tenant


async def _or_nothing(settings: TenantSettings, organization: UUID, slug: TenantSlug, say: Say, work: Callable[[], Awaitable[Carried]]) -> Carried:
    """What was begun is removed when it does not come to its end; where even that is impossible, the next one does it."""
    try:
        return await work()
    except BaseException:
        try:
            await _discard(settings, organization, slug)
        except Refusal as refusal:
            say(f"{slug}: what was made of it is still there, and not served ({refusal.message}): the next import of it removes it first")
        raise


async def _discard(settings: TenantSettings, organization: UUID, slug: TenantSlug) -> None:
    """The organization of this id and no other; it was never open."""
    async with connect_as_admin(settings.admin_database_url) as admin, admin.transaction(settings.owner_role):
        there = await admin.value("SELECT status FROM control.organizations WHERE id = $1 AND slug = $2", organization, slug)
    if there == "provisioning":
        await purge(settings, slug, lambda _line: None)
