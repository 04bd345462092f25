"""Which fields an operation selects, merged by response key (GraphQL specification, 6.3.2 CollectFields)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from graphql import DirectiveNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, InlineFragmentNode, SelectionNode, SelectionSetNode

from app.api.compiler.arguments import Scope, flag

Selected = dict[str, list[FieldNode]]


def collect(nodes: Iterable[SelectionSetNode | None], fragments: Mapping[str, FragmentDefinitionNode], scope: Scope) -> Selected:
    """Fields by response key, in the order of the selection. Types need no check: the schema has no abstract ones."""
    found: Selected = {}
    visited: set[str] = set()
    for node in nodes:
        if node is not None:
            _collect(node.selections, fragments, scope, found, visited)
    return found


def subfields(fields: Sequence[FieldNode], fragments: Mapping[str, FragmentDefinitionNode], scope: Scope) -> Selected:
    return collect((field.selection_set for field in fields), fragments, scope)


def _collect(
    selections: Iterable[SelectionNode], fragments: Mapping[str, FragmentDefinitionNode], scope: Scope, found: Selected, visited: set[str]
) -> None:
    for selection in selections:
        if not _included(selection.directives, scope):
            continue
        if isinstance(selection, FieldNode):
            key = selection.alias.value if selection.alias else selection.name.value
            found.setdefault(key, []).append(selection)
        elif isinstance(selection, InlineFragmentNode):
            _collect(selection.selection_set.selections, fragments, scope, found, visited)
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in visited:
            visited.add(selection.name.value)
            _collect(fragments[selection.name.value].selection_set.selections, fragments, scope, found, visited)


def _included(directives: Iterable[DirectiveNode] | None, scope: Scope) -> bool:
    for directive in directives or ():
        name = directive.name.value
        if name in {"skip", "include"} and directive.arguments and flag(directive.arguments[0].value, scope) is (name == "skip"):
            return False
    return True
