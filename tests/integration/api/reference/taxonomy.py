"""Tags and categories."""

from __future__ import annotations

from typing import Any

from tests.integration.api.reference.pages import Pages, by_rank
from tests.integration.api.reference.world import Row


class Taxonomy(Pages):
    def Query_tags(self, _: Any, first: int, where: Any = None) -> list[Row]:
        found = [tag for tag in self.tables["tags"] if where is None or self.meets(tag, where)]
        return sorted(found, key=lambda tag: (tag["name"], tag["id"]))[:first]

    def Query_tag(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        return next((tag for tag in self.tables["tags"] if str(tag[name]) == value), None)

    def Query_categories(self, _: Any, first: int, topLevel: bool, where: Any = None) -> list[Row]:
        found = [row for row in self.tables["categories"] if where is None or self.meets(row, where)]
        return by_rank(row for row in found if not (topLevel and row["parent_id"]))[:first]

    def Query_category(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        return next((category for category in self.tables["categories"] if str(category[name]) == value), None)

    def Tag_posts(self, tag: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and tag in self.tags_of(p)], arguments)

    def Tag_synonyms(self, tag: Row) -> list[str]:
        words = [word for word in self.tables["tag_synonyms"] if word["tag_id"] == tag["id"]]
        return [word["name"] for word in sorted(words, key=lambda word: (word["name"], word["slug"]))]

    def Tag_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return [] if self.who.may("taxonomy.manage") else None

    def Category_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return self.Tag_history()

    def Tag_postCount(self, tag: Row) -> int:
        return sum(post["status"] == "PUBLISHED" and tag in self.tags_of(post) for post in self.tables["posts"])

    def Category_posts(self, category: Row, **arguments: Any) -> Row:
        return self.page("Post", [p for p in self.tables["posts"] if self.lists(p) and category in self.categories_of(p)], arguments)

    def Category_postCount(self, category: Row) -> int:
        return sum(post["status"] == "PUBLISHED" and category in self.categories_of(post) for post in self.tables["posts"])

    def Category_parent(self, category: Row) -> Row | None:
        return self.world.by_id("categories", category["parent_id"])

    def Category_children(self, category: Row) -> list[Row]:
        children = [row for row in self.tables["categories"] if row["parent_id"] == category["id"]]
        return sorted(children, key=lambda row: (row["rank"], row["id"]))

    def Category_position(self, category: Row) -> int:
        siblings = [row for row in self.tables["categories"] if row["parent_id"] == category["parent_id"]]
        return sorted(siblings, key=lambda row: (row["rank"], row["id"])).index(category)
