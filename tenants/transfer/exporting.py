"""Writing an organization to a file, as it is at one moment, while people go on working in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tenants import audit
from tenants.database import Place, connect_as_admin
from tenants.database.failures import StatementFailed
from tenants.errors import NotFound
from tenants.naming import checked_role, checked_schema, quoted
from tenants.secrets import Keyring, TenantKey, Undecipherable
from tenants.transfer import catalog, head
from tenants.transfer.contents import ContentsWriter, Heard
from tenants.transfer.errors import ChangedMeanwhile, NotExportable

if TYPE_CHECKING:
    from tenants.database import AdminConnection, Row
    from tenants.settings import TenantSettings
    from tenants.transfer.catalog import Table
    from tenants.transfer.files import Output
    from tenants.transfer.keys import TransferSecret

LOCK_SECONDS = 10
SESSION = "imprint-export"
_SOURCE = (
    "SELECT id, slug, name, tier, status, quotas, schema, role, wrapped_key, other_key, purge_began_at FROM control.organizations WHERE slug = $1"
)


@dataclass(frozen=True, slots=True)
class Source:
    """An organization that may be copied."""

    id: UUID
    slug: str
    name: str
    tier: str
    quotas: dict[str, Any]
    place: Place
    key: TenantKey


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: `rows` by table, `bytes` of the file, the moment as the header tells it."""

    source: Source
    revision: str
    created_at: datetime
    rows: dict[str, int]
    bytes: int


async def export(settings: TenantSettings, slug: str, secret: TransferSecret, file: Output, *, product: str, heard: Heard) -> Exported:
    """The organization in one snapshot. `product` is the version that says so; `heard` is told of every piece as it passes.

    People go on working; a migration of this organization waits or gives up meanwhile, and Postgres keeps what is deleted
    anywhere in the database until the end. Raises NotFound, NotExportable, ChangedMeanwhile, FileFailed, TenantLocked.
    """
    async with connect_as_admin(settings.admin_database_url, SESSION) as admin:
        source = await source_of(admin, settings, slug)
        before = await catalog.tables(admin, source.place.schema)
        async with admin.snapshot(settings.owner_role):
            await admin.run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            await admin.run_all(catalog.COPY_SETTINGS)
            await admin.run(f"LOCK TABLE {catalog.names(source.place.schema, before)} IN ACCESS SHARE MODE")
            return await _write(admin, await _as_in_the_snapshot(admin, settings, source), before, secret, file, product, heard)


async def noted(settings: TenantSettings, exported: Exported, **details: Any) -> None:
    """Write to the operators' audit that the organization now also lies elsewhere."""
    async with connect_as_admin(settings.admin_database_url) as admin, admin.transaction(settings.owner_role):
        rows = sum(exported.rows.values())
        await audit.record(admin, "tenant.exported", exported.source.id, exported.source.slug, bytes=exported.bytes, rows=rows, **details)


async def source_of(admin: AdminConnection, settings: TenantSettings, slug: str) -> Source:
    """The organization, if it may be copied. Raises NotFound, NotExportable, TenantLocked, NeverMigrated."""
    try:
        async with admin.transaction(settings.owner_role):
            rows = await admin.rows(_SOURCE, slug)
    except StatementFailed:
        await _require_control(admin)
        raise
    if not rows:
        raise NotFound(f"There is no organization {slug!r}: imprint tenants list shows those there are.")
    row = rows[0]
    if row["status"] == "provisioning":
        raise NotExportable(f"{slug!r} was never finished, so there is nothing to copy: run the command that began it again first.")
    if row["purge_began_at"] is not None:
        raise NotExportable(f"{slug!r} is being purged: what is left of it is no organization any more.")
    return _source(settings, row)


async def _as_in_the_snapshot(admin: AdminConnection, settings: TenantSettings, source: Source) -> Source:
    """The same, with the keys that its rows are under: a key that is rotated takes the other's place between two moments."""
    rows = await admin.rows(_SOURCE, source.slug)
    if not rows or rows[0]["id"] != source.id:
        raise ChangedMeanwhile
    return _source(settings, rows[0])


def _source(settings: TenantSettings, row: Row) -> Source:
    try:
        key = Keyring(settings.secret_keys).unwrap_tenant_key(row["id"], row["wrapped_key"], row["other_key"])
    except Undecipherable:
        from tenants.registry import LOCKED_RETRY, TenantLocked  # noqa: PLC0415 - as below

        locked = f"The key of {row['slug']!r} does not open: add the one it was wrapped with to IMPRINT_SECRET_KEY."
        raise TenantLocked(locked, retry_after=LOCKED_RETRY) from None
    place = Place(checked_schema(row["schema"]), checked_role(row["role"]))
    return Source(row["id"], row["slug"], row["name"], row["tier"], row["quotas"], place, key)


async def _require_control(admin: AdminConnection) -> None:
    # SQLAlchemy takes a quarter of a second, in which many an organization is exported; only failures need it.
    from tenants.lifecycle.entries import require_control  # noqa: PLC0415

    await require_control(admin)


async def _write(
    admin: AdminConnection, source: Source, before: list[Table], secret: TransferSecret, file: Output, product: str, heard: Heard
) -> Exported:
    schema, moment = source.place.schema, datetime.now(UTC)
    revision = await admin.value(f"SELECT version_num FROM {quoted(schema)}.alembic_version")  # noqa: S608 - a name of ours
    if await catalog.tables(admin, schema) != before:
        raise ChangedMeanwhile
    who = head.Organization(source.id, source.slug, source.name, source.tier, source.quotas)
    keys = head.write(file, head.Header(who, revision, product, moment, source.key), secret)
    contents = ContentsWriter(file, keys.seal)
    for table in before:
        contents.begin(table, heard)
        contents.end(table, await admin.copy_out(schema, table.name, table.column_names, contents.data))
    contents.finish(await catalog.sequences(admin, schema))  # last: no row of the snapshot has a number that is not behind it
    return Exported(source, revision, moment, {name: loaded.rows for name, loaded in contents.index.items()}, file.written)
