"""Search, over what Postgres found by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from tests.integration.api.reference.reader import Reader
from tests.integration.api.reference.world import Row


class Member(dict[str, Any]):
    """A row that says of which type it is, for unions."""

    type_name: str


def member(type_name: str, row: Row) -> Member:
    found = Member(row)
    found.type_name = type_name
    return found


def named(type_name: str, row: Row, words: str) -> Row:
    title = f"<mark>{escape(row['name'][: len(words)])}</mark>{escape(row['name'][len(words) :])}"
    rank = 2.0 if row["name"].lower() == words else 1.0
    return {"rank": rank, "titleHighlighted": title, "snippet": escape(row.get("description") or ""), "node": member(type_name, row)}


class Search(Reader):
    def Query_search(self, _: Any, query: str, first: int, kinds: Sequence[str]) -> Row:
        hits = [hit for kind in dict.fromkeys(kinds) for hit in self.hits(kind, query)]
        hits.sort(key=lambda hit: (hit["rank"], hit["node"]["id"]), reverse=True)
        return {"nodes": [{**hit, "rank": round(hit["rank"], 6)} for hit in hits[:first]], "totalCount": len(hits)}

    def hits(self, kind: str, query: str) -> Iterable[Row]:
        if kind == "POST":
            posts = {post["id"]: post for post in self.tables["posts"] if self.lists(post)}
            return [{**found, "node": member("Post", posts[found["id"]])} for found in self.world.posts_found[query] if found["id"] in posts]
        table, type_name = {"CATEGORY": ("categories", "Category"), "TAG": ("tags", "Tag"), "USER": ("users", "User")}[kind]
        words = query.strip().lower()
        rows = [row for row in self.tables[table] if row["name"].lower().startswith(words) and (kind != "USER" or self.is_author(row))]
        return [named(type_name, row, words) for row in rows]

    def is_author(self, user: Row) -> bool:
        return user["status"] == "active" and any(p["author_id"] == user["id"] and p["status"] == "PUBLISHED" for p in self.tables["posts"])
