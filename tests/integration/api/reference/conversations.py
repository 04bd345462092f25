"""Comments, and who hears them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.integration.api.reference.markdown import safe
from tests.integration.api.reference.pages import Pages
from tests.integration.api.reference.world import Row


class Conversations(Pages):
    def Query_comments(self, _: Any, post: str | None = None, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda comment: post is None or str(comment["post_id"]) == post)

    def Post_comments(self, post: Row, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda comment: comment["post_id"] == post["id"])

    def Comment_replies(self, comment: Row, **arguments: Any) -> Row:
        return self.conversation(arguments, lambda reply: reply["parent_id"] == comment["id"])

    def conversation(self, arguments: Mapping[str, Any], belongs: Callable[[Row], bool]) -> Row:
        return self.page("Comment", [row for row in self.tables["comments"] if belongs(row) and self.hears(row)], arguments)

    def hears(self, comment: Row) -> bool:
        if self.who.may("comments.moderate"):
            return True
        if self.who.user_id is not None and comment["author_id"] == self.who.user_id:
            return True
        post = self.world.by_id("posts", comment["post_id"])
        return (comment["status"] == "APPROVED" or comment["tombstone"]) and post is not None and self.sees(post)

    def Comment_post(self, comment: Row) -> Row | None:
        post = self.world.by_id("posts", comment["post_id"])
        return post if post is not None and self.sees(post) else None

    def Comment_author(self, comment: Row) -> Row | None:
        return self.world.by_id("users", comment["author_id"])

    def Comment_parent(self, comment: Row) -> Row | None:
        parent = self.world.by_id("comments", comment["parent_id"])
        return parent if parent is not None and self.hears(parent) else None

    def Comment_bodyHtml(self, comment: Row) -> str:
        return safe(comment["body"])

    def Comment_moderation(self, comment: Row) -> Row | None:
        return comment if self.who.may("comments.moderate") else None

    def Comment_history(self, *_: Any, **__: Any) -> list[Row] | None:
        return [] if self.who.may("comments.moderate") else None

    def CommentModeration_guestEmail(self, moderation: Row) -> str | None:
        if moderation["guest_key"] is None:
            return None
        return self.world.tenant.key.open_personal(moderation["id"], moderation["guest_key"], "email", moderation["guest_email"])

    def CommentModeration_moderatedBy(self, moderation: Row) -> Row | None:
        return self.world.by_id("users", moderation["moderated_by"])
