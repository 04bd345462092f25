"""Which fields an operation selects, merged by response key (GraphQL specification, 6.3.2 CollectFields)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from graphql import DirectiveNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode, SelectionSetNode

from app.api.compiler.arguments import Scope, flag

Selected = dict[str, list[FieldNode]]


Applies = Callable[[str], bool]


def everything(_: str) -> bool:
    """Where no fragment can be meant for another type than the one at hand."""
    return True


def collect(
    nodes: Iterable[SelectionSetNode | None], fragments: Mapping[str, FragmentDefinitionNode], scope: Scope, applies: Applies = everything
) -> Selected:
    """Fields by response key, in the order of the selection. `applies`: whether a fragment on this type is meant for the one at hand."""
    found = _Found(fragments, scope, applies)
    for node in nodes:
        if node is not None:
            found.collect(node.selections)
    return found.fields


def subfields(fields: Sequence[FieldNode], fragments: Mapping[str, FragmentDefinitionNode], scope: Scope, applies: Applies = everything) -> Selected:
    return collect((field.selection_set for field in fields), fragments, scope, applies)


class _Found:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], scope: Scope, applies: Applies) -> None:
        self.fields: Selected = {}
        self._fragments = fragments
        self._scope = scope
        self._applies = applies
        self._visited: set[str] = set()

    def collect(self, selections: Iterable[SelectionNode]) -> None:
        for selection in selections:
            if not _included(selection.directives, self._scope):
                continue
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                self.fields.setdefault(key, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                self._fragment(selection)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in self._visited:
                self._visited.add(selection.name.value)
                self._fragment(self._fragments[selection.name.value])

    def _fragment(self, fragment: InlineFragmentNode | FragmentDefinitionNode) -> None:
        condition = fragment.type_condition
        if condition is None or self._applies(condition.name.value):
            self.collect(fragment.selection_set.selections)


def _included(directives: Iterable[DirectiveNode] | None, scope: Scope) -> bool:
    for directive in directives or ():
        name = directive.name.value
        if name in {"skip", "include"} and directive.arguments and flag(directive.arguments[0].value, scope) is (name == "skip"):
            return False
    return True
