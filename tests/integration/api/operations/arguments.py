"""The arguments of each field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.integration.api.operations.filters import Filters
from tests.integration.api.operations.writing import Word, literal, quoted
from tests.integration.api.reference.pages import cursor_for

SEARCHED = (
    "hello",
    "hello -apple",
    '"raw emphasis"',
    "ünïcødé",
    "quot",
    "zebra or apple",
    "tag",
    "heading",
    "ana",
    "<script>",
    "nothing like it",
    " - ",
)
KINDS = ("POST", "CATEGORY", "TAG", "USER")
POST_ORDERS = ("PUBLISHED_AT_DESC", "PUBLISHED_AT_ASC", "CREATED_AT_DESC", "UPDATED_AT_ASC", "TITLE_ASC", "TITLE_DESC")
COMMENT_ORDERS = ("CREATED_AT_ASC", "CREATED_AT_DESC")
AUDIT_ORDERS = ("AT_DESC", "AT_ASC")
USER_ORDERS = ("USERNAME_ASC", "USERNAME_DESC", "NAME_ASC", "CREATED_AT_DESC")


class Arguments(Filters):
    def arguments(self, type_name: str, name: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one answer per field
        match type_name, name:
            case "OrganizationUsage" | "OrganizationQuotas", _:
                return ""
            case "Post", "asOf":
                moment = "2027-01-01T00:00:00Z"
                return f"(at: {self.given('DateTime!', moment, quoted(moment))})"
            case "Post" | "Tag" | "Category" | "Comment", "history":
                first = self.draw(st.integers(0, 3))
                return f"(first: {self.given('Int', first, str(first))})"
            case _, "posts" | "draftPosts" | "deletedPosts":
                return self.page("Post", POST_ORDERS, self.world.tables["posts"], self.post_where)
            case _, "comments" | "replies":
                return self.conversation(type_name)
            case "User", "notifications":
                return self.page("Notification", COMMENT_ORDERS, self.world.tables["notifications"], self.notification_where)
            case "User", "following":
                return self.page("Followed", COMMENT_ORDERS, self.world.tables["subscriptions"], self.followed_where)
            case "Query", "auditLog":
                return self.page("Audit", AUDIT_ORDERS, self.world.tables["audit_entries"], self.audit_where, of="AuditEntry")
            case "Query", "users":
                return self.page("User", USER_ORDERS, self.world.tables["users"], self.user_where)
            case "Query", "post":
                post = self.draw(st.sampled_from(list(self.world.tables["posts"])))
                if self.draw(st.booleans()):
                    return f"(id: {self.given('ID', str(post['id']), quoted(str(post['id'])))})"
                slug = self.draw(st.sampled_from((post["slug"], *(row["slug"] for row in self.world.tables["post_slugs"]))))
                return f"(slug: {self.given('String', slug, quoted(slug))})"
            case "Query", "user":
                user = self.draw(st.sampled_from(list(self.world.tables["users"])))
                return f"(id: {self.given('ID!', str(user['id']), quoted(str(user['id'])))})"
            case "Query", "search":
                query, first = self.draw(st.sampled_from(SEARCHED)), self.draw(st.integers(0, 6))
                kinds = [Word(kind) for kind in self.draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))]
                parts = (
                    self.given("String!", query, quoted(query)),
                    self.given("Int", first, str(first)),
                    self.given("[SearchKind!]!", kinds, literal(kinds)),
                )
                return f"(query: {parts[0]}, first: {parts[1]}, kinds: {parts[2]})"
            case "Query", "tags":
                first = self.draw(st.integers(0, 4))
                return f"(first: {self.given('Int', first, str(first))}, where: {self.written(*self.tag_where(1))})"
            case "Query", "trendingPosts" | "popularPosts":
                first = self.draw(st.integers(0, 6))
                return f"(first: {self.given('Int', first, str(first))})"
            case "Query", "categories":
                first, top = self.draw(st.integers(0, 5)), self.draw(st.booleans())
                where = self.written(*self.category_where(1))
                return f"(first: {self.given('Int', first, str(first))}, topLevel: {self.given('Boolean', top, str(top).lower())}, where: {where})"
            case "Query", "category" | "tag":
                row = self.draw(st.sampled_from(list(self.world.tables["categories" if name == "category" else "tags"])))
                if self.draw(st.booleans()):
                    return f"(id: {self.given('ID', str(row['id']), quoted(str(row['id'])))})"
                return f"(slug: {self.given('String', row['slug'], quoted(row['slug']))})"
            case "Query", "notifications":
                unread = self.draw(st.booleans())
                return f"(unreadOnly: {self.given('Boolean', unread, str(unread).lower())}, first: 3)"
        return ""

    def conversation(self, type_name: str) -> str:
        page = self.page("Comment", COMMENT_ORDERS, self.world.tables["comments"], self.comment_where)
        if type_name != "Query" or self.draw(st.booleans()):
            return page
        post = str(self.draw(st.sampled_from(list(self.world.tables["posts"])))["id"])
        return f"(post: {self.given('ID', post, quoted(post))}, {page[1:]}"

    def page(self, type_name: str, orders: tuple[str, ...], rows: Any, where: Callable[[int], tuple[str, dict[str, Any]]], of: str = "") -> str:
        """`of`: the entity, where its order is named otherwise."""
        order = self.draw(st.sampled_from(orders))
        size = self.draw(st.integers(0, 4))
        way = self.draw(st.sampled_from(("first", "last")))
        parts = [f"{way}: {self.given('Int', size, str(size))}", f"orderBy: {self.given(f'{type_name}Order', order, order)}"]
        for bound in ("after", "before"):
            if self.draw(st.integers(0, 2)) == 0:
                cursor = cursor_for(self.world.tenant, of or type_name, order, self.draw(st.sampled_from(list(rows))))
                parts.append(f"{bound}: {self.given('String', cursor, quoted(cursor))}")
        if self.draw(st.integers(0, 2)) == 0:
            parts.append(f"where: {self.written(*where(2))}")
        return f"({', '.join(parts)})"
