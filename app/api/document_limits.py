"""What a document may ask for before anybody looks at its meaning: depth, fields, aliases, root fields and directives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from app.api.errors import LimitExceeded

LONGEST = 200_000
MOST_TOKENS = 4000
DEEPEST = 12
MOST_FIELDS = 1000
MOST_ALIASES = 60
MOST_ROOT_FIELDS = 20
MOST_DIRECTIVES = 60


@dataclass(frozen=True, slots=True)
class Extent:
    """Of a selection with its fragments spread out. Introspection counts as one field: its depth is the type system's own."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: Extent) -> Extent:
        return Extent(max(self.depth, other.depth), self.fields + other.fields, self.aliases + other.aliases, self.directives + other.directives)


def check_extent(document: DocumentNode) -> None:
    """Raises LimitExceeded. Fragments that spread themselves are left to validation."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measure = _Measure(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            roots = measure.roots(definition.selection_set)
            extent = measure.of(definition.selection_set).beside(Extent(directives=len(definition.directives or ())))
            _check(roots, MOST_ROOT_FIELDS, "root fields")
            _check(extent.depth, DEEPEST, "levels of fields")
            _check(extent.fields, MOST_FIELDS, "fields")
            _check(extent.aliases, MOST_ALIASES, "aliases")
            _check(extent.directives, MOST_DIRECTIVES, "directives")


def _check(found: int, most: int, what: str) -> None:
    if found > most:
        raise LimitExceeded(f"An operation may have at most {most} {what}; split this one.")


class _Measure:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Extent] = {}
        self._open: set[str] = set()

    def roots(self, selections: SelectionSetNode, seen: set[str] | None = None) -> int:
        """Root fields; as in execution, a fragment that is spread again adds nothing."""
        seen = set() if seen is None else seen
        count = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                count += 1
            elif isinstance(selection, InlineFragmentNode):
                count += self.roots(selection.selection_set, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value in self._fragments.keys() - seen:
                seen.add(selection.name.value)
                count += self.roots(self._fragments[selection.name.value].selection_set, seen)
        return count

    def of(self, selections: SelectionSetNode | None) -> Extent:
        whole = Extent()
        for selection in selections.selections if selections else ():
            directives = Extent(directives=len(selection.directives or ()))
            if isinstance(selection, FieldNode):
                inner = Extent() if selection.name.value.startswith("__") else self.of(selection.selection_set)
                found = Extent(inner.depth + 1, inner.fields + 1, inner.aliases + (selection.alias is not None), inner.directives)
            elif isinstance(selection, InlineFragmentNode):
                found = self.of(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                found = self._fragment(selection.name.value)
            else:
                found = Extent()
            whole = whole.beside(found).beside(directives)
        return whole

    def _fragment(self, name: str) -> Extent:
        if name in self._known or name in self._open or name not in self._fragments:
            return self._known.get(name, Extent())
        self._open.add(name)
        self._known[name] = self.of(self._fragments[name].selection_set)
        self._open.discard(name)
        return self._known[name]
