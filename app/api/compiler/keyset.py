"""Keyset pagination: orders, what comes after a cursor, and writing cursors. Ties are broken by id; nulls count as the latest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.api.compiler.arguments import Leaf
from app.api.compiler.leaves import moment_sql
from app.api.compiler.parameters import Parameters, Values
from app.api.compiler.rows import Source
from app.api.cursors import MAC_BYTES, Position, read_cursor
from app.api.scalars import moment
from app.shared.graph import Order


@dataclass(frozen=True, slots=True)
class Keyset:
    """One order of an entity. `name` is what its cursors are bound to."""

    name: str
    order: Order

    def order_by(self, row: Source, *, reverse: bool = False) -> str:
        direction = "DESC" if self.order.descending is not reverse else "ASC"
        return f"{row.column(self.order.column)} {direction}, {row.column(row.entity.key)} {direction}"

    def beyond(self, row: Source, cursor: Leaf, field: str, parameters: Parameters, *, reverse: bool) -> str:
        """A predicate, never null: the row stands after the cursor (`reverse`: before it)."""
        column, key = row.column(self.order.column), row.column(row.entity.key)
        position = _bound(cursor, self, field, parameters)
        descending = self.order.descending is not reverse
        sign = "<" if descending else ">"
        if cursor.null_cursor:
            same = f"{key} {sign} {position[1]}"
            return f"({column} IS NOT NULL OR {same})" if descending else f"({column} IS NULL AND {same})"
        further = f"({column}, {key}) {sign} ({position[0]}, {position[1]})"
        if not self.order.column.nullable:
            return further
        return f"({column} IS NOT NULL AND {further})" if descending else f"({column} IS NULL OR {further})"

    def cursor(self, row: Source, parameters: Parameters) -> str:
        """The cursor of a row as SQL text; see app.api.cursors for its form."""
        column, key = row.column(self.order.column), row.column(row.entity.key)
        value = moment_sql(column) if isinstance(self.order.column.type, sa.DateTime) else f"{column}::text"
        letter = f"CASE WHEN {column} IS NULL THEN 'n' ELSE 'v' END"
        name = parameters.constant(f"{self.name}|")
        content = f"{name}::text || {key} || '|' || coalesce({value}, '')"
        inner, outer = parameters.cursor_key()
        mac = f"substring(sha256({outer} || sha256({inner} || convert_to({letter} || {content}, 'UTF8'))) FROM 1 FOR {MAC_BYTES})"
        encoded = f"encode({mac} || convert_to({content}, 'UTF8'), 'base64')"
        return f"({letter} || translate({encoded}, E'+/=\\n', '-_'))"


def _bound(cursor: Leaf, keyset: Keyset, field: str, parameters: Parameters) -> tuple[str, str]:
    """Parameters for the cursor's value and id, typed as their columns are."""

    def position(values: Values) -> Position:
        return read_cursor(cursor.get(values.variables), keyset.name, values.cursors, field)

    kind = keyset.order.column.type
    value = parameters.bound(lambda values: _value(position(values), kind))
    key = parameters.bound(lambda values: position(values).id)
    return f"{value}::{'timestamptz' if isinstance(kind, sa.DateTime) else 'text'}", f"{key}::uuid"


def _value(position: Position, kind: Any) -> object:
    return moment(position.value) if position.value is not None and isinstance(kind, sa.DateTime) else position.value
