"""The shape of a request's variables: what of them decides about a statement's text, and nothing else.

Which are given and which are null, booleans, enum values, the keys of input objects, and whether a cursor's value is null.
Scalars are never part of it: they travel as bound values. Plans are compiled from shapes, never from values.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInputType, GraphQLList, GraphQLNonNull, GraphQLScalarType


@dataclass(frozen=True, slots=True)
class Enum:
    name: str


@dataclass(frozen=True, slots=True)
class Items:
    of: tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Object:
    entries: tuple[tuple[str, Hashable], ...]


SCALAR = "scalar"
NULL_CURSOR = "n"


def shape_of(value: Any, type_: GraphQLInputType) -> Hashable:
    """None, True, False, SCALAR (also for a list of scalars), Enum, Items or Object."""
    if isinstance(type_, GraphQLNonNull):
        return shape_of(value, type_.of_type)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(type_, GraphQLList):
        return SCALAR if is_scalar(type_) else Items(tuple(shape_of(item, type_.of_type) for item in value))
    if isinstance(type_, GraphQLEnumType):
        return Enum(value)
    if isinstance(type_, GraphQLInputObjectType):
        return Object(tuple((key, shape_of(item, type_.fields[key].type)) for key, item in value.items()))
    return SCALAR


Shape = tuple[tuple[str, Hashable], ...]


def variable_shapes(values: Mapping[str, Any], types: Mapping[str, GraphQLInputType], cursors: frozenset[str]) -> Shape:
    """The shape of all variables that have a value. `cursors` are the variables that serve as `after` or `before`."""
    return tuple(
        (name, value[:1] == NULL_CURSOR if name in cursors and isinstance(value, str) else shape_of(value, types[name]))
        for name, value in values.items()
    )


def is_scalar(type_: GraphQLInputType) -> bool:
    """A scalar that is bound, or a list of them."""
    if isinstance(type_, GraphQLNonNull | GraphQLList):
        return is_scalar(type_.of_type)
    return isinstance(type_, GraphQLScalarType) and type_.name != "Boolean"
