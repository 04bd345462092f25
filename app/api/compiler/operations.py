"""Whole operations: their root fields, put together as one statement."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphql import FieldNode, FragmentDefinitionNode, GraphQLField

from app.api.compiler.arguments import Leaf, Scope, Tree
from app.api.compiler.conditions import Truth, conjunction, predicate
from app.api.compiler.connections import connection
from app.api.compiler.context import Compilation
from app.api.compiler.filters import uuid
from app.api.compiler.lists import ranked, root_rows
from app.api.compiler.objects import write_entity, write_object
from app.api.compiler.plan import Plan
from app.api.compiler.rows import Source, column_name, table_name
from app.api.compiler.searching import search
from app.api.compiler.selections import Selected
from app.api.compiler.text import ResponseText
from app.api.errors import invalid
from app.api.rights import Rights
from app.api.schema import Schema
from app.shared.conditions import Col, Condition
from app.shared.graph import Connection, Former, Lookup, Only, Ranked, Rows, Search

ENTITY_ID = "the payload's entity"  # no name that a variable could have
INTROSPECTION = frozenset({"__schema", "__type"})


def compile_query(schema: Schema, selected: Selected, fragments: Mapping[str, FragmentDefinitionNode], scope: Scope, rights: Rights) -> Plan:
    """The plan of a query's root fields. Raises ValidationFailed or LimitExceeded for arguments that no value could mend."""
    ctx = Compilation(schema, fragments, scope, rights, write_entity)
    text = ResponseText()
    readable = {key: fields for key, fields in selected.items() if fields[0].name.value not in INTROSPECTION}
    write_object(ctx, text, "Query", readable, _Roots(ctx))
    return _plan(ctx, text)


def compile_payload(
    schema: Schema,
    wanted: Mapping[str, tuple[str | Rows, Sequence[FieldNode]]],
    fragments: Mapping[str, FragmentDefinitionNode],
    scope: Scope,
    rights: Rights,
) -> Plan:
    """The plan of a mutation's payload: by response key, the entity of a type whose id the request brings as ENTITY_ID, or a list."""
    ctx = Compilation(schema, fragments, scope, rights, write_entity)
    text = ResponseText()
    text.say("{")
    for position, (key, (source, fields)) in enumerate(wanted.items()):
        text.say(f'{"," if position else ""}"{key}":')
        with ctx.at(key):
            if isinstance(source, Rows):
                text.put(root_rows(ctx, source, dict.fromkeys(source.flags, True), fields))
            else:
                text.put(_by_id(ctx, source, fields))
    text.say("}")
    return _plan(ctx, text)


def _plan(ctx: Compilation, text: ResponseText) -> Plan:
    constant = text.constant()
    cost = None if ctx.cost.constant else ctx.cost
    if cost is None:
        ctx.cost.check({})
    if constant is not None:
        return Plan(None, constant.encode(), (), (), (), tuple(ctx.finishers), cost, ctx.uneven)
    sql, parameters = ctx.parameters.settled(f"SELECT convert_to({text.sql(ctx.parameters)}, 'UTF8')")
    return Plan(sql, b"", tuple(parameters.fixed), tuple(parameters.moving), tuple(parameters.among), tuple(ctx.finishers), cost, ctx.uneven)


class _Roots:
    def __init__(self, ctx: Compilation) -> None:
        self._ctx = ctx

    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode]) -> None:
        ctx = self._ctx
        match ctx.schema.bindings.queries[name]:
            case Connection() as binding:
                text.put(connection(ctx, binding, definition, fields, write_object=write_object, parent=None))
            case Rows() as rows:
                text.put(root_rows(ctx, rows, ctx.arguments(definition, fields), fields))
            case Ranked() as ranks:
                text.put(ranked(ctx, ranks, ctx.arguments(definition, fields), fields))
            case Lookup() as lookup:
                text.put(_lookup(ctx, lookup, ctx.arguments(definition, fields), fields))
            case Search() as binding:
                text.put(search(ctx, binding, definition, fields, write_object))
            case Only(type_name, condition):
                _only(ctx, text, type_name, condition, fields)


def _lookup(ctx: Compilation, lookup: Lookup, arguments: Mapping[str, Tree], fields: Sequence[FieldNode]) -> str:
    given = [(name, leaf) for name, leaf in arguments.items() if isinstance(leaf, Leaf)]
    if len(given) != 1:
        raise invalid(ctx.argument_name(), f"takes exactly one of {', '.join(lookup.by)}")
    name, leaf = given[0]
    row, column, field = ctx.source(lookup.type), lookup.by[name], ctx.argument_name(name)
    is_id = column is row.entity.key
    value = ctx.value(leaf, lambda text: uuid(text, field) if is_id else text)
    if name in lookup.former:
        return _one_row(ctx, row, _now_or_before(row, column, lookup.former[name], f"{value}::text"), fields)
    return _one_row(ctx, row, f"{row.column(column)} = {value}::{'uuid' if is_id else 'text'}", fields)


def _now_or_before(row: Source, column: Col, former: Former, value: str) -> str:
    """The id of the row that has the value, else of the one that had it: found by their indexes, whatever the reader may see of it."""
    key, rows = column_name(row.entity.key), table_name(row.entity.table)
    now = f"SELECT {key} FROM {rows} WHERE {column_name(column)} = {value}"
    before = f"SELECT {column_name(former.id)} FROM {table_name(former.value.table)} WHERE {column_name(former.value)} = {value}"
    return f"{row.column(row.entity.key)} = coalesce(({now}), ({before}))"


def _by_id(ctx: Compilation, type_name: str, fields: Sequence[FieldNode]) -> str:
    row = ctx.source(type_name)
    key = ctx.value(Leaf(lambda variables: variables[ENTITY_ID], constant=False))
    return _one_row(ctx, row, f"{row.column(row.entity.key)} = {key}::uuid", fields)


def _only(ctx: Compilation, text: ResponseText, type_name: str, condition: Condition, fields: Sequence[FieldNode]) -> None:
    row = ctx.source(type_name)
    found = ctx.truth(condition, row)
    if found is False:
        text.say("null")
    else:
        text.put(_one_row(ctx, row, found, fields))


def _one_row(ctx: Compilation, row: Source, condition: Truth, fields: Sequence[FieldNode]) -> str:
    """The object of the one row there is, if the reader may see it."""
    body = ctx.entity(row, fields)
    visible = predicate(conjunction([condition, ctx.truth(row.entity.visible, row)]))
    return f"coalesce((SELECT {body} FROM {table_name(row.entity.table)} {row.alias}{row.joined()} WHERE {visible}), 'null')"
