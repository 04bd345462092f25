"""What `where` leaves."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from tests.integration.api.reference.reader import Reader
from tests.integration.api.reference.spelling import snake
from tests.integration.api.reference.world import Row

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "not": operator.ne,
    "in": lambda value, wanted: value in wanted,
    "notIn": lambda value, wanted: value not in wanted,
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "startsWith": lambda value, wanted: value.lower().startswith(wanted.lower()),
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def compared(name: str, value: Any, wanted: Any) -> bool:
    if name == "isNull":
        return (value is None) is wanted
    if value is None:
        return name in {"not", "notIn"}
    return OPERATORS[name](str(value) if isinstance(value, UUID) else value, wanted)


class Filters(Reader):
    def tags_of(self, post: Row) -> list[Row]:
        ids = {pair["tag_id"] for pair in self.tables["post_tags"] if pair["post_id"] == post["id"]}
        return [tag for tag in self.tables["tags"] if tag["id"] in ids]

    def categories_of(self, post: Row) -> list[Row]:
        ids = {pair["category_id"] for pair in self.tables["post_categories"] if pair["post_id"] == post["id"]}
        return [category for category in self.tables["categories"] if category["id"] in ids]

    def line_of(self, category: Row | None) -> set[str]:
        """It and all that it stands under."""
        return {str(category["id"])} | self.line_of(self.world.by_id("categories", category["parent_id"])) if category else set()

    def meets(self, row: Row, where: Mapping[str, Any]) -> bool:
        for name, condition in where.items():
            if name == "and":
                met = all(self.meets(row, part) for part in condition)
            elif name == "or":
                met = any(self.meets(row, part) for part in condition)
            elif name == "not":
                met = not self.meets(row, condition)
            elif name == "tags":
                met = any(self.meets(tag, condition["some"]) for tag in self.tags_of(row))
            elif name == "categories":
                met = any(self.meets(category, condition["some"]) for category in self.categories_of(row))
            elif name == "within":
                line = self.line_of(row)
                met = all(wanted in line if how == "eq" else bool(line & set(wanted)) for how, wanted in condition.items())
            else:
                met = all(compared(how, row[snake(name)], wanted) for how, wanted in condition.items())
            if not met:
                return False
        return True
