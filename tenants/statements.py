"""SQL texts with named values, written once, sent to any tenant's schema.

A statement names tenant tables with the schema token; the registry's validated schema takes its place when it is sent.
No text is ever built from input: what varies travels as a bound value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, text
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.sql.compiler import SQLCompiler

from tenants.naming import TENANT_SCHEMA, SchemaName, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

# Outsiders' questions become texts, too: of short ones (in characters) so many are kept, of longer ones fewer, some 30 MB in all at most.
SHORT, MOST_SHORT = 1_500, 4_096
LONGEST_KEPT, MOST_LONG = 8_000, 512
_DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call] # SQLAlchemy's dialects are not annotated


class Statement:
    """One SQL text with positional values ($1 …) and the names those values go by."""

    __slots__ = ("_fixed", "_wanted", "names", "text")

    def __init__(self, sql: str, names: tuple[str, ...], fixed: Mapping[str, Any] | None = None) -> None:
        self.text = sql
        self.names = names
        self._fixed = dict(fixed or {})
        self._wanted = frozenset(names) - self._fixed.keys()

    def at(self, schema: SchemaName | None) -> str:
        return self.text if schema is None else in_schema(self.text, schema)

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in positional order. Raises KeyError for a missing one; unknown names are a mistake too."""
        if values.keys() != self._wanted:
            raise KeyError(f"expected {sorted(self._wanted)}, got {sorted(values)}")
        return [values[name] if name in values else self._fixed[name] for name in self.names]


def in_schema(text: str, schema: SchemaName) -> str:
    """The text as it is sent for this tenant."""
    if len(text) <= SHORT:
        return _short(text, schema)
    return _long(text, schema) if len(text) <= LONGEST_KEPT else _replaced(text, schema)


def _replaced(text: str, schema: SchemaName) -> str:
    return text.replace(TENANT_SCHEMA, quoted(schema))


# One text for all connections, whose caches of prepared statements find it by its hash, which Python computes once.
_short, _long = lru_cache(maxsize=MOST_SHORT)(_replaced), lru_cache(maxsize=MOST_LONG)(_replaced)


def statement(source: ClauseElement | str) -> Statement:
    """Compile a Core expression, or SQL text with `:name` values, for asyncpg. Do it once, at import."""
    clause = text(source) if isinstance(source, str) else source
    compiled = clause.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("only queries can be statements; DDL belongs in a revision")
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return Statement(str(compiled), tuple(compiled.positiontup or ()), fixed)
