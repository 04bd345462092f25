"""What a tenant's schema consists of, as Postgres's catalog has it at the revision where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenants.naming import SchemaName, quoted

if TYPE_CHECKING:
    from tenants.database import AdminConnection

# Tables hold their rows themselves; a partitioned table's are its partitions'. What Alembic notes is not the organization's.
_TABLES = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname <> 'alembic_version' ORDER BY c.relname, a.attnum
"""
_SEQUENCES = (
    "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'S' ORDER BY 1"
)
_FOREIGN_KEYS = """
SELECT t.relname AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = $1 AND k.contype = 'f' AND k.conparentid = 0 ORDER BY 1, 2
"""
_TRIGGERS = """
SELECT t.relname AS table, g.tgname AS name
FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = $1 AND NOT g.tgisinternal AND g.tgenabled = 'O' AND g.tgparentid = 0 ORDER BY 1, 2
"""
_MATERIALIZED_VIEWS = (
    "SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind = 'm' ORDER BY c.oid"
)

# What COPY's text looks like depends on these; without limits on time, and in the order in which the rows lie.
COPY_SETTINGS = (
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL xmloption = 'content'",
    "SET LOCAL synchronize_seqscans = off",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """Without generated columns, which no COPY may fill."""

    name: str
    columns: tuple[Column, ...]

    def at(self, schema: SchemaName) -> str:
        return f"{quoted(schema)}.{quoted(self.name)}"

    @property
    def column_names(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(frozen=True, slots=True)
class Sequence:
    name: str
    last_value: int
    is_called: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A constraint, trigger or view: of which table, how it is called, how it is made."""

    table: str
    name: str
    definition: str = ""


async def tables(admin: AdminConnection, schema: SchemaName) -> list[Table]:
    """By name."""
    columns: dict[str, list[Column]] = {}
    for row in await admin.rows(_TABLES, schema):
        columns.setdefault(row["table"], []).append(Column(row["column"], row["type"]))
    return [Table(name, tuple(columns[name])) for name in sorted(columns)]


async def sequences(admin: AdminConnection, schema: SchemaName) -> list[Sequence]:
    """With the state they are in now: they know no transactions."""
    found = []
    for row in await admin.rows(_SEQUENCES, schema):
        name = f"{quoted(schema)}.{quoted(row['name'])}"
        state = (await admin.rows(f"SELECT last_value, is_called FROM {name}"))[0]  # noqa: S608 - both names are the catalog's, quoted
        found.append(Sequence(row["name"], state["last_value"], state["is_called"]))
    return found


async def foreign_keys(admin: AdminConnection, schema: SchemaName) -> list[Named]:
    return [Named(row["table"], row["name"], row["definition"]) for row in await admin.rows(_FOREIGN_KEYS, schema)]


async def triggers(admin: AdminConnection, schema: SchemaName) -> list[Named]:
    """Those of the product that are at work; not those by which Postgres keeps foreign keys."""
    return [Named(row["table"], row["name"]) for row in await admin.rows(_TRIGGERS, schema)]


async def materialized_views(admin: AdminConnection, schema: SchemaName) -> list[str]:
    """In the order in which they were made: later ones may read earlier ones."""
    return [row["name"] for row in await admin.rows(_MATERIALIZED_VIEWS, schema)]


def names(schema: SchemaName, of: Iterable[Table]) -> str:
    """As a statement lists them."""
    return ", ".join(table.at(schema) for table in of)
