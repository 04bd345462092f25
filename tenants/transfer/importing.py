"""Making an organization from a file: a place at the file's revision, filled, compared with the file, its history proven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from tenants import audit
from tenants.database import Place, UniqueTaken
from tenants.database.failures import StatementFailed
from tenants.errors import Conflict
from tenants.lifecycle.entries import slug_taken
from tenants.lifecycle.making import Names, make_place
from tenants.naming import quoted
from tenants.secrets import Keyring
from tenants.transfer import catalog, chains, head, sealing
from tenants.transfer.contents import ContentsReader, Heard, Tally
from tenants.transfer.errors import CopyNotVerified

if TYPE_CHECKING:
    from tenants.database import AdminConnection
    from tenants.lifecycle import Provisioner
    from tenants.naming import SchemaName
    from tenants.settings import TenantSettings
    from tenants.slugs import TenantSlug
    from tenants.transfer.catalog import Named, Table
    from tenants.transfer.files import Input
    from tenants.transfer.head import Header
    from tenants.transfer.keys import TransferKeys, TransferSecret
    from tenants.transfer.resets import NotKept

Origin = Literal["imported", "cloned"]

_INSERT = (
    "INSERT INTO control.organizations (id, slug, name, tier, status, schema, role, revision, wrapped_key, other_key, other_key_is, origin, quotas) "
    "VALUES ($1, $2, $3, $4, 'provisioning', $5, $6, $7, $8, $9, $10, $11, $12)"
)


class Export:
    """A file whose head has been read and found true; `require_whole` before anything is made from it."""

    def __init__(self, file: Input, header: Header, keys: TransferKeys) -> None:
        self._file = file
        self._seal = keys.seal
        self._content = file.position
        self.header = header

    @classmethod
    def open(cls, file: Input, secret: TransferSecret) -> Export:
        """Raises NotAnExport, ExportOfNewerRelease, WrongTransferKey, ExportDamaged."""
        return cls(file, *head.read(file, secret))

    def require_whole(self) -> None:
        """Read all of it once: nothing is missing and nothing was changed. Raises ExportDamaged."""
        self._file.rewind(self._content)
        for _chunk in sealing.opened(self._file, self._seal):
            continue

    def contents(self, heard: Heard) -> ContentsReader:
        self._file.rewind(self._content)
        return ContentsReader(self._file, self._seal, heard)


@dataclass(frozen=True, slots=True)
class Arrived:
    """What was loaded and proven: rows by table, and the length of its history."""

    rows: dict[str, int]
    chains: chains.Chains


async def make(
    admin: AdminConnection, settings: TenantSettings, provisioner: Provisioner, organization: UUID, slug: TenantSlug, header: Header, origin: Origin
) -> Place:
    """An empty place at the file's revision, and its row in the registry, which nobody is served by yet. Raises Conflict."""
    who = header.organization
    try:
        async with admin.transaction(settings.owner_role):
            names = await Names.read(admin, settings)
            place = names.place_of(organization)
            keyring = Keyring(settings.secret_keys)
            wrapped, *others = (keyring.wrap_tenant_key(organization, key) for key in header.key.all)
            other, other_is = (others[0], "going") if others else (None, None)  # it was rotated: whoever finishes that here finds rows under both
            row = (slug, who.name, who.tier, place.schema, place.role, header.revision, wrapped, other, other_is, origin, who.quotas)
            await admin.run(_INSERT, organization, *row)
            return await make_place(admin, names, provisioner, organization)
    except UniqueTaken as taken:
        raise slug_taken(slug, taken) from None


async def load(admin: AdminConnection, owner: str, schema: SchemaName, export: Export, heard: Heard) -> Arrived:
    """Everything in the file, in one transaction; `heard` is told of every piece as it passes.

    Raises ExportDamaged, CopyNotVerified: then nothing of it is there.
    Foreign keys are taken off and put back when all rows are there, which proves them at once and in any order of tables;
    the product's triggers rest, since the rows have been through them.
    """
    contents = export.contents(heard)
    loaded: dict[str, int] = {}
    async with admin.transaction(owner):
        await admin.run_all([*catalog.COPY_SETTINGS, "SET LOCAL imprint.door = 'bus'"])
        there = {table.name: table for table in await catalog.tables(admin, schema)}
        keys, triggers = await catalog.foreign_keys(admin, schema), await catalog.triggers(admin, schema)
        await admin.run_all([*_without_keys(schema, keys), *_resting(schema, triggers, "DISABLE")])
        await admin.run(f"TRUNCATE {catalog.names(schema, there.values())}")  # what revisions put there is in the file too
        for table in contents.tables():
            _require_same(table, there.get(table.name))
            loaded[table.name] = await _fill(admin, schema, table, contents)
        _require_all(set(there), set(loaded))
        await _set_sequences(admin, schema, contents)
        with _refused_by_postgres("what its tables say of each other"):
            await admin.run_all(_with_keys(schema, keys))
        await admin.run_all(_resting(schema, triggers, "ENABLE"))
        await admin.run_all([f"ANALYZE {table.at(schema)}" for table in there.values()])
        for view in await catalog.materialized_views(admin, schema):
            await admin.run(f"REFRESH MATERIALIZED VIEW {quoted(schema)}.{quoted(view)}")
        return Arrived(loaded, await chains.verify(admin, schema))


