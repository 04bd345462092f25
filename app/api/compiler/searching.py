"""Full-text search: what is found by rank, each with its snippet and the entity it is, of whichever type."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Sequence

from graphql import FieldNode, GraphQLField, get_named_type

from app.api import shapes
from app.api.compiler.arguments import Leaf, Tree
from app.api.compiler.conditions import conjunction, predicate
from app.api.compiler.connections import WriteObject
from app.api.compiler.context import Compilation
from app.api.compiler.limits import DEFAULT_PAGE, Size
from app.api.compiler.rows import Source, table_name
from app.api.compiler.text import ResponseText
from app.api.errors import invalid
from app.api.finishing import Unwrap, member
from app.shared.graph import Search, Sought
from app.shared.text import cleaned, objection

MOST_HITS = 50


def search(ctx: Compilation, binding: Search, definition: GraphQLField, fields: Sequence[FieldNode], write_object: WriteObject) -> str:
    """SQL for the results' object. All that is found is ranked; snippets are made for the hits that are shown."""
    results = _Results(ctx, binding, ctx.arguments(definition, fields), write_object)
    text = ResponseText()
    type_name = get_named_type(definition.type).name
    with ctx.many(results.size):
        write_object(ctx, text, type_name, ctx.selected(fields, type_name), results)
    return f"(WITH {results.withs()} SELECT {text.sql(ctx.parameters)})"


class _Results:
    """Writes the fields of the results, and of each hit by way of its type."""

    def __init__(self, ctx: Compilation, binding: Search, arguments: dict[str, Tree], write_object: WriteObject) -> None:
        self._ctx = ctx
        self._write_object = write_object
        self._sought = [binding.kinds[kind] for kind in _kinds(ctx, arguments["kinds"])]
        first, typed = arguments.get("first"), arguments["query"]
        self.size = Size(first if isinstance(first, Leaf) else None, DEFAULT_PAGE, ctx.argument_name("first"), MOST_HITS)
        self._limit = ctx.size(self.size)
        field = ctx.argument_name("query")
        if not isinstance(typed, Leaf):
            raise invalid(field, "takes no null")
        self._asked = binding.asked.replace("{typed}", f"{ctx.value(typed, lambda text: _checked(text, binding.longest, field))}::text")

    def withs(self) -> str:
        found = " UNION ALL ".join(self._found(position, sought) for position, sought in enumerate(self._sought))
        numbers = "SELECT found.*, row_number() OVER (ORDER BY rank DESC, id DESC) AS _n FROM found"
        return f"asked AS MATERIALIZED ({self._asked}), found AS ({found}), hits AS (SELECT * FROM ({numbers}) found WHERE _n <= {self._limit})"

    def __call__(self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode]) -> None:
        match name:
            case "nodes":
                text.put(self._nodes(get_named_type(definition.type).name, fields))
            case _:
                text.put("(SELECT count(*) FROM found)::text")

    def _found(self, position: int, sought: Sought) -> str:
        row = self._ctx.source(sought.type)
        condition = predicate(conjunction([_of(row, sought.found), self._ctx.truth(row.entity.visible, row)]))
        return (
            f"SELECT {position} AS kind, {row.column(row.entity.key)}, ({_of(row, sought.rank)})::real AS rank {_from(row, sought)} WHERE {condition}"
        )

    def _nodes(self, type_name: str, fields: Sequence[FieldNode]) -> str:
        hits = [self._hit(sought, type_name, fields) for sought in self._sought]
        chosen = " ".join(f"WHEN {position} THEN ({hit})" for position, hit in enumerate(hits))
        return f"'[' || coalesce((SELECT string_agg(CASE kind {chosen} END, ',' ORDER BY _n) FROM hits), '') || ']'"

    def _hit(self, sought: Sought, type_name: str, fields: Sequence[FieldNode]) -> str:
        row, text = self._ctx.source(sought.type), ResponseText()
        writer = _Hit(self._ctx, row, sought)
        self._write_object(self._ctx, text, type_name, self._ctx.selected(fields, type_name), writer)
        body = text.sql(self._ctx.parameters)
        return f"SELECT {body} {_from(row, sought)}{row.joined()} WHERE {row.column(row.entity.key)} = hits.id"


class _Hit:
    """Writes the fields of one hit from its entity's row."""

    def __init__(self, ctx: Compilation, row: Source, sought: Sought) -> None:
        self._ctx = ctx
        self._row = row
        self._sought = sought

    def __call__(self, text: ResponseText, name: str, _: GraphQLField, fields: Sequence[FieldNode]) -> None:
        match name:
            case "rank":
                text.put("round(hits.rank::numeric, 6)::text")
            case "titleHighlighted":
                text.put(f"to_json({_of(self._row, self._sought.title)})::text")
            case "snippet":
                text.put(f"to_json({_of(self._row, self._sought.snippet)})::text")
            case _:
                self._node(text, fields)

    def _node(self, text: ResponseText, fields: Sequence[FieldNode]) -> None:
        """Wrapped in its type's name where something is left to do in it, since keys mean other things in other types."""
        wrapper, before = member(self._sought.type), len(self._ctx.finishers)
        with self._ctx.at(wrapper):
            body = self._ctx.entity(self._row, fields)
            if len(self._ctx.finishers) == before:
                text.put(body)
                return
            self._ctx.finish(Unwrap(), fields)
        text.say(f'{{"{wrapper}":')
        text.put(body)
        text.say("}")


def _kinds(ctx: Compilation, tree: Tree) -> list[str]:
    kinds = [kind.name for kind in tree if isinstance(kind, shapes.Enum)] if isinstance(tree, list) else []
    if not kinds:
        raise invalid(ctx.argument_name("kinds"), "takes at least one kind")
    return list(dict.fromkeys(kinds))


def _checked(text: str, longest: int, field: str) -> str:
    """Raises ValidationFailed."""
    # A space at the end says that the last word is whole.
    tidy = cleaned(text) + (" " if text[-1:].isspace() else "")
    wrong = objection(tidy, longest=longest) or (None if tidy.strip() else "is empty; write what to look for")
    if wrong:
        raise invalid(field, wrong)
    return tidy


def _from(row: Source, sought: Sought) -> str:
    return f"FROM asked, {table_name(row.entity.table)} {row.alias}{_of(row, sought.joined)}"


def _of(row: Source, sql: str) -> str:
    return sql.replace("{row}", row.alias)
