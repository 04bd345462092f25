"""The schema as one text: what the contexts and this package declare, merged and printed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files

from graphql import (
    ConstDirectiveNode,
    DefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    TypeNode,
    parse,
    print_ast,
)

SOURCES = (
    ("app.api", "directives.graphql"),
    ("app.content", "schema.graphql"),
    ("app.users", "schema.graphql"),
    ("app.taxonomy", "schema.graphql"),
    ("app.management", "schema.graphql"),
    ("app.comments", "schema.graphql"),
    ("app.engagement", "schema.graphql"),
    ("app.following", "schema.graphql"),
)
ROOTS = ("Query", "Mutation")
_KEY = (
    "Sent again with the same key, the mutation is answered as it was and not done again, for a day at least. "
    "1 to 200 visible ASCII characters; the header Idempotency-Key does the same for every mutation of a request."
)


@cache
def document() -> DocumentNode:
    """Every definition once: what contexts add to each other's types stands in those types, root types come first."""
    definitions = [d for package, name in SOURCES for d in parse(files(package).joinpath(name).read_text("utf-8"), no_location=True).definitions]
    added: dict[str, list[FieldDefinitionNode]] = {}
    for extension in definitions:
        if isinstance(extension, ObjectTypeExtensionNode):
            added.setdefault(extension.name.value, []).extend(extension.fields or ())
    roots = [ObjectTypeDefinitionNode(name=NameNode(value=root), fields=tuple(added.pop(root))) for root in ROOTS]
    whole = [_extended(d, added) for d in definitions if not isinstance(d, ObjectTypeExtensionNode)]
    inputs = {_named(field.arguments[0].type) for field in roots[1].fields or () if field.arguments}
    whole = [_with_key(d) if isinstance(d, InputObjectTypeDefinitionNode) and d.name.value in inputs else d for d in whole]
    if added:
        raise TypeError(f"types are extended that nobody defines: {sorted(added)}")
    return DocumentNode(definitions=tuple(roots + whole))


def _named(type_: TypeNode) -> str:
    return _named(type_.type) if isinstance(type_, NonNullTypeNode | ListTypeNode) else type_.name.value  # type: ignore[attr-defined]


def _with_key(definition: InputObjectTypeDefinitionNode) -> InputObjectTypeDefinitionNode:
    """Whatever a mutation takes may carry a key under which it is done once."""
    return replace(definition, fields=(*(definition.fields or ()), *_key_field()))


@cache
def _key_field() -> tuple[InputValueDefinitionNode, ...]:
    [definition] = parse(f'input I {{ "{_KEY}" idempotencyKey: String }}', no_location=True).definitions
    return tuple(definition.fields or ()) if isinstance(definition, InputObjectTypeDefinitionNode) else ()


def printed() -> str:
    """The SDL that clients get, and that schema.graphql at the root of the repository holds."""
    return print_ast(document()) + "\n"


def _extended(definition: DefinitionNode, added: dict[str, list[FieldDefinitionNode]]) -> DefinitionNode:
    if not isinstance(definition, ObjectTypeDefinitionNode) or definition.name.value not in added:
        return definition
    return replace(definition, fields=(*(definition.fields or ()), *added.pop(definition.name.value)))


def directive_named(field: FieldDefinitionNode | None, name: str) -> ConstDirectiveNode | None:
    return next((d for d in (field.directives if field and field.directives else ()) if d.name.value == name), None)
