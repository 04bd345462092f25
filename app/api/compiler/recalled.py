"""The past of an entity: all its events in one JSON text, which the context folds once they have come."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from graphql import FieldNode, GraphQLField, GraphQLObjectType, get_named_type

from app.api.compiler.arguments import Leaf
from app.api.compiler.conditions import predicate
from app.api.compiler.context import Compilation
from app.api.compiler.limits import DEFAULT_PAGE, Size
from app.api.compiler.rows import Source, table_name
from app.api.finishing import Remember, Shape
from app.shared.graph import Recalled
from tenants.tables import domain_events

_SQL_TYPES = {"Int": "bigint", "DateTime": "timestamptz"}
_EVENT = "e.event_type, e.event_version, e.event_data, e.aggregate_version, e.occurred_at, e.id, e.user_id, e.correlation_id, e.causation_id"


def recalled(ctx: Compilation, row: Source, binding: Recalled, definition: GraphQLField, fields: Sequence[FieldNode]) -> str:
    """SQL for `{"id", "me", "arguments", "events"}`; what becomes of it is noted before whatever is selected of the people in it."""
    arguments = ctx.arguments(definition, fields)
    first = arguments.get("first")
    size = Size(first if isinstance(first, Leaf) else None, DEFAULT_PAGE if "first" in definition.args else 1, ctx.argument_name("first"))
    given = {name: _value(ctx, definition, name, leaf) for name, leaf in arguments.items() if isinstance(leaf, Leaf) and name != "first"}
    if "first" in definition.args:
        given["first"] = ctx.size(size)
    moments = frozenset(name for name, argument in definition.args.items() if get_named_type(argument.type).name == "DateTime")
    place, actors = ctx.finish(Remember(binding.recall, ctx.rights.may(binding.permission), moments, ()), fields), list[str]()
    with ctx.many(size):
        shape = _shape(ctx, get_named_type(definition.type), fields, actors)
    noted = ctx.finishers[place]
    ctx.finishers[place] = replace(noted, action=Remember(binding.recall, ctx.rights.may(binding.permission), moments, shape))
    return _sql(ctx, row, binding, given, actors)


def _sql(ctx: Compilation, row: Source, binding: Recalled, given: dict[str, str], actors: list[str]) -> str:
    key, events = row.column(row.entity.key), table_name(domain_events)
    until = ""
    if binding.until:
        later = f"SELECT min(l.aggregate_version) FROM {events} l WHERE l.aggregate_id = {key} AND l.occurred_at > {given[binding.until]}"
        until = f" AND e.aggregate_version < coalesce(({later}), 2147483647)"
    asked = ", ".join(f"'{name}', {value}" for name, value in given.items())
    people = " || ',' || ".join(actors) or "''"
    event = f"left(json_build_array({_EVENT})::text, -1) || ',[' || {people} || ']]'"
    return (
        f"""(SELECT '{{"id":"' || {key} || '","me":' || coalesce(to_json({ctx.parameters.me()})::text, 'null') || ',"arguments":' || """
        f"""json_build_object({asked})::text || ',"events":[' || coalesce(string_agg({event}, ',' ORDER BY e.aggregate_version), '') || ']}}'"""
        f" FROM {events} e WHERE e.aggregate_id = {key}{until})"
    )


def _value(ctx: Compilation, definition: GraphQLField, name: str, leaf: Leaf) -> str:
    return f"{ctx.value(leaf)}::{_SQL_TYPES.get(get_named_type(definition.args[name].type).name, 'text')}"


def _shape(ctx: Compilation, type_: object, fields: Sequence[FieldNode], actors: list[str]) -> Shape:
    """What is selected of plain objects, in order; a person is read by SQL, wherever they stand."""
    if not isinstance(type_, GraphQLObjectType):
        return ()
    found: list[tuple[str, str, Shape | int]] = []
    for key, nodes in ctx.selected(fields, type_.name).items():
        name = nodes[0].name.value
        if name == "__typename":
            found.append((key, f"={type_.name}", ()))
            continue
        inner = get_named_type(type_.fields[name].type)
        if inner.name not in ctx.schema.bindings.entities:
            found.append((key, name, _shape(ctx, inner, nodes, actors)))
            continue
        with ctx.at(key):
            actors.append(_actor(ctx, inner.name, nodes))
        found.append((key, name, len(actors) - 1))
    return tuple(found)


def _actor(ctx: Compilation, type_name: str, fields: Sequence[FieldNode]) -> str:
    far = ctx.source(type_name)
    body = ctx.entity(far, fields)
    visible = predicate(ctx.truth(far.entity.visible, far))
    found = (
        f"SELECT {body} FROM {table_name(far.entity.table)} {far.alias}{far.joined()} WHERE {far.column(far.entity.key)} = e.user_id AND {visible}"
    )
    return f"coalesce(({found}), 'null')"
