"""Generating operations over the whole schema: selections, aliases, fragments, directives, arguments and variables."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type
from hypothesis import strategies as st

from tests.integration.api.operations.arguments import Arguments
from tests.integration.api.operations.writing import Draw
from tests.integration.api.reference.executor import reference_schema
from tests.integration.api.reference.world import World

DEEPEST = 5
COMPOSITE = GraphQLObjectType | GraphQLUnionType
# Refused for posts without events, which these are; told from events that the reference does not fold.
OF_EVENTS = {("Post", "difference"), ("User", "history"), ("Role", "history"), ("Organization", "history")}


class Operation(Arguments):
    def text(self) -> str:
        body = self.selection(reference_schema().query_type, 0)
        head = f"query Generated({', '.join(self.declared)})" if self.declared else "query Generated"
        return "\n".join([f"{head} {body}", *self.fragments])

    def selection(self, type_: GraphQLObjectType | None, depth: int) -> str:
        assert type_ is not None
        fields = {name: f for name, f in type_.fields.items() if (type_.name, name) not in OF_EVENTS}
        names = [name for name, f in fields.items() if depth < DEEPEST or not isinstance(get_named_type(f.type), COMPOSITE)]
        chosen = self.draw(st.lists(st.sampled_from([*names, "__typename"]), min_size=1, max_size=4 if depth else 3))
        parts = [self.wrapped(type_, self.field(type_, name, depth)) for name in chosen]
        return "{ __typename " + " ".join(parts) + " }"

    def members(self, union: GraphQLUnionType, depth: int) -> str:
        """Some types of a union more than once, some within a fragment on the union itself, or within one of their own."""
        chosen = self.draw(st.lists(st.sampled_from(union.types), max_size=4))
        parts = [self.wrapped(union, f"... on {type_.name}{self.directive()} {self.selection(type_, depth)}") for type_ in chosen]
        return "{ __typename " + " ".join(parts) + " }"

    def wrapped(self, type_: GraphQLObjectType | GraphQLUnionType, text: str) -> str:
        how = self.draw(st.integers(0, 9))
        if how == 0:
            return f"... on {type_.name} {{ {text} }}"
        if how == 1:
            return f"... {self.directive()} {{ {text} }}"
        if how == 2:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {{ {text} }}")
            spread = f"...{name}{self.directive()}"
            return spread if self.draw(st.booleans()) else spread + spread
        return text

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        if name == "__typename":
            return f"t{self.aliases}: __typename"
        self.aliases += 1
        long = "x" * 70 if self.draw(st.integers(0, 30)) == 0 else ""
        alias = f"a{self.aliases}{long}"
        definition = type_.fields[name]
        arguments = self.arguments(type_.name, name)
        named = get_named_type(definition.type)
        inner = f" {self.selection(named, depth + 1)}" if isinstance(named, GraphQLObjectType) else ""
        if isinstance(named, GraphQLUnionType):
            inner = f" {self.members(named, depth + 1)}"
        return f"{alias}: {name}{arguments}{self.directive()}{inner}"

    def directive(self) -> str:
        if self.draw(st.integers(0, 7)):
            return ""
        kind, value = self.draw(st.sampled_from(("skip", "include"))), self.draw(st.booleans())
        return f" @{kind}(if: {self.given('Boolean!', value, str(value).lower())})"


@st.composite
def operations(draw: Draw, world: World) -> tuple[str, dict[str, Any]]:
    operation = Operation(draw, world)
    return operation.text(), operation.variables
