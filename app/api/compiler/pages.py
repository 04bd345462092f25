"""Connections: one page of rows, read once, from which nodes, edges, cursors and page information are written."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphql import FieldNode, GraphQLField, get_named_type

from app.api import shapes
from app.api.compiler.arguments import Leaf, Tree
from app.api.compiler.conditions import Truth, conjunction, predicate
from app.api.compiler.context import Compilation
from app.api.compiler.filters import Filter
from app.api.compiler.keyset import Keyset
from app.api.compiler.limits import DEFAULT_PAGE, LARGEST_PAGE, Size
from app.api.compiler.rows import Source, column_name, table_name
from app.api.compiler.selections import Selected
from app.api.compiler.text import ResponseText
from app.api.errors import invalid
from app.shared.graph import Connection, Link


class WriteObject(Protocol):
    def __call__(self, ctx: Compilation, text: ResponseText, type_name: str, selected: Selected, write: WriteField, /) -> None: ...


class WriteField(Protocol):
    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode], /) -> None: ...


def connection(
    ctx: Compilation, binding: Connection, definition: GraphQLField, fields: Sequence[FieldNode], *, write_object: WriteObject, parent: Source | None
) -> str:
    """SQL for a connection's object. `parent`: the row whose connection it is; None at the root."""
    page = _Page(ctx, binding, ctx.arguments(definition, fields), parent)
    type_name = get_named_type(definition.type).name
    text = ResponseText()
    with ctx.many(page.size):
        write_object(ctx, text, type_name, ctx.selected(fields), _ConnectionFields(ctx, page, write_object))
    return page.sql(text)


class _ConnectionFields:
    def __init__(self, ctx: Compilation, page: _Page, write_object: WriteObject) -> None:
        self._ctx = ctx
        self._page = page
        self._write_object = write_object

    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode]) -> None:
        page = self._page
        type_name = get_named_type(definition.type).name
        match name:
            case "nodes":
                text.put(page.list_of(self._ctx.entity(page.rows, fields)))
            case "edges":
                edge = ResponseText()
                self._write_object(self._ctx, edge, type_name, self._ctx.selected(fields), self)
                text.put(page.list_of(edge.sql(self._ctx.parameters)))
            case "pageInfo":
                self._write_object(self._ctx, text, type_name, self._ctx.selected(fields), self)
            case "totalCount":
                text.put(page.total())
            case "cursor":
                text.say('"')
                text.put(page.cursor())
                text.say('"')
            case "node":
                self._ctx.write_entity(self._ctx, text, page.rows, self._ctx.selected(fields))
            case "startCursor" | "endCursor":
                text.put(page.end_cursor(first=name == "startCursor"))
            case _:
                text.put(page.has_more(forward=name == "hasNextPage"))


class _Page:
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
            beyond = self._order.beyond(self._base, bound, self._ctx.argument_name(), self._ctx.parameters, reverse=forward)
            found.append(f"EXISTS (SELECT {self._from()} AND NOT {beyond})")
        return f"({' OR '.join(found)})::text" if found else "'false'::text"

    def total(self) -> str:
        return f"(SELECT count(*) {self._from()})::text"

    def sql(self, text: ResponseText) -> str:
        body = text.sql(self._ctx.parameters)
        source = f" FROM {self.rows.alias}{self.rows.joined()}" if self._listed else ""
        withs = f"WITH {', '.join([self._numbered(), *self.rows.withs])} " if self._read else ""
        return f"({withs}SELECT {body}{source})"

    def _within(self) -> str:
        return f"{self.rows.alias}._n <= {self._limit}"

    def _numbered(self) -> str:
        """The page's rows with their number. The inner limit is known to the planner, so that it can keep one plan for every page."""
        alias = self.rows.alias
        number = self._order.order_by(self.rows, reverse=self._backward)
        columns = ", ".join(f"{self._base.alias}.{name}" for name in self.rows.taken)
        order = self._order.order_by(self._base, reverse=self._backward)
        limit = f"{self._limit} + 1" if self._overflow else self._limit
        rows = f"SELECT {columns} {self._from()} AND {self._bounds()} ORDER BY {order} LIMIT {LARGEST_PAGE + 1}"
        return (
            f"{alias} AS (SELECT {alias}.*, row_number() OVER (ORDER BY {number}) AS _n FROM (SELECT * FROM ({rows}) {alias} LIMIT {limit}) {alias})"
        )

    def _from(self) -> str:
        base, via = self._base, self._binding.via
        if isinstance(via, Link) and self._parent:
            link = f"{base.alias}l"
            return (
                f"FROM {table_name(via.near.table)} {link} JOIN {table_name(base.entity.table)} {base.alias}"
                f" ON {base.column(base.entity.key)} = {link}.{column_name(via.far)}"
                f" WHERE {link}.{column_name(via.near)} = {self._parent.column(self._parent.entity.key)} AND {self._where}"
            )
        return f"FROM {table_name(base.entity.table)} {base.alias} WHERE {self._where}"

    def _conditions(self) -> str:
        ctx, base, via = self._ctx, self._base, self._binding.via
        conditions: list[Truth] = [ctx.truth(base.entity.visible, base), ctx.truth(self._binding.only, base)]
        if via is not None and self._parent and not isinstance(via, Link):
            conditions.append(f"{base.column(via)} = {self._parent.column(self._parent.entity.key)}")
        if self._arguments.get("where") is not None:
            conditions.append(Filter(ctx, ctx.argument_name("where")).over(base, self._arguments["where"]))
        return predicate(conjunction(conditions))

    def _bounds(self) -> str:
        bounds: list[Truth] = []
        for name in ("after", "before"):
            cursor = self._cursor_argument(name)
            if cursor:
                field = self._ctx.argument_name(name)
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
