"""The executable schema: types from the SDL, requirements from its directives, bindings from the contexts' graphs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, build_ast_schema, value_from_ast_untyped

import app.comments.graph
import app.content.graph
import app.engagement.graph
import app.following.graph
import app.management.graph
import app.taxonomy.graph
import app.users.graph
from app.api import scalars, sdl
from app.api.rights import Requirement
from app.shared.graph import Connection, Entity, Field, Graph, Group, Query

GRAPHS: tuple[Graph, ...] = (
    app.content.graph.GRAPH,
    app.users.graph.GRAPH,
    app.taxonomy.graph.GRAPH,
    app.management.graph.GRAPH,
    app.comments.graph.GRAPH,
    app.engagement.graph.GRAPH,
    app.following.graph.GRAPH,
)


@dataclass(frozen=True, slots=True)
class Bindings:
    """Which entity stands behind a type, what stands behind a field, whom a field asks for, and which fields are open to everybody always.

    `elevated`: the mutations for which somebody must have proven lately who they are, and with which inputs; none: with any.
    """

    entities: Mapping[str, Entity]
    fields: Mapping[str, Mapping[str, Field]]
    queries: Mapping[str, Query]
    requirements: Mapping[tuple[str, str], Requirement]
    open: frozenset[tuple[str, str]]
    elevated: Mapping[str, frozenset[str]]


@dataclass(frozen=True, eq=False)
class Schema:
    graphql: GraphQLSchema
    bindings: Bindings

    @cached_property
    def unions(self) -> frozenset[str]:
        return frozenset(name for name, type_ in self.graphql.type_map.items() if isinstance(type_, GraphQLUnionType))

    def object_type(self, name: str) -> GraphQLObjectType:
        found = self.graphql.type_map[name]
        if not isinstance(found, GraphQLObjectType):
            raise TypeError(f"{name} is no object type")
        return found


@cache
def schema() -> Schema:
    """Built once per process. Raises TypeError where SDL and bindings do not agree."""
    built = build_ast_schema(sdl.document())
    scalars.teach(built)
    whole = Schema(built, _collected(built))
    _check(whole)
    return whole


def _collected(built: GraphQLSchema) -> Bindings:
    entities = {entity.type: entity for graph in GRAPHS for entity in graph.entities}
    fields = {name: dict(entity.fields) for name, entity in entities.items()}
    queries: dict[str, Query] = {}
    for graph in GRAPHS:
        queries.update(graph.queries)
        for name, added in graph.extensions.items():
            fields[name].update(added)
    return Bindings(entities, fields, queries, _requirements(built), _open(built), _elevated(built))


def _requirements(built: GraphQLSchema) -> dict[tuple[str, str], Requirement]:
    found = {}
    for type_name, type_ in built.type_map.items():
        if isinstance(type_, GraphQLObjectType):
            for name, field in type_.fields.items():
                requirement = _requirement(field)
                if requirement:
                    found[type_name, name] = requirement
    return found


def _open(built: GraphQLSchema) -> frozenset[tuple[str, str]]:
    types = [type_ for type_ in built.type_map.values() if isinstance(type_, GraphQLObjectType)]
    return frozenset((type_.name, name) for type_ in types for name, field in type_.fields.items() if sdl.directive_named(field.ast_node, "open"))


def _elevated(built: GraphQLSchema) -> dict[str, frozenset[str]]:
    mutations = built.mutation_type.fields if built.mutation_type else {}
    found = {name: sdl.directive_named(field.ast_node, "elevated") for name, field in mutations.items()}
    return {
        name: frozenset(each for argument in directive.arguments or () for each in value_from_ast_untyped(argument.value))
        for name, directive in found.items()
        if directive
    }


def _requirement(field: GraphQLField) -> Requirement | None:
    directive = sdl.directive_named(field.ast_node, "requires")
    if directive is None:
        return None
    given = {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}
    return Requirement(given.get("permission"), tuple(given.get("roles", ())), given.get("own", False))


def _check(whole: Schema) -> None:
    """Every field is bound, nothing is bound that the SDL does not have, and what can be denied can be null."""
    bound = {**whole.bindings.fields, "Query": whole.bindings.queries}
    for entity_fields in list(bound.values()):
        bound.update({binding.type: binding.fields for binding in entity_fields.values() if isinstance(binding, Group)})
    for name, fields in bound.items():
        declared = whole.object_type(name).fields
        if declared.keys() != fields.keys():
            raise TypeError(f"{name}: the SDL and graph.py disagree about {sorted(declared.keys() ^ fields.keys())}")
    for type_name, field_name in whole.bindings.requirements:
        if type_name != "Mutation" and isinstance(whole.object_type(type_name).fields[field_name].type, GraphQLNonNull):
            raise TypeError(f"{type_name}.{field_name} may be denied, so its type must be nullable")
    for fields in bound.values():
        for name, binding in fields.items():
            if isinstance(binding, Connection) and not whole.bindings.entities[binding.type].orders:
                raise TypeError(f"{name} pages through {binding.type}, which declares no orders")
