"""The SQL for what Alembic does not compare, or not reliably: checks, foreign keys on tables in use, defaults. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.dialects.postgresql.base import PGDialect

from migrations.writing.snapshot import IDENTITY, STORED, Snapshot
from tenants.errors import Refusal

_PREPARER = PGDialect().identifier_preparer  # type: ignore[no-untyped-call] # SQLAlchemy's dialects are not annotated


class NotExpressible(Refusal):
    """A difference that Postgres 15 has no statement for."""

    code = "NOT_EXPRESSIBLE"


@dataclass(frozen=True, slots=True)
class ConstraintSteps:
    """`before` the tables change, and `after`."""

    before: tuple[str, ...]
    after: tuple[str, ...]


def constraint_steps(old: Snapshot, new: Snapshot, schema: str) -> ConstraintSteps:
    """CHECKs and foreign keys of tables that both have.

    New ones do not look at old rows; those that have not looked yet do, in the next revision. What goes with its column is not dropped.
    """
    before, after = [], []
    tables = old.tables & new.tables
    for (table, name), was in old.constraints.items():
        stays = new.constraints.get((table, name))
        if table in tables and (stays is None or stays.definition != was.definition) and {(table, c) for c in was.columns} <= new.columns.keys():
            before.append(f"ALTER TABLE {_table(schema, table)} DROP CONSTRAINT {identifier(name)}")
    for (table, name), wanted in new.constraints.items():
        had = old.constraints.get((table, name))
        if table not in tables:
            continue
        if had is None or had.definition != wanted.definition:
            after.append(f"ALTER TABLE {_table(schema, table)} ADD CONSTRAINT {identifier(name)} {wanted.definition} NOT VALID")
        elif wanted.validated and not had.validated:
            after.append(f"ALTER TABLE {_table(schema, table)} VALIDATE CONSTRAINT {identifier(name)}")
    return ConstraintSteps(tuple(before), tuple(after))


def default_steps(old: Snapshot, new: Snapshot, schema: str) -> Iterator[str]:
    """Defaults and identities of columns that both have. Raises NotExpressible for a generated column."""
    for table, name in sorted(old.columns.keys() & new.columns.keys()):
        had, wanted = old.defaults.get((table, name)), new.defaults.get((table, name))
        if had == wanted:
            continue
        if STORED in f"{had} {wanted}":
            raise NotExpressible(f"{table}.{name} is generated, and by another expression than before: declare a new column in its place.")
        alter = f"ALTER TABLE {_table(schema, table)} ALTER COLUMN {identifier(name)}"
        if had is not None and (had.endswith(IDENTITY) or wanted is None or wanted.endswith(IDENTITY)):
            yield f"{alter} DROP {'IDENTITY' if had.endswith(IDENTITY) else 'DEFAULT'}"
        if wanted is not None:
            yield f"{alter} ADD {wanted}" if wanted.endswith(IDENTITY) else f"{alter} SET DEFAULT {wanted}"


def _table(schema: str, table: str) -> str:
    return f"{identifier(schema)}.{identifier(table)}"


def identifier(name: str) -> str:
    """Quoted only where it must be, so that a revision reads well."""
    return _PREPARER.quote(name)
