"""Objects made of one row: their columns, groups of columns, and the entities they name."""

# ruff: noqa: S608 - every name in these texts is declared by the code; see the package

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graphql import FieldNode, GraphQLField

from app.api.compiler.conditions import Truth, predicate, stated
from app.api.compiler.connections import connection
from app.api.compiler.context import Compilation
from app.api.compiler.leaves import write_leaf
from app.api.compiler.lists import many
from app.api.compiler.recalled import recalled
from app.api.compiler.rows import Source, column_name, table_name
from app.api.compiler.selections import Selected
from app.api.compiler.text import ResponseText
from app.api.finishing import Deny, Open, Outline, Render, Tell
from app.shared.conditions import Col, Equals
from app.shared.graph import Computed, Connection, Field, Group, Linked, Many, One, Outlined, Recalled, Rendered, Sealed, Told, Value

WriteField = Callable[[ResponseText, str, GraphQLField, Sequence[FieldNode]], None]


def write_object(ctx: Compilation, text: ResponseText, type_name: str, selected: Selected, write: WriteField) -> None:
    """`{"key":value,…}`: fields in the order of the selection, denied ones null."""
    definitions = ctx.schema.object_type(type_name).fields
    text.say("{")
    for position, (key, fields) in enumerate(selected.items()):
        text.say(f'{"," if position else ""}"{key}":')
        name = fields[0].name.value
        if name == "__typename":
            text.say(f'"{type_name}"')
            continue
        requirement = ctx.schema.bindings.requirements.get((type_name, name))
        refusal = requirement.refusal(ctx.rights) if requirement else None
        with ctx.at(key):
            if refusal:
                text.say("null")
                ctx.finish(Deny(refusal), fields)
            else:
                write(text, name, definitions[name], fields)
    text.say("}")


def write_entity(ctx: Compilation, text: ResponseText, row: Source, selected: Selected) -> None:
    bindings = ctx.schema.bindings.fields[row.entity.type]
    write_object(ctx, text, row.entity.type, selected, _Fields(ctx, row, bindings))


class _Fields:
    """Writes fields of one row."""

    def __init__(self, ctx: Compilation, row: Source, bindings: Mapping[str, Field]) -> None:
        self._ctx = ctx
        self._row = row
        self._bindings = bindings

    def __call__(  # noqa: C901, PLR0912 - one line or two for each kind
        self, text: ResponseText, name: str, definition: GraphQLField, fields: Sequence[FieldNode]
    ) -> None:
        ctx, row = self._ctx, self._row
        match self._bindings[name]:
            case Value() as value:
                self._value(text, value, definition)
            case One() as one:
                text.put(self._one(one, fields))
            case Many() as binding:
                text.put(many(ctx, row, binding, fields))
            case Connection() as binding:
                text.put(connection(ctx, binding, definition, fields, write_object=write_object, parent=row))
            case Recalled() as binding:
                visible = ctx.truth(binding.visible, row)
                text.put("'null'::text" if visible is False else _where(visible, recalled(ctx, row, binding, definition, fields)))
            case Group() as group:
                self._group(text, group, fields)
            case Rendered(column, anchors):
                text.put(f"to_json({row.column(column)})::text")
                ctx.finish(Render(anchors), fields)
            case Outlined(column):
                text.put(f"to_json({row.column(column)})::text")
                ctx.finish(Outline(tuple((key, sub[0].name.value) for key, sub in ctx.selected(fields, "Heading").items())), fields)
            case Told(type_, data):
                text.put(f"'[' || to_json({row.column(type_)})::text || ',' || {row.column(data)}::text || ']'")
                ctx.finish(Tell(), fields)
            case Sealed() as sealed:
                text.put(self._sealed(sealed))
                ctx.finish(Open(sealed.purpose), fields)
            case Linked(near, far):
                text.put(self._linked(near, far))
            case Computed(sql, columns, visible):
                for column in columns:
                    row.column(column)
                text.put(_where(ctx.truth(visible, row), sql.replace("{row}", row.alias)))

    def _value(self, text: ResponseText, value: Value, definition: GraphQLField) -> None:
        visible = self._ctx.truth(value.visible, self._row)
        target = text if visible is True else ResponseText()
        write_leaf(target, self._row.column(value.column), value.column, definition.type, upper=value.upper)
        if target is not text:
            text.put(_where(visible, target.sql(self._ctx.parameters)))

    def _group(self, text: ResponseText, group: Group, fields: Sequence[FieldNode]) -> None:
        visible = self._ctx.truth(group.visible, self._row)
        target = text if visible is True else ResponseText()
        write_object(self._ctx, target, group.type, self._ctx.selected(fields, group.type), _Fields(self._ctx, self._row, group.fields))
        if target is not text:
            text.put(_where(visible, target.sql(self._ctx.parameters)))

    def _one(self, one: One, fields: Sequence[FieldNode]) -> str:
        """A lateral join that the planner can turn into a hash join over the whole page."""
        ctx = self._ctx
        far, found = ctx.source(one.type), ctx.alias("o")
        body = ctx.entity(far, fields)
        visible = predicate(ctx.truth(far.entity.visible, far))
        self._row.joins.append(
            f"LEFT JOIN LATERAL (SELECT {body} AS j FROM {table_name(far.entity.table)} {far.alias}{far.joined()}"
            f" WHERE {far.column(far.entity.key)} = {self._row.column(one.column)} AND {visible}) {found} ON true"
        )
        return f"coalesce({found}.j, 'null')"

    def _linked(self, near: Col | Equals, far: Col) -> str:
        if not self._ctx.rights.signed_in:
            return "'false'::text"
        row, me = self._row, self._ctx.parameters.me()
        if isinstance(near, Equals):
            this = f"{column_name(near.column)} = {stated(near.value)}"
        else:
            this = f"{column_name(near)} = {row.column(row.entity.key)}"
        return f"CASE WHEN EXISTS (SELECT FROM {table_name(far.table)} WHERE {this} AND {column_name(far)} = {me}) THEN 'true' ELSE 'false' END"

    def _sealed(self, sealed: Sealed) -> str:
        row = self._row
        person, key, content = row.column(sealed.person), row.column(sealed.key), row.column(sealed.column)
        opened = f"""'["' || {person} || '","' || encode({key}, 'hex') || '","' || encode({content}, 'hex') || '"]'"""
        return _where(self._ctx.truth(sealed.visible, row), f"coalesce({opened}, 'null')")


def _where(visible: Truth, sql: str) -> str:
    if visible is True:
        return sql
    return f"CASE WHEN {visible} THEN {sql} ELSE 'null' END" if visible else "'null'::text"
