"""What Alembic's autogenerate finds between a schema and declared tables, as lines of a revision."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, TypeVar

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations import ops
from sqlalchemy import CheckConstraint, Connection, MetaData
from sqlalchemy.exc import SAWarning
from sqlalchemy.sql.naming import conv

from migrations.writing.snapshot import Snapshot

CHECK = "CHECK ("
ALEMBICS_OWN = "alembic_version"


@dataclass(frozen=True, slots=True)
class TableSteps:
    """Python lines up and down, and whether a table or column goes for good."""

    up: tuple[str, ...]
    down: tuple[str, ...]
    drops: bool


def table_steps(connection: Connection, metadata: MetaData, schema: str, states: tuple[Snapshot, Snapshot], *, concurrently: bool) -> TableSteps:
    """From the first state, which the connection shows, to the second, which the metadata makes.

    With `concurrently`, indexes of tables that are in use are built and dropped so that writes go on.
    """
    old, new = states
    context = MigrationContext.configure(connection, opts=_options(schema))
    with warnings.catch_warnings():
        # A check that has not looked at old rows is reflected with an option that SQLAlchemy then does not know.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'", SAWarning)
        script = produce_migrations(context, metadata)
    if script.upgrade_ops is None or script.downgrade_ops is None:
        raise RuntimeError("Alembic compared nothing")
    drops = any(isinstance(one, ops.DropTableOp | ops.DropColumnOp) for one in _flat(script.upgrade_ops))
    up = _lines(context, _gentle(script.upgrade_ops, old, new, concurrently=concurrently))
    down = _lines(context, _gentle(script.downgrade_ops, new, old, concurrently=concurrently))
    return TableSteps(up, down, drops)


def _options(schema: str) -> dict[str, Any]:
    def include(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001 - Alembic's signature
        return not (kind == "table" and name == ALEMBICS_OWN)

    return {
        "include_schemas": True,
        "include_name": lambda name, kind, _parents: kind != "schema" or name == schema,
        "include_object": include,
        "compare_type": True,
        "compare_server_default": False,  # text against text, where Postgres words both: `default_steps`
    }


Container = TypeVar("Container", bound=ops.OpContainer)


def _gentle(container: Container, old: Snapshot, new: Snapshot, *, concurrently: bool) -> Container:
    """Without the foreign keys of tables in use, which `constraint_steps` writes; with every check of new tables.

    `concurrently`: indexes do not stop writes.
    """
    kept: list[ops.MigrateOperation] = []
    for one in container.ops:
        if isinstance(one, ops.OpContainer):
            if _gentle(one, old, new, concurrently=concurrently).ops:
                kept.append(one)
        elif not _is_foreign_key_in_use(one, old, new):
            if concurrently:
                _beside_writes(one, old, new)
            if isinstance(one, ops.CreateTableOp):
                _add_checks(one, new)
            kept.append(one)
    container.ops[:] = kept
    return container


def _is_foreign_key_in_use(one: ops.MigrateOperation, old: Snapshot, new: Snapshot) -> bool:
    match one:
        case ops.CreateForeignKeyOp():
            return one.source_table in old.tables
        case ops.DropConstraintOp(constraint_type="foreignkey"):
            return one.table_name in new.tables
        case _:
            return False


def _add_checks(one: ops.CreateTableOp, new: Snapshot) -> None:
    """Those that a column states, which Alembic does not render."""
    stated = {item.name for item in one.columns if isinstance(item, CheckConstraint)}
    for (table, name), constraint in new.constraints.items():
        if table == one.table_name and name not in stated and constraint.definition.startswith(CHECK):
            condition = constraint.definition.removeprefix(CHECK).removesuffix(")")
            one.columns = [*one.columns, CheckConstraint(condition, name=conv(name))]


def _beside_writes(one: ops.MigrateOperation, old: Snapshot, new: Snapshot) -> None:
    if isinstance(one, ops.CreateIndexOp) and one.table_name in old.tables:
        one.if_not_exists = True
        one.kw["postgresql_concurrently"] = True
    if isinstance(one, ops.DropIndexOp) and one.table_name in new.tables:
        one.if_exists = True
        one.kw["postgresql_concurrently"] = True


def _flat(container: ops.OpContainer) -> Iterable[ops.MigrateOperation]:
    for one in container.ops:
        if isinstance(one, ops.OpContainer):
            yield from _flat(one)
        else:
            yield one


def _lines(context: MigrationContext, container: ops.UpgradeOps | ops.DowngradeOps) -> tuple[str, ...]:
    if container.is_empty():
        return ()
    text = dedent(" " * 4 + render_python_code(container, migration_context=context))
    return tuple(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("# ###"))
