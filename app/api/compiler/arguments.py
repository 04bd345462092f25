"""Arguments as the compiler sees them: structure to decide by, leaves to bind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    ConstObjectValueNode,
    FieldNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    coerce_input_literal,
)

from app.api import shapes
from app.api.errors import invalid
from app.api.shapes import shape_of

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar, or a list of them. `constant`: the same for every request. `null_cursor`: what a cursor's first letter says."""

    get: Callable[[Variables], Any]
    constant: bool
    null_cursor: bool = False


Tree = None | bool | shapes.Enum | Leaf | list[Any] | dict[str, Any]
ABSENT = object()


@dataclass(frozen=True, slots=True)
class Scope:
    """The shapes and types of this request's variables."""

    shapes: Mapping[str, Hashable]
    types: Mapping[str, GraphQLInputType]


def argument_trees(field: GraphQLField, node: FieldNode, scope: Scope) -> dict[str, Tree]:
    """Every argument that has a value, defaults included. Raises ValidationFailed where null came for a type that has none."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    found: dict[str, Tree] = {}
    for name, argument in field.args.items():
        tree = _tree(given[name], argument.type, scope, name) if name in given else ABSENT
        if tree is ABSENT and argument.default is not None:
            tree = _constant(_default(argument.default, argument.type), argument.type)
        if tree is not ABSENT:
            found[name] = cast("Tree", tree)
    return found


def flag(node: ValueNode, scope: Scope) -> bool:
    """The condition of @skip and @include."""
    if isinstance(node, VariableNode):
        return scope.shapes.get(node.name.value) is True
    return bool(getattr(node, "value", False))


def _tree(node: ValueNode, type_: GraphQLInputType, scope: Scope, path: str) -> object:
    if isinstance(node, VariableNode):
        return _variable(node.name.value, type_, scope, path)
    if isinstance(type_, GraphQLNonNull):
        return _tree(node, type_.of_type, scope, path)
    if isinstance(node, NullValueNode):
        return None
    if isinstance(type_, GraphQLList):
        return _list(node, type_, scope, path)
    if isinstance(type_, GraphQLInputObjectType) and isinstance(node, ObjectValueNode | ConstObjectValueNode):
        return _object(node, type_, scope, path)
    return _constant(coerce_input_literal(node, type_), type_)


def _variable(name: str, type_: GraphQLInputType, scope: Scope, path: str) -> object:
    if name not in scope.shapes:
        return ABSENT
    shape = scope.shapes[name]
    if shape is None and isinstance(type_, GraphQLNonNull):
        raise invalid(path, "takes no null")
    if isinstance(shape, bool) and shapes.is_scalar(scope.types[name]):  # a cursor: all that is known is whether its value is null
        return Leaf(lambda variables: variables[name], constant=False, null_cursor=shape)
    return _shaped(shape, lambda variables: variables[name], constant=False)


def _list(node: ValueNode, type_: GraphQLList[Any], scope: Scope, path: str) -> object:
    nodes = node.values if isinstance(node, ListValueNode) or hasattr(node, "values") else (node,)
    trees = [_tree(item, type_.of_type, scope, path) for item in nodes]
    if not shapes.is_scalar(type_):
        return [None if tree is ABSENT else tree for tree in trees]
    if any(tree is None or tree is ABSENT for tree in trees):
        raise invalid(path, "takes no null in its list")
    leaves = cast("list[Leaf]", trees)
    return Leaf(lambda variables: [leaf.get(variables) for leaf in leaves], constant=all(leaf.constant for leaf in leaves))


def _object(node: ObjectValueNode | ConstObjectValueNode, type_: GraphQLInputObjectType, scope: Scope, path: str) -> dict[str, Any]:
    given = {entry.name.value: entry.value for entry in node.fields or ()}
    found = {}
    for name, field in type_.fields.items():
        tree = _tree(given[name], field.type, scope, f"{path}.{name}") if name in given else ABSENT
        if tree is ABSENT and field.default is not None:
            tree = _constant(_default(field.default, field.type), field.type)
        if tree is not ABSENT:
            found[name] = tree
    return found


def _default(default: Any, type_: GraphQLInputType) -> Any:
    return default.value if default.literal is None else coerce_input_literal(default.literal, type_)


def _constant(value: Any, type_: GraphQLInputType) -> Tree:
    cursor = isinstance(value, str) and value[:1] == shapes.NULL_CURSOR
    return _shaped(shape_of(value, type_), lambda _: value, constant=True, null_cursor=cursor)


def _shaped(shape: Hashable, get: Callable[[Variables], Any], *, constant: bool, null_cursor: bool = False) -> Tree:
    """The tree of a value with this shape that `get` will bring."""
    if shape is None or isinstance(shape, bool | shapes.Enum):
        return shape
    if isinstance(shape, shapes.Items):
        return [_shaped(item, _step(get, position), constant=constant) for position, item in enumerate(shape.of)]
    if isinstance(shape, shapes.Object):
        return {key: _shaped(item, _step(get, key), constant=constant) for key, item in shape.entries}
    return Leaf(get, constant, null_cursor)


def _step(get: Callable[[Variables], Any], key: str | int) -> Callable[[Variables], Any]:
    return lambda variables: get(variables)[key]
