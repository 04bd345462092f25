"""`where`, of each kind of thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.integration.api.operations.writing import Word, Writing

WORDS = ("tag", "a", "POST", "ünï", 'quote"d', "nothing like it", "")
STATUSES = ("DRAFT", "IN_REVIEW", "APPROVED", "REJECTED", "PUBLISHED", "ARCHIVED", "SCHEDULED", "EXPIRED", "DELETED")


class Filters(Writing):
    def post_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        post = self.draw(st.sampled_from(list(self.world.tables["posts"])))
        moment = (post["published_at"] or post["created_at"]).isoformat()
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(post["id"]),
            "authorId": lambda: self.id_filter(post["author_id"]),
            "title": lambda: self.text_filter(post["title"]),
            "slug": lambda: self.text_filter(post["slug"]),
            "status": self.status_filter,
            "publishedAt": lambda: self.moment_filter(moment, nullable=True),
            "createdAt": lambda: self.moment_filter(moment, nullable=False),
            "tags": lambda: {"some": self.tag_where(1)[1]},
            "categories": lambda: {"some": self.category_where(1)[1]},
        }
        return "PostWhere", self.where(leaves, self.post_where, depth)

    def user_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        user = self.draw(st.sampled_from(list(self.world.tables["users"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(user["id"]),
            "username": lambda: self.text_filter(user["username"]),
            "role": lambda: self.text_filter(user["role"]),
            "status": lambda: {"in": [Word("ACTIVE"), Word("INVITED")]},
        }
        return "UserWhere", self.where(leaves, self.user_where, depth)

    def audit_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        entry = self.draw(st.sampled_from(list(self.world.tables["audit_entries"])))
        someone = entry["actor_id"] or entry["id"]
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "at": lambda: self.moment_filter(entry["at"].isoformat(), nullable=False),
            "action": lambda: self.text_filter(entry["action"]),
            "aggregateType": lambda: self.text_filter(entry["aggregate_type"]),
            "aggregateId": lambda: self.id_filter(entry["aggregate_id"] or entry["id"]),
            "correlationId": lambda: self.id_filter(entry["correlation_id"] or entry["id"]),
            "actorId": lambda: self.id_filter(someone),
            "bypassed": lambda: {"eq": self.draw(st.booleans())},
        }
        return "AuditWhere", self.where(leaves, self.audit_where, depth)

    def comment_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        comment = self.draw(st.sampled_from(list(self.world.tables["comments"])))
        someone = comment["author_id"] or comment["created_by"]
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "id": lambda: self.id_filter(comment["id"]),
            "postId": lambda: self.id_filter(comment["post_id"]),
            "authorId": lambda: self.id_filter(someone),
            "parentId": lambda: self.draw(st.sampled_from(({"eq": str(comment["id"])}, {"isNull": True}, {"isNull": False}))),
            "status": lambda: {self.draw(st.sampled_from(("eq", "not"))): Word(self.draw(st.sampled_from(("PENDING", "APPROVED", "DELETED"))))},
            "createdAt": lambda: self.moment_filter(comment["created_at"].isoformat(), nullable=False),
        }
        return "CommentWhere", self.where(leaves, self.comment_where, depth)

    def notification_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        notification = self.draw(st.sampled_from(list(self.world.tables["notifications"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "kind": lambda: self.text_filter(notification["kind"]),
            "readAt": lambda: self.moment_filter(notification["created_at"].isoformat(), nullable=True),
            "createdAt": lambda: self.moment_filter(notification["created_at"].isoformat(), nullable=False),
        }
        return "NotificationWhere", self.where(leaves, self.notification_where, depth)

    def followed_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        followed = self.draw(st.sampled_from(list(self.world.tables["subscriptions"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "target": lambda: {self.draw(st.sampled_from(("eq", "not"))): Word(followed["target"])},
            "createdAt": lambda: self.moment_filter(followed["created_at"].isoformat(), nullable=False),
        }
        return "FollowedWhere", self.where(leaves, self.followed_where, depth)

    def tag_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        tag = self.draw(st.sampled_from(list(self.world.tables["tags"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "name": lambda: self.text_filter(tag["name"]),
            "slug": lambda: self.text_filter(tag["slug"]),
        }
        return "TagWhere", self.where(leaves, self.tag_where, depth)

    def category_where(self, depth: int) -> tuple[str, dict[str, Any]]:
        category = self.draw(st.sampled_from(list(self.world.tables["categories"])))
        leaves: dict[str, Callable[[], dict[str, Any]]] = {
            "name": lambda: self.text_filter(category["name"]),
            "slug": lambda: self.text_filter(category["slug"]),
            "parentId": lambda: self.id_filter(category["parent_id"] or category["id"]),
            "within": lambda: self.draw(
                st.sampled_from(({"eq": str(category["id"])}, {"in": [str(category["id"]), str(category["parent_id"] or category["id"])]}))
            ),
        }
        return "CategoryWhere", self.where(leaves, self.category_where, depth)

    def where(
        self, leaves: dict[str, Callable[[], dict[str, Any]]], again: Callable[[int], tuple[str, dict[str, Any]]], depth: int
    ) -> dict[str, Any]:
        names = self.draw(st.lists(st.sampled_from(list(leaves)), max_size=2, unique=True))
        found: dict[str, Any] = {name: leaves[name]() for name in names}
        if depth and self.draw(st.integers(0, 2)) == 0:
            how = self.draw(st.sampled_from(("and", "or", "not")))
            found[how] = again(depth - 1)[1] if how == "not" else [again(depth - 1)[1] for _ in range(self.draw(st.integers(0, 2)))]
        return found

    def id_filter(self, id: Any) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn")))
        return {operator: [str(id)] if operator in {"in", "notIn"} else str(id)}

    def text_filter(self, value: str) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn", "contains", "startsWith")))
        word = self.draw(st.sampled_from((value, value[:3], *WORDS)))
        return {operator: [word, "x"] if operator in {"in", "notIn"} else word}

    def status_filter(self) -> dict[str, Any]:
        operator = self.draw(st.sampled_from(("eq", "not", "in", "notIn")))
        status = Word(self.draw(st.sampled_from(STATUSES)))
        return {operator: [status, Word("PUBLISHED")] if operator in {"in", "notIn"} else status}

    def moment_filter(self, moment: str, *, nullable: bool) -> dict[str, Any]:
        operators = ("eq", "not", "gt", "gte", "lt", "lte", "isNull") if nullable else ("gt", "lte")
        operator = self.draw(st.sampled_from(operators))
        return {operator: self.draw(st.booleans()) if operator == "isNull" else moment}
