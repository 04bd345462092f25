"""One page of a connection as SQL: which rows, in which order, between which cursors, and what lies beyond."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from app.api import shapes
from app.api.compiler.arguments import Leaf, Tree
from app.api.compiler.conditions import Truth, alternatives, conjunction, disjunction, negation, predicate
from app.api.compiler.context import Compilation
from app.api.compiler.filters import Filter, uuid
from app.api.compiler.keyset import Keyset
from app.api.compiler.limits import DEFAULT_PAGE, Size
from app.api.compiler.rows import Source, column_name, numbered, table_name
from app.api.compiler.text import ResponseText
from app.api.errors import invalid
from app.shared.conditions import Col
from app.shared.graph import Connection, Link


class Page:
    """One page of one connection: forward from `after`, or backward from `before` where `last` is given."""

    def __init__(self, ctx: Compilation, binding: Connection, arguments: Mapping[str, Tree], parent: Source | None) -> None:
        self._ctx = ctx
        self._arguments = arguments
        self._binding = binding
        self._parent = parent
        self.rows = ctx.source(binding.type, page=True)
        self._base = ctx.source(binding.type)
        self._order = self._keyset()
        self._backward = arguments.get("last") is not None
        self.size = self._size()
        self._limit = ctx.size(self.size)
        self._name = ctx.argument_name()
        self._readable = alternatives(self._base.entity.visible, self._base, ctx.reader)
        self._where = self._conditions()
        self._overflow = False
        self._listed = False
        self._read = False

    def list_of(self, body: str) -> str:
        """The page's rows as a JSON array, in the order of the connection whichever way they were read."""
        self._read = self._listed = True
        order = f"{self.rows.alias}._n{' DESC' if self._backward else ''}"
        return f"'[' || coalesce(string_agg({body}, ',' ORDER BY {order}) FILTER (WHERE {self._within()}), '') || ']'"

    def cursor(self) -> str:
        return self._order.cursor(self.rows, self._ctx.parameters)

    def end_cursor(self, *, first: bool) -> str:
        self._read = True
        direction = "DESC" if first is self._backward else "ASC"
        cursor = f"""'"' || {self.cursor()} || '"'"""
        found = f"SELECT {cursor} FROM {self.rows.alias} WHERE {self._within()} ORDER BY {self.rows.alias}._n {direction} LIMIT 1"
        return f"coalesce(({found}), 'null')"

    def has_more(self, *, forward: bool) -> str:
        """In the direction of reading: one row more than asked for. Beyond the cursor that the page was bounded by: any row."""
        found = []
        if forward is not self._backward:
            self._read = self._overflow = True
            found.append(f"(SELECT count(*) > {self._limit} FROM {self.rows.alias})")
        bound = self._cursor_argument("before" if forward else "after")
        if bound:
            field = f"{self._name}.{'before' if forward else 'after'}"
            beyond = self._order.beyond(self._base, bound, field, self._ctx.parameters, reverse=forward)
            found.append(f"EXISTS (SELECT {self._from(disjunction(self._readable))} AND NOT {beyond})")
        return f"({' OR '.join(found)})::text" if found else "'false'::text"

    def total(self) -> str:
        return f"(SELECT count(*) {self._from(disjunction(self._readable))})::text"

    def sql(self, text: ResponseText) -> str:
        body = text.sql(self._ctx.parameters)
        source = f" FROM {self.rows.alias}{self.rows.joined()}" if self._listed else ""
        withs = f"WITH {', '.join([self._numbered(), *self.rows.withs])} " if self._read else ""
        return f"({withs}SELECT {body}{source})"

    def _within(self) -> str:
        return f"{self.rows.alias}._n <= {self._limit}"

    def _numbered(self) -> str:
        """The page's rows with their number."""
        number = self._order.order_by(self.rows, reverse=self._backward)
        most = f"{self._limit} + 1" if self._overflow else self._limit
        return numbered(self.rows, self._candidates(number), number, most)

    def _candidates(self, number: str) -> str:
        """At most a page of rows for each way in which a row can be readable, without those of the ways before it.

        One condition with OR would have to walk past every row that the reader may not see; each way by itself has its index.
        The limits are numbers that the planner knows, so that it can keep one plan for every page.
        """
        cap = self.size.cap + 1
        bounds, order = self._bounds(), self._order.order_by(self._base, reverse=self._backward)
        columns = ", ".join(f"{self._base.alias}.{name}" for name in self.rows.taken)
        ways = self._readable if self._parent is None else [disjunction(self._readable)]
        ends = f"AND {bounds} ORDER BY {order} LIMIT {cap}"
        parts = [
            f"SELECT {columns} {self._from(conjunction([*(negation(before) for before in ways[:position]), way]))} {ends}"
            for position, way in enumerate(ways)
        ]
        if len(parts) == 1:
            return parts[0]
        together = " UNION ALL ".join(f"({part})" for part in parts)
        return f"SELECT * FROM ({together}) {self.rows.alias} ORDER BY {number} LIMIT {cap}"

    def _from(self, readable: Truth) -> str:
        base, via = self._base, self._binding.via
        where = predicate(conjunction([readable, self._where]))
        if isinstance(via, Link) and self._parent:
            link = f"{base.alias}l"
            return (
                f"FROM {table_name(via.near.table)} {link} JOIN {table_name(base.entity.table)} {base.alias}"
                f" ON {base.column(base.entity.key)} = {link}.{column_name(via.far)}"
                f" WHERE {link}.{column_name(via.near)} = {self._parent.column(self._parent.entity.key)} AND {where}"
            )
        return f"FROM {table_name(base.entity.table)} {base.alias} WHERE {where}"

    def _conditions(self) -> Truth:
        """Everything that a row must meet besides being readable."""
        ctx, base, via = self._ctx, self._base, self._binding.via
        conditions: list[Truth] = [ctx.truth(self._binding.only, base)]
        if via is not None and self._parent and not isinstance(via, Link):
            conditions.append(f"{base.column(via)} = {self._parent.column(self._parent.entity.key)}")
        conditions += [self._is(column, name) for name, column in self._binding.of.items() if self._arguments.get(name) is not None]
        if self._arguments.get("where") is not None:
            conditions.append(Filter(ctx, ctx.argument_name("where")).over(base, self._arguments["where"]))
        return conjunction(conditions)

    def _is(self, column: Col, name: str) -> Truth:
        field = self._ctx.argument_name(name)
        return f"{self._base.column(column)} = {self._ctx.value(cast('Leaf', self._arguments[name]), lambda text: uuid(text, field))}::uuid"

    def _bounds(self) -> str:
        bounds: list[Truth] = []
        for name in ("after", "before"):
            cursor = self._cursor_argument(name)
            if cursor:
                field = f"{self._name}.{name}"
                bounds.append(self._order.beyond(self._base, cursor, field, self._ctx.parameters, reverse=name == "before"))
        return predicate(conjunction(bounds))

    def _cursor_argument(self, name: str) -> Leaf | None:
        cursor = self._arguments.get(name)
        return cursor if isinstance(cursor, Leaf) else None

    def _keyset(self) -> Keyset:
        entity, order = self._base.entity, self._arguments.get("orderBy")
        name = order.name if isinstance(order, shapes.Enum) else next(iter(entity.orders))
        return Keyset(f"{entity.type}.{name}", entity.orders[name])

    def _size(self) -> Size:
        first, last = self._arguments.get("first"), self._arguments.get("last")
        if first is not None and last is not None:
            raise invalid(self._ctx.argument_name("last"), "does not go together with first; give one of them")
        name, leaf = ("first", first) if first is not None else ("last", last)
        return Size(leaf if isinstance(leaf, Leaf) else None, DEFAULT_PAGE, self._ctx.argument_name(name))
