"""Columns as JSON text."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLOutputType, get_named_type
from sqlalchemy.dialects.postgresql import JSONB

from app.api.compiler.text import ResponseText

MOMENT_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def write_leaf(text: ResponseText, sql: str, column: sa.Column[Any], type_: GraphQLOutputType, *, upper: bool) -> None:
    """Append a column's value; null where it has none."""
    quote, expression = _json(sql, column, is_enum=isinstance(get_named_type(type_), GraphQLEnumType), upper=upper)
    if column.nullable:
        text.put(f"coalesce({_quoted(expression)}, 'null')" if quote else f"coalesce({expression}, 'null')")
        return
    text.say(quote)
    text.put(expression)
    text.say(quote)


def moment_sql(sql: str) -> str:
    return f"to_char({sql} AT TIME ZONE 'UTC', '{MOMENT_FORMAT}')"


def _json(sql: str, column: sa.Column[Any], *, is_enum: bool, upper: bool) -> tuple[str, str]:
    """The quotation mark that goes around it, and the expression. Only free text needs escaping."""
    kind = column.type
    if isinstance(kind, sa.Uuid):
        return '"', f"{sql}::text"
    if isinstance(kind, sa.DateTime):
        return '"', moment_sql(sql)
    if is_enum:
        return '"', f"upper({sql})" if upper else sql
    if isinstance(kind, sa.Integer | sa.Boolean | JSONB):
        return "", f"{sql}::text"
    if isinstance(kind, sa.Text | sa.ARRAY):
        return "", f"to_json({sql})::text"
    raise TypeError(f"{column} has no JSON form")


def _quoted(expression: str) -> str:
    return f"""'"' || {expression} || '"'"""
