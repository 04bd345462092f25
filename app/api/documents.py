"""Documents: parsed and validated once per text, then remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLID,
    GraphQLInputType,
    GraphQLInt,
    GraphQLString,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_nullable_type,
    get_variable_values,
    parse,
    type_from_ast,
    validate,
    visit,
)
from graphql.language import ArgumentNode, FieldNode

from app.api.cache import Recent
from app.api.document_limits import LONGEST, MOST_TOKENS, check_extent
from app.api.errors import BadDocument, LimitExceeded, invalid
from app.api.schema import Schema
from app.api.shapes import Shape, variable_shapes

MOST_MEMORY = 40_000_000
BYTES_PER_CHARACTER = 200  # of a parsed document, measured
MOST_ERRORS = 20
_NO_VARIABLES: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document. `key` stands for it wherever the document itself need not be kept.

    `closed`: the first field that nobody gets from an organization without public reading before they sign in; None where there is none.
    """

    key: tuple[bytes, str | None]
    document: DocumentNode
    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    types: Mapping[str, GraphQLInputType]
    cursors: frozenset[str]
    introspects: bool
    closed: str | None
    label: str

    @property
    def kind(self) -> str:
        return self.node.operation.value

    @property
    def name(self) -> str | None:
        return self.key[1]

    @property
    def is_query(self) -> bool:
        return self.node.operation is OperationType.QUERY

    def coerced(self, schema: Schema, given: Mapping[str, Any], *, hints: bool) -> dict[str, Any]:
        """The variables' values, defaults included. Raises BadDocument, and ValidationFailed for a variable nobody declared."""
        if not self.types and not given:
            return _NO_VARIABLES
        unknown = given.keys() - self.types.keys()
        if unknown:
            raise invalid(f"variables.{min(unknown)}", "is not declared by the operation; declare it or leave it out")
        if self._plain(given):
            return dict(given)
        found = get_variable_values(schema.graphql, self.node.variable_definitions or (), dict(given), MOST_ERRORS, hide_suggestions=not hints)
        if isinstance(found, list):
            raise BadDocument(found)
        return found.coerced

    def _plain(self, given: Mapping[str, Any]) -> bool:
        """Whether every variable came, as the very scalar it is declared to be: then there is nothing to coerce."""
        for name, type_ in self.types.items():
            kind, value = get_nullable_type(type_), given.get(name)
            if type(value) is str:
                if kind is not GraphQLString and kind is not GraphQLID:
                    return False
            elif type(value) is not int or kind is not GraphQLInt or not GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT:
                return False
        return True

    def shape(self, values: Mapping[str, Any]) -> Shape:
        return variable_shapes(values, self.types, self.cursors) if values else ()


@dataclass(frozen=True, slots=True)
class Document:
    operations: Mapping[str | None, Operation]

    def operation(self, name: str | None) -> Operation:
        """Raises ValidationFailed where the name fits none, or none is named and there are several."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            raise invalid("operationName", "names no operation of the document" if name else "is needed: the document has several operations")
        return self.operations[name]


class Documents:
    """The documents of one process."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._known: Recent[bytes, Document] = Recent(MOST_MEMORY)

    def document(self, text: str, *, hints: bool) -> Document:
        """`hints`: complaints may name what was probably meant. Raises BadDocument or LimitExceeded."""
        if len(text) > LONGEST:
            raise LimitExceeded(f"A document may have at most {LONGEST} characters; send long texts as variables.")
        digest = hashlib.sha256(text.encode()).digest()
        known = self._known.get(digest)
        return known or self._known.keep(digest, self._read(text, digest, hints=hints), len(text) * BYTES_PER_CHARACTER)

    def _read(self, text: str, digest: bytes, *, hints: bool) -> Document:
        try:
            document = parse(text, max_tokens=MOST_TOKENS, allow_empty_selection_sets=False)
        except GraphQLSyntaxError as error:
            if "Parsing aborted" in error.message:
                raise LimitExceeded(f"This document is too long or too deep; one may have {MOST_TOKENS} tokens. Split it.") from None
            raise BadDocument([error]) from None
        check_extent(document)
        errors = validate(self._schema.graphql, document, max_errors=MOST_ERRORS, hide_suggestions=not hints)
        if errors:
            raise BadDocument(errors)
        return Document({operation.name: operation for operation in _operations(document, digest, self._schema)})


def _operations(document: DocumentNode, digest: bytes, schema: Schema) -> Iterator[Operation]:
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    at = TypeInfo(schema.graphql)
    used = _Used(at, schema.bindings.open)
    visit(document, TypeInfoVisitor(at, used))
    if used.unfit:
        raise BadDocument([GraphQLError("Text cannot hold NUL characters; leave them out.", used.unfit)])
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            if node.operation is OperationType.SUBSCRIPTION:
                raise BadDocument([GraphQLError("There are no subscriptions; ask again instead.", node)])
            types = {d.variable.name.value: _input_type(schema, d.type) for d in node.variable_definitions or ()}
            yield Operation(
                (digest, node.name.value if node.name else None),
                document,
                node,
                fragments,
                types,
                frozenset(used.cursors & types.keys()),
                used.introspects,
                used.closed,
                _label(node),
            )


def _label(node: OperationDefinitionNode) -> str:
    """The one root field, or "several": what metrics and spans call the operation, since clients choose its name."""
    names = {s.name.value for s in node.selection_set.selections if isinstance(s, FieldNode)}
    return names.pop() if len(names) == 1 and len(node.selection_set.selections) == 1 else "several"


def _input_type(schema: Schema, node: Any) -> GraphQLInputType:
    found: Any = type_from_ast(schema.graphql, node)
    return found  # type: ignore[no-any-return] # validation saw to it that it is an input type


class _Used(Visitor):
    """Which variables serve as cursors, whether anything introspects, the first field that is closed, texts that Postgres cannot hold."""

    def __init__(self, at: TypeInfo, open_fields: frozenset[tuple[str, str]]) -> None:
        super().__init__()
        self._at = at
        self._open = open_fields
        self.closed: str | None = None
        self.cursors: set[str] = set()
        self.introspects = False
        self.unfit: list[StringValueNode] = []

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\0" in node.value:
            self.unfit.append(node)

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        if node.name.value in {"after", "before"} and isinstance(node.value, VariableNode):
            self.cursors.add(node.value.name.value)

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.introspects = self.introspects or node.name.value in {"__schema", "__type"}
        parent = self._at.get_parent_type()
        of = parent.name if parent else ""
        # Fields of introspection tell of the schema, never of the organization.
        if self.closed is None and not (node.name.value.startswith("__") or of.startswith("__") or (of, node.name.value) in self._open):
            self.closed = f"{of}.{node.name.value}"
