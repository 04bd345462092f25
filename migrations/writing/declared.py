"""What the code declares of a schema: tables, and functions, views and triggers, one a file below each package's `sql`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sqlalchemy import MetaData

from migrations.history import History
from migrations.sql.statements import Statement, statements
from migrations.tokens import TENANT_SCHEMA
from tenants.errors import Refusal
from tenants.tables import control_metadata, tenant_metadata

ROOT = Path(__file__).parents[2]
PACKAGES = ("tenants", "tenants/*", "auth", "auth/*", "app/*")
KINDS = frozenset({"function", "procedure", "view", "materialized view", "index", "trigger"})


class BrokenSql(Refusal):
    """A file below `sql` that does not say what one object is."""

    code = "BROKEN_SQL"


@dataclass(frozen=True, slots=True)
class SqlFile:
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Declared:
    """`schema` is the name that tables and texts carry: a token for tenants."""

    schema: str
    metadata: MetaData
    files: tuple[SqlFile, ...]


def declared(history: History) -> Declared:
    """Raises BrokenSql."""
    folders = [folder for package in PACKAGES for folder in sorted(ROOT.glob(f"{package}/sql"))]
    return Declared(schema_of(history), _metadata(history), sql_files(history, folders))


def schema_of(history: History) -> str:
    return "control" if history is History.CONTROL else TENANT_SCHEMA


def _metadata(history: History) -> MetaData:
    for path in sorted(path for package in PACKAGES for path in ROOT.glob(f"{package}/*tables.py")):
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return control_metadata if history is History.CONTROL else tenant_metadata


def sql_files(history: History, folders: Iterable[Path]) -> tuple[SqlFile, ...]:
    """Those of one history: an object says by its schema where it belongs. Raises BrokenSql."""
    return tuple(_of(history, (path for folder in folders for path in sorted(folder.glob("*.sql")))))


def _of(history: History, paths: Iterable[Path]) -> Iterator[SqlFile]:
    schemas = {schema_of(one): one for one in History}
    for path in paths:
        text = path.read_text()
        found = statements(text)
        if len(found) != 1 or found[0].verb != "create" or found[0].kind not in KINDS:
            raise BrokenSql(f"{path} must hold one statement that creates a function, procedure, view, materialized view, its index, or a trigger.")
        if _schema(found[0]) not in schemas:
            raise BrokenSql(f"{path} must name its schema: {' or '.join(schemas)}.")
        if schemas[_schema(found[0])] is history:
            yield SqlFile(path, text)


def _schema(statement: Statement) -> str:
    return statement.table.schema if statement.table else ""
