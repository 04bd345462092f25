"""What the rest of the product sees of a connection: statements in, rows out, one tenant's schema and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from opentelemetry import trace

from tenants.database.failures import translated

if TYPE_CHECKING:
    from tenants.database.backend import Raw
    from tenants.naming import SchemaName
    from tenants.statements import Statement

_tracer = trace.get_tracer("imprint.database")


class Row(Protocol):
    """One row: its columns by name."""

    def __getitem__(self, column: str) -> Any: ...

    def items(self) -> Iterator[tuple[str, Any]]: ...


class Connection:
    """A connection for as long as it is lent. `schema` is None where it serves the control schema."""

    __slots__ = ("_raw", "schema")

    def __init__(self, raw: Raw, schema: SchemaName | None) -> None:
        self._raw = raw
        self.schema = schema

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        with _span(statement.text), translated():
            return cast("list[Row]", await self._raw.fetch(statement.at(self.schema), *statement.arguments(values)))

    async def fetchrow(self, statement: Statement, **values: Any) -> Row | None:
        with _span(statement.text), translated():
            return cast("Row | None", await self._raw.fetchrow(statement.at(self.schema), *statement.arguments(values)))

    async def fetchval(self, statement: Statement, **values: Any) -> Any:
        with _span(statement.text), translated():
            return await self._raw.fetchval(statement.at(self.schema), *statement.arguments(values))

    async def execute(self, statement: Statement, **values: Any) -> int:
        """Run it; returns how many rows it touched."""
        with _span(statement.text), translated():
            status = await self._raw.execute(statement.at(self.schema), *statement.arguments(values))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def document(self, sql: str, arguments: Sequence[Any]) -> bytes | None:
        """The one `json` value of a compiled read, undecoded. `sql` names its schema already."""
        with _span(sql), translated():
            value: bytes | None = await self._raw.fetchval(sql, *arguments)
            return value

    async def simple(self, sql: str) -> str:
        """A command without values through the simple protocol (BEGIN, COMMIT, SET LOCAL); never SQL made from input. Returns the last tag."""
        with translated():
            return await self._raw.execute(sql)


class _NoSpan:
    __slots__ = ()

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


_NO_SPAN = _NoSpan()


def _span(sql: str) -> Any:
    if not trace.get_current_span().is_recording():
        return _NO_SPAN
    return _tracer.start_as_current_span(sql.split(None, 1)[0].upper(), attributes={"db.system.name": "postgresql", "db.query.text": sql[:1000]})
