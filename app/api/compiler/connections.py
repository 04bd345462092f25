"""Connections: nodes, edges, cursors and page information, all written from one page of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from graphql import FieldNode, GraphQLField, get_named_type

from app.api.compiler.context import Compilation
from app.api.compiler.page import Page
from app.api.compiler.rows import Source
from app.api.compiler.selections import Selected
from app.api.compiler.text import ResponseText
from app.shared.graph import Connection


class WriteObject(Protocol):
    def __call__(self, ctx: Compilation, text: ResponseText, type_name: str, selected: Selected, write: WriteField, /) -> None: ...


class WriteField(Protocol):
    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode], /) -> None: ...


def connection(
    ctx: Compilation, binding: Connection, definition: GraphQLField, fields: Sequence[FieldNode], *, write_object: WriteObject, parent: Source | None
) -> str:
    """SQL for a connection's object. `parent`: the row whose connection it is; None at the root."""
    page = Page(ctx, binding, ctx.arguments(definition, fields), parent)
    type_name = get_named_type(definition.type).name
    text = ResponseText()
    with ctx.many(page.size):
        write_object(ctx, text, type_name, ctx.selected(fields, type_name), _ConnectionFields(ctx, page, write_object))
    return page.sql(text)


class _ConnectionFields:
    def __init__(self, ctx: Compilation, page: Page, write_object: WriteObject) -> None:
        self._ctx = ctx
        self._page = page
        self._write_object = write_object

    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode]) -> None:
        page = self._page
        type_name = get_named_type(definition.type).name
        match name:
            case "nodes":
                text.put(page.list_of(self._ctx.entity(page.rows, fields)))
            case "edges":
                edge = ResponseText()
                self._write_object(self._ctx, edge, type_name, self._ctx.selected(fields, type_name), self)
                text.put(page.list_of(edge.sql(self._ctx.parameters)))
            case "pageInfo":
                self._write_object(self._ctx, text, type_name, self._ctx.selected(fields, type_name), self)
            case "totalCount":
                text.put(page.total())
            case "cursor":
                text.say('"')
                text.put(page.cursor())
                text.say('"')
            case "node":
                self._ctx.write_entity(self._ctx, text, page.rows, self._ctx.selected(fields, page.rows.entity.type))
            case "startCursor" | "endCursor":
                text.put(page.end_cursor(first=name == "startCursor"))
            case _:
                text.put(page.has_more(forward=name == "hasNextPage"))
