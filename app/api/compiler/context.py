"""What one compilation knows and gathers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, GraphQLField

from app.api.compiler.arguments import Leaf, Scope, Tree, argument_trees
from app.api.compiler.conditions import Reader, Truth, truth
from app.api.compiler.limits import Cost, Size
from app.api.compiler.parameters import Among, Parameters
from app.api.compiler.rows import Source
from app.api.compiler.selections import Selected, subfields
from app.api.compiler.text import ResponseText
from app.api.finishing import Action, Finisher, is_member
from app.api.rights import Rights
from app.api.schema import Schema
from app.shared.conditions import Condition
from tenants.statements import Statement


def _unchanged(value: Any) -> Any:
    return value


@dataclass(slots=True)
class Compilation:
    """`path` are the response keys down to where the compiler is; lists do not count. `write_entity` writes one row's object.

    `uneven`: an entity is read whose values want a plan of their own; see `Entity`.
    """

    schema: Schema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Scope
    rights: Rights
    write_entity: Callable[[Compilation, ResponseText, Source, Selected], None]
    parameters: Parameters = field(default_factory=Parameters)
    finishers: list[Finisher] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)
    uneven: bool = False
    path: list[str] = field(default_factory=list)
    _sizes: list[Size] = field(default_factory=list)
    _aliases: int = 0

    @property
    def reader(self) -> Reader:
        return Reader(self.rights, self.parameters, self.schema.bindings.entities)

    def source(self, type_name: str, *, page: bool = False) -> Source:
        entity = self.schema.bindings.entities[type_name]
        self.uneven = self.uneven or entity.uneven
        return Source(entity, self.alias("p" if page else "r"), page=page)

    def alias(self, letter: str) -> str:
        self._aliases += 1
        return f"{letter}{self._aliases}"

    def selected(self, fields: Sequence[FieldNode], type_name: str) -> Selected:
        """What is selected of an object of this type, also where it is one of several that a union has."""
        return subfields(fields, self.fragments, self.variables, lambda condition: condition == type_name or condition in self.schema.unions)

    def arguments(self, definition: GraphQLField, fields: Sequence[FieldNode]) -> dict[str, Tree]:
        """Merged fields have the same arguments (validation saw to that), so the first one's will do."""
        return argument_trees(definition, fields[0], self.variables)

    def truth(self, condition: Condition, row: Source) -> Truth:
        return truth(condition, row, self.reader)

    def value(self, leaf: Leaf, convert: Callable[[Any], Any] = _unchanged) -> str:
        """The parameter of an argument's scalar."""
        if leaf.constant:
            return self.parameters.constant(convert(leaf.get({})))
        return self.parameters.bound(lambda values: convert(leaf.get(values.variables)))

    def among(self, leaf: Leaf, words: Statement, part_of: Callable[[str, str], bool]) -> str:
        """The parameter of all words that an argument's text is part of."""
        parameter = self.value(leaf)
        self.parameters.among.append(Among(len(self.parameters.fixed) - 1, words, part_of))
        return parameter

    def size(self, size: Size) -> str:
        """The parameter of a list's size."""
        if size.leaf is None or size.leaf.constant:
            return self.parameters.constant(size.of({})) + "::bigint"
        return self.parameters.bound(lambda values: size.of(values.variables)) + "::bigint"

    def finish(self, action: Action, fields: Sequence[FieldNode]) -> int:
        """Have this done, after SQL, wherever the current path leads; returns its place among the finishers."""
        places = [field.loc for field in fields if field.loc]
        self.finishers.append(Finisher(tuple(self.path), action, places[0].source if places else None, [place.start for place in places]))
        return len(self.finishers) - 1

    @contextmanager
    def at(self, key: str) -> Iterator[None]:
        self.path.append(key)
        yield
        self.path.pop()

    @contextmanager
    def many(self, size: Size) -> Iterator[None]:
        """Whatever is compiled meanwhile may be read this many times."""
        self._sizes.append(size)
        self.cost.add(self._sizes)
        yield
        self._sizes.pop()

    def entity(self, row: Source, fields: Sequence[FieldNode]) -> str:
        """SQL for one row's object, never null."""
        text = ResponseText()
        self.write_entity(self, text, row, self.selected(fields, row.entity.type))
        return text.sql(self.parameters)

    def argument_name(self, *names: str) -> str:
        return ".".join((*(step for step in self.path if not is_member(step)), *names))