async def start_afresh(admin: AdminConnection, owner: str, schema: SchemaName, not_kept: tuple[NotKept, ...]) -> None:
    """What is in the copy and must not go on in it."""
    async with admin.transaction(owner):
        await admin.run("SET LOCAL imprint.door = 'bus'")
        for part in not_kept:
            await admin.run_all([statement.at(schema) for statement in part.statements])


async def open_to_requests(admin: AdminConnection, owner: str, organization: UUID, action: str, **details: object) -> None:
    """Everything it needs is there. Raises Conflict where somebody removed it meanwhile."""
    async with admin.transaction(owner):
        slug = await admin.value(
            "UPDATE control.organizations SET status = 'active', updated_at = now() WHERE id = $1 AND status = 'provisioning' RETURNING slug",
            organization,
        )
        if slug is None:
            raise Conflict("The organization was removed while it was made; nothing of it was opened.")
        await audit.record(admin, action, organization, slug, **details)


async def _fill(admin: AdminConnection, schema: SchemaName, table: Table, contents: ContentsReader) -> int:
    """Load a table, and read it back: Postgres stored what the file holds, byte for byte."""
    with _refused_by_postgres(f"rows of {table.name}"):
        count = await admin.copy_in(schema, table.name, table.column_names, contents.rows(), freeze=True)
    expected, stored = contents.amounts(table), Tally()
    found = await admin.copy_out(schema, table.name, table.column_names, stored.add)
    if (count, stored.sum(found)) != (expected.rows, expected):
        raise CopyNotVerified(f"Postgres did not store the rows of {table.name} as the file has them. Nothing was kept.")
    return count


@contextmanager
def _refused_by_postgres(what: str) -> Iterator[None]:
    """A file that says of itself that it is whole, and yet holds what cannot be: its maker's database was damaged, or its maker lies."""
    try:
        yield
    except (UniqueTaken, StatementFailed) as error:
        raise CopyNotVerified(f"Postgres refused {what} in the file: {error.__cause__ or error}. Nothing was kept.") from error


def _require_same(table: Table, there: Table | None) -> None:
    """A table of the file against the schema's own at that revision: the same columns, of the same types."""
    if there is None:
        raise _changed_by_hand(f"The file holds a table {table.name!r}, which its revision does not have")
    if set(table.columns) != set(there.columns):
        differing = sorted(set(table.columns) ^ set(there.columns), key=lambda column: column.name)
        which = ", ".join(f"{column.name} {column.type}" for column in differing)
        raise _changed_by_hand(f"The columns of {table.name} are not those of its revision (they differ in {which})")


def _require_all(there: set[str], loaded: set[str]) -> None:
    if missing := there - loaded:
        raise _changed_by_hand(f"The file lacks {', '.join(sorted(missing))}")


def _changed_by_hand(how: str) -> CopyNotVerified:
    mend = "mend it where it comes from, as `imprint migrate drift` says, and export it again"
    return CopyNotVerified(f"{how}: the organization had been changed by hand. Nothing was kept; {mend}.")


async def _set_sequences(admin: AdminConnection, schema: SchemaName, contents: ContentsReader) -> None:
    """The next number is the one that would have come where it comes from."""
    expected = {sequence.name for sequence in await catalog.sequences(admin, schema)}
    if expected != {sequence.name for sequence in contents.sequences}:
        raise _changed_by_hand("The file's sequences are not those of its revision")
    for sequence in contents.sequences:
        name = f"{quoted(schema)}.{quoted(sequence.name)}"
        await admin.value("SELECT setval($1::text::regclass, $2, $3)", name, sequence.last_value, sequence.is_called)


def _without_keys(schema: SchemaName, keys: list[Named]) -> list[str]:
    return [f"ALTER TABLE {quoted(schema)}.{quoted(key.table)} DROP CONSTRAINT {quoted(key.name)}" for key in keys]


def _with_keys(schema: SchemaName, keys: list[Named]) -> list[str]:
    """The definitions are Postgres's own words for what it had."""
    return [f"ALTER TABLE {quoted(schema)}.{quoted(key.table)} ADD CONSTRAINT {quoted(key.name)} {key.definition}" for key in keys]


def _resting(schema: SchemaName, triggers: list[Named], verb: Literal["ENABLE", "DISABLE"]) -> list[str]:
    return [f"ALTER TABLE {quoted(schema)}.{quoted(trigger.table)} {verb} TRIGGER {quoted(trigger.name)}" for trigger in triggers]
