"""Plain lists: what a table of pairs links to a row, and lists at the root."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import FieldNode

from app.api.compiler.arguments import Leaf, Tree
from app.api.compiler.conditions import conjunction, predicate
from app.api.compiler.context import Compilation
from app.api.compiler.filters import Filter
from app.api.compiler.limits import DEFAULT_PAGE, FEW, Size
from app.api.compiler.rows import Source, column_name, numbered, table_name
from app.shared.conditions import Equals
from app.shared.graph import Many, Order, Ranked, Rows, Value


def many(ctx: Compilation, row: Source, binding: Many, fields: Sequence[FieldNode]) -> str:
    """For a page, read for all its rows at once and grouped; elsewhere a subselect of its own."""
    far, link = ctx.source(binding.type), ctx.alias("l")
    with ctx.many(Size(None, FEW, "")):
        body = ctx.entity(far, fields)
    near = f"{link}.{column_name(binding.via.near)}"
    order = ", ".join([f"{link}.{column_name(column)}" for column in binding.via.order] or [_direction(far, order) for order in far.entity.order])
    joined = f"JOIN {table_name(far.entity.table)} {far.alias} ON {far.column(far.entity.key)} = {link}.{column_name(binding.via.far)}{far.joined()}"
    content = f"string_agg({body}, ',' ORDER BY {order}, {far.column(far.entity.key)})"
    visible, pairs, key = predicate(ctx.truth(far.entity.visible, far)), table_name(binding.via.near.table), row.column(row.entity.key)
    if not row.page:
        return f"'[' || coalesce((SELECT {content} FROM {pairs} {link} {joined} WHERE {near} = {key} AND {visible}), '') || ']'"
    group = ctx.alias("m")
    row.withs.append(
        f"{group} AS (SELECT {near} AS k, {content} AS j FROM {row.alias} JOIN {pairs} {link} ON {near} = {key} {joined}"
        f" WHERE {visible} GROUP BY {near})"
    )
    row.joins.append(f"LEFT JOIN {group} ON {group}.k = {key}")
    return f"'[' || coalesce({group}.j, '') || ']'"


def root_rows(ctx: Compilation, binding: Rows, arguments: Mapping[str, Tree], fields: Sequence[FieldNode]) -> str:
    page, inner = ctx.source(binding.type, page=True), ctx.source(binding.type)
    first = arguments.get("first")
    size = Size(first if isinstance(first, Leaf) else None, DEFAULT_PAGE, ctx.argument_name("first"))
    with ctx.many(size):
        body = ctx.entity(page, fields)
    conditions = [ctx.truth(inner.entity.visible, inner)]
    conditions += [ctx.truth(condition, inner) for flag, condition in binding.flags.items() if arguments.get(flag) is True]
    if arguments.get("where") is not None:
        conditions.append(Filter(ctx, ctx.argument_name("where")).over(inner, arguments["where"]))
    order = ", ".join([*(_direction(inner, order) for order in inner.entity.order), _key(inner)])
    number = ", ".join([*(_direction(page, order) for order in page.entity.order), _key(page)])
    columns = ", ".join(f"{inner.alias}.{name}" for name in page.taken)
    rows = (
        f"SELECT {columns} FROM {table_name(inner.entity.table)} {inner.alias} WHERE {predicate(conjunction(conditions))}"
        f" ORDER BY {order} LIMIT {size.cap}"
    )
    withs = ", ".join([numbered(page, rows, number, ctx.size(size)), *page.withs])
    return f"(WITH {withs} SELECT '[' || coalesce(string_agg({body}, ',' ORDER BY {page.alias}._n), '') || ']' FROM {page.alias}{page.joined()})"


def ranked(ctx: Compilation, binding: Ranked, arguments: Mapping[str, Tree], fields: Sequence[FieldNode]) -> str:
    """Read along the index of the ranks: whoever may see less reads a little further."""
    page, inner, ranks = ctx.source(binding.type, page=True), ctx.source(binding.type), ctx.alias("k")
    first = arguments.get("first")
    size = Size(first if isinstance(first, Leaf) else None, DEFAULT_PAGE, ctx.argument_name("first"))
    with ctx.many(size):
        body = ctx.entity(page, fields)
    filters = {name: inner.entity.filters[name] for name in binding.only}
    stated = [ctx.truth(Equals(of.column, binding.only[name]), inner) for name, of in filters.items() if isinstance(of, Value)]
    visible = predicate(conjunction([ctx.truth(inner.entity.visible, inner), *stated]))
    number = f"{page.alias}._by DESC, {page.column(page.entity.key)} DESC"
    columns = ", ".join([f"{ranks}.{column_name(binding.by)} AS _by", *(f"{inner.alias}.{name}" for name in page.taken)])
    named = f"{ranks}.{column_name(binding.named)}"
    rows = (
        f"SELECT {columns} FROM {table_name(binding.named.table)} {ranks}"
        f" JOIN {table_name(inner.entity.table)} {inner.alias} ON {inner.column(inner.entity.key)} = {named} WHERE {visible}"
        f" ORDER BY {ranks}.{column_name(binding.by)} DESC, {named} DESC LIMIT {size.cap}"
    )
    withs = ", ".join([numbered(page, rows, number, ctx.size(size)), *page.withs])
    return f"(WITH {withs} SELECT '[' || coalesce(string_agg({body}, ',' ORDER BY {page.alias}._n), '') || ']' FROM {page.alias}{page.joined()})"


def _direction(row: Source, order: Order) -> str:
    return f"{row.column(order.column)} {'DESC' if order.descending else 'ASC'}"


def _key(row: Source) -> str:
    """Ties go by id, in the direction of the order before it."""
    descending = bool(row.entity.order) and row.entity.order[-1].descending
    return f"{row.column(row.entity.key)} {'DESC' if descending else 'ASC'}"
