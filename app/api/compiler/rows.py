"""Rows that a statement reads from: their alias, the columns it takes of them, and what is joined to them."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.shared.conditions import Col
from app.shared.graph import Entity
from tenants.naming import TENANT_SCHEMA, quoted


@dataclass(slots=True)
class Source:
    """One set of rows under an alias.

    `page`: it is a common table expression, so lists of children can be read for all of its rows at once; their own
    expressions go to `withs`. `joins` follow the rows in FROM. `taken` are the columns used, in order.
    """

    entity: Entity
    alias: str
    page: bool = False
    joins: list[str] = field(default_factory=list)
    withs: list[str] = field(default_factory=list)
    taken: dict[str, None] = field(default_factory=dict)

    def column(self, column: Col) -> str:
        if column.table is not self.entity.table:
            raise TypeError(f"{column} is no column of {self.entity.type}")
        self.taken[column_name(column)] = None
        return f"{self.alias}.{column_name(column)}"

    def joined(self) -> str:
        return "".join(f" {join}" for join in self.joins)


def numbered(page: Source, rows: str, order: str, most: str) -> str:
    """The common table expression of a page: these rows with their number `_n`, no more than `most`.

    Numbers rather than LIMIT: the planner takes a LIMIT that it does not know for a tenth of all rows, and plans for too few.
    """
    alias = page.alias
    numbers = f"SELECT {alias}.*, row_number() OVER (ORDER BY {order}) AS _n FROM ({rows}) {alias}"
    return f"{alias} AS (SELECT * FROM ({numbers}) {alias} WHERE _n <= {most})"


def column_name(column: sa.Column[Any]) -> str:
    return quoted(column.name)


def table_name(table: sa.FromClause) -> str:
    """A declared tenant table; the token gives way to the tenant's quoted schema when the statement is sent."""
    if not isinstance(table, sa.Table) or table.schema != TENANT_SCHEMA:
        raise TypeError(f"{table} is no tenant table")
    return f"{TENANT_SCHEMA}.{quoted(table.name)}"
