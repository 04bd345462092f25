"""`where` arguments as predicates: declared columns, bound values, two-valued logic also where columns are null."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.api import shapes
from app.api.compiler.arguments import Leaf, Tree
from app.api.compiler.conditions import Truth, conjunction, disjunction, negation, predicate, stated
from app.api.compiler.context import Compilation
from app.api.compiler.rows import Source, column_name, table_name
from app.api.errors import LimitExceeded, invalid
from app.shared.graph import Some, Value, Within

MOST_CONDITIONS = 60
_OPERATORS = {
    "eq": "{column} = {value}",
    "not": "{column} <> {value}",
    "in": "{column} = ANY ({value})",
    "notIn": "{column} <> ALL ({value})",
    "contains": "position(lower({value}) IN lower({column})) > 0",
    "startsWith": "starts_with(lower({column}), lower({value}))",
    "gt": "{column} > {value}",
    "gte": "{column} >= {value}",
    "lt": "{column} < {value}",
    "lte": "{column} <= {value}",
}
# The same, of a word and a part of it that are at hand.
_PARTS: Mapping[str, Callable[[str, str], bool]] = {"contains": str.__contains__, "startsWith": str.startswith}


class Filter:
    """Compiles one `where` argument over one set of rows."""

    def __init__(self, ctx: Compilation, field: str) -> None:
        self._ctx = ctx
        self._field = field
        self._conditions = 0

    def over(self, row: Source, tree: Tree, path: str = "") -> Truth:
        """All entries of the object must hold. Raises ValidationFailed for a null, LimitExceeded for too many conditions."""
        entries = self._entries(tree, path)
        return conjunction([self._entry(row, name, value, f"{path}.{name}") for name, value in entries.items()])

    def _entries(self, tree: Tree, path: str) -> Mapping[str, Tree]:
        if not isinstance(tree, dict):
            raise invalid(self._field + path, "takes no null; leave the condition out instead")
        self._conditions += len(tree)
        if self._conditions > MOST_CONDITIONS:
            raise LimitExceeded(f"{self._field} has more than {MOST_CONDITIONS} conditions.")
        return tree

    def _entry(self, row: Source, name: str, tree: Tree, path: str) -> Truth:
        if name in {"and", "or"}:
            if not isinstance(tree, list):
                raise invalid(self._field + path, "takes no null; leave the condition out instead")
            parts = [self.over(row, part, path) for part in tree]
            return conjunction(parts) if name == "and" else disjunction(parts)
        if name == "not":
            return negation(self.over(row, tree, path))
        binding = row.entity.filters[name]
        if isinstance(binding, Some):
            return self._some(row, binding, self._entries(tree, path)["some"], f"{path}.some")
        operators = self._entries(tree, path)
        if isinstance(binding, Within):
            return conjunction([self._within(row, binding, name_, value, f"{path}.{name_}") for name_, value in operators.items()])
        return conjunction([self._comparison(row, binding, name_, value, f"{path}.{name_}") for name_, value in operators.items()])

    def _some(self, row: Source, binding: Some, tree: Tree, path: str) -> Truth:
        far, link = self._ctx.source(binding.type), self._ctx.alias("l")
        conditions = conjunction([self._ctx.truth(far.entity.visible, far), self.over(far, tree, path)])
        return (
            f"EXISTS (SELECT FROM {table_name(binding.via.near.table)} {link} JOIN {table_name(far.entity.table)} {far.alias}"
            f" ON {far.column(far.entity.key)} = {link}.{column_name(binding.via.far)}"
            f" WHERE {link}.{column_name(binding.via.near)} = {row.column(row.entity.key)} AND {predicate(conditions)})"
        )

    def _within(self, row: Source, binding: Within, operator: str, tree: Tree, path: str) -> Truth:
        """The branch is walked down once, whatever number of rows is held against it."""
        top, below, walk, table = self._ctx.alias("w"), self._ctx.alias("w"), self._ctx.alias("w"), table_name(row.entity.table)
        key, above = column_name(row.entity.key), column_name(binding.above)
        named = self._comparison(Source(row.entity, top), Value(row.entity.key), operator, tree, path)
        return (
            f"{row.column(row.entity.key)} IN (WITH RECURSIVE {walk} (id) AS (SELECT {top}.{key} FROM {table} {top} WHERE {predicate(named)}"
            f" UNION SELECT {below}.{key} FROM {walk} JOIN {table} {below} ON {below}.{above} = {walk}.id) SELECT id FROM {walk})"
        )

    def _comparison(self, row: Source, binding: Value, operator: str, tree: Tree, path: str) -> Truth:
        column = row.column(binding.column)
        if tree is None:
            raise invalid(self._field + path, "takes no null; leave the condition out, or use isNull")
        if operator == "isNull":
            return f"{column} IS NULL" if tree is True else f"{column} IS NOT NULL"
        if isinstance(tree, bool):
            return column if tree else f"NOT {column}"
        if binding.words is not None and operator in _PARTS:
            return f"{column} = ANY ({self._ctx.among(cast('Leaf', tree), binding.words, _PARTS[operator])}::text[])"
        compared = _OPERATORS[operator].format(column=column, value=self._value(binding, operator, tree, path))
        if not binding.column.nullable:
            return compared
        return f"({column} IS NULL OR {compared})" if operator in {"not", "notIn"} else f"({column} IS NOT NULL AND {compared})"

    def _value(self, binding: Value, operator: str, tree: Tree, path: str) -> str:
        """Enum values stand in the text, as the schema states them; everything else is bound."""
        if isinstance(tree, shapes.Enum):
            return _stated(tree, upper=binding.upper)
        if isinstance(tree, list):
            return f"ARRAY[{', '.join(_stated(item, upper=binding.upper) for item in tree)}]::text[]"
        kind, convert = _kind(binding.column, self._field + path)
        many = operator in {"in", "notIn"}
        value = self._ctx.value(cast("Leaf", tree), (lambda items: [convert(item) for item in items]) if many else convert)
        return f"{value}::{kind}{'[]' if many else ''}"


def uuid(text: str, field: str) -> UUID:
    """Raises ValidationFailed."""
    try:
        return UUID(text)
    except ValueError:
        raise invalid(field, "takes an id as this API gives them, like 01890a5d-ac96-774b-bcce-b302099a8057") from None


def _kind(column: sa.Column[Any], field: str) -> tuple[str, Any]:
    if isinstance(column.type, sa.Uuid):
        return "uuid", lambda text: uuid(text, field)
    if isinstance(column.type, sa.DateTime):
        return "timestamptz", lambda at: at
    return "text", lambda text: text


def _stated(value: shapes.Enum, *, upper: bool) -> str:
    return stated(value.name.lower() if upper else value.name)
