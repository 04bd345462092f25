"""What the rest of the product sees of a connection: statements in, rows out, one tenant's schema and no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, cast

from opentelemetry import trace

from tenants.database.ahead import Ahead, Bound, bring, is_prepared, send
from tenants.database.backend import Doubt
from tenants.database.failures import translated
from tenants.spans import NO_SPAN, recording

if TYPE_CHECKING:
    from tenants.database.backend import Backend, Raw
    from tenants.naming import RoleName, SchemaName
    from tenants.statements import Statement

_tracer = trace.get_tracer("imprint.database")


class Row(Protocol):
    """One row: its columns by name."""

    def __getitem__(self, column: str) -> Any: ...

    def items(self) -> Iterator[tuple[str, Any]]: ...


class Connection:
    """A connection for as long as it is lent. `schema` is None where it serves the control schema.

    `ahead` are statements that bring the backend into the state that was asked for, `role` included; they go with the first
    statement that is sent, and not at all where there is none.
    """

    __slots__ = ("_ahead", "_backend", "_begun", "_raw", "_role", "schema")

    def __init__(self, backend: Backend, raw: Raw, schema: SchemaName | None, role: RoleName | None, ahead: tuple[str, ...]) -> None:
        self._backend = backend
        self._raw = raw
        self._role = role
        self._ahead: tuple[Ahead, ...] = ahead
        self._begun = not ahead
        self.schema = schema

    async def fetch(self, statement: Statement, **values: Any) -> list[Row]:
        sql, arguments = statement.at(self.schema), statement.arguments(values)
        with _span(sql), translated():
            if self._ahead:
                return (await self._with_ahead(sql, arguments, 0))[0]
            return cast("list[Row]", await self._raw.fetch(sql, *arguments))

    async def fetchrow(self, statement: Statement, **values: Any) -> Row | None:
        sql, arguments = statement.at(self.schema), statement.arguments(values)
        with _span(sql), translated():
            if self._ahead:
                rows, _ = await self._with_ahead(sql, arguments, 1)
                return rows[0] if rows else None
            return cast("Row | None", await self._raw.fetchrow(sql, *arguments))

    async def fetchval(self, statement: Statement, **values: Any) -> Any:
        return await self._value(statement.at(self.schema), statement.arguments(values))

    async def execute(self, statement: Statement, **values: Any) -> int:
        """Run it; returns how many rows it touched."""
        sql, arguments = statement.at(self.schema), statement.arguments(values)
        with _span(sql), translated():
            status = (await self._with_ahead(sql, arguments, 0))[1] if self._ahead else await self._raw.execute(sql, *arguments)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def execute_later(self, statement: Statement, **values: Any) -> None:
        """Run it before whatever is sent next, COMMIT included; it returns no rows, and what it raises is raised there.

        Where it is not prepared here, or nothing was sent yet, it is run at once.
        """
        sql, arguments = statement.at(self.schema), statement.arguments(values)
        if self._begun and is_prepared(self._raw, sql):
            self._ahead = (*self._ahead, Bound(sql, tuple(arguments)))
        else:
            await self.execute(statement, **values)

    async def settle(self) -> None:
        """Send what waits for the next statement, so that what it raises is raised here."""
        if self._begun and self._ahead:
            with translated(), self._coming_into_state() as ahead:
                await bring(self._raw, ahead)

    async def document(self, sql: str, arguments: Sequence[Any]) -> bytes | None:
        """The one `json` value of a compiled read, undecoded. `sql` names its schema already."""
        value: bytes | None = await self._value(sql, arguments)
        return value

    async def planned_document(self, sql: str, arguments: Sequence[Any]) -> bytes | None:
        """The same, planned by these values and for them alone.

        What is prepared once is planned for all values from its sixth reading on where that looks as cheap, which it does
        for values that hardly a row has. A round trip more, and a millisecond to plan.
        """
        with _span(sql), translated():
            if self._ahead:
                with self._coming_into_state() as ahead:
                    await bring(self._raw, ahead)
            value: bytes | None = await (await self._raw.prepare(sql, name="")).fetchval(*arguments)
            return value

    async def _value(self, sql: str, arguments: Sequence[Any]) -> Any:
        with _span(sql), translated():
            if self._ahead:
                rows, _ = await self._with_ahead(sql, arguments, 1)
                return rows[0][0] if rows else None
            return await self._raw.fetchval(sql, *arguments)

    async def simple(self, sql: str) -> str:
        """A command without values through the simple protocol (COMMIT, SET LOCAL); never SQL made from input. Returns the last tag."""
        with translated():
            if not self._ahead:
                return await self._raw.execute(sql)
            with self._coming_into_state() as ahead:
                if all(isinstance(one, str) for one in ahead):
                    return await self._raw.execute("; ".join((*map(str, ahead), sql)))
                return (await send(self._raw, ahead, sql, (), 0))[1]

    @property
    def begun(self) -> bool:
        """Whether anything was sent."""
        return self._begun

    def undone(self) -> None:
        """A transaction is rolled back: what waited is not sent any more, and the role is gone with it where it was taken there."""
        self._ahead = ()
        self._backend.role = Doubt.ROLE

    async def _with_ahead(self, sql: str, arguments: Sequence[Any], limit: int) -> tuple[list[Any], str]:
        with self._coming_into_state() as ahead:
            return await send(self._raw, ahead, sql, arguments, limit)

    @contextmanager
    def _coming_into_state(self) -> Iterator[tuple[Ahead, ...]]:
        """What fails undoes it."""
        ahead, self._ahead, self._begun = self._ahead, (), True
        self._backend.role = Doubt.ROLE
        yield ahead
        self._backend.role = self._role


def _span(sql: str) -> Any:
    if not recording():
        return NO_SPAN
    return _tracer.start_as_current_span(sql.split(None, 1)[0].upper(), attributes={"db.system.name": "postgresql", "db.query.text": sql[:1000]})
