"""The API's own scalars: moments and JSON values."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any

from graphql import ConstValueNode, GraphQLError, GraphQLScalarType, GraphQLSchema, StringValueNode, ValueNode, value_from_ast_untyped

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})")
DEEPEST_JSON = 32


def moment(value: object) -> datetime:
    """A moment from RFC 3339 text. Raises GraphQLError."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError("DateTime takes a moment with its offset, like 2026-11-23T09:00:00Z.")


def moment_text(at: datetime) -> str:
    """The one form in which moments come out."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def json_value(value: Any, depth: int = 0) -> Any:
    """The value, if JSON can carry it. Raises GraphQLError."""
    if depth > DEEPEST_JSON:
        raise GraphQLError(f"JSON values nest at most {DEEPEST_JSON} levels deep.")
    if isinstance(value, dict):
        return {key: json_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [json_value(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise GraphQLError("JSON knows no such number.")
    return value


def teach(schema: GraphQLSchema) -> None:
    """Give the schema's scalars their meaning. What comes out is JSON already."""
    date_time, json = schema.type_map["DateTime"], schema.type_map["JSON"]
    if not isinstance(date_time, GraphQLScalarType) or not isinstance(json, GraphQLScalarType):
        raise TypeError("DateTime and JSON are scalars")
    date_time.coerce_input_value = moment
    date_time.coerce_input_literal = _moment_literal
    json.coerce_input_value = json_value
    json.coerce_input_literal = _json_literal


def _moment_literal(node: ConstValueNode) -> datetime:
    return moment(node.value if isinstance(node, StringValueNode) else None)


def _json_literal(node: ValueNode) -> Any:
    return json_value(value_from_ast_untyped(node))
