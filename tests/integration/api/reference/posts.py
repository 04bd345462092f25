"""Posts, and how they were approved."""

from __future__ import annotations

from typing import Any

from tests.integration.api.reference.markdown import HEADING, anchored
from tests.integration.api.reference.pages import Pages, by_rank
from tests.integration.api.reference.spelling import moment
from tests.integration.api.reference.world import Row


class Posts(Pages):
    def Query_posts(self, _: Any, **arguments: Any) -> Row:
        return self.page("Post", [post for post in self.tables["posts"] if self.lists(post)], arguments)

    def Query_draftPosts(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.role in {"owner", "admin", "content_manager"})
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post) and post["status"] == "DRAFT"], arguments)

    def Query_post(self, _: Any, **by: Any) -> Row | None:
        [(name, value)] = by.items()
        found = next((post for post in self.tables["posts"] if str(post[name]) == value), None)
        if found is None and name == "slug":
            left = next((row for row in self.tables["post_slugs"] if row["slug"] == value), None)
            found = self.world.by_id("posts", left["post_id"]) if left else None
        return found if found and self.sees(found) else None

    def Query_deletedPosts(self, _: Any, **arguments: Any) -> Row:
        self.need(self.who.may("content.delete"))
        return self.page("Post", [post for post in self.tables["posts"] if self.sees(post) and post["status"] == "DELETED"], arguments)

    def Post_author(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["author_id"])

    def Post_createdBy(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["created_by"])

    def Post_updatedBy(self, post: Row) -> Row | None:
        return self.world.by_id("users", post["updated_by"])

    def Post_editors(self, post: Row) -> list[Row | None]:
        pairs = sorted((p for p in self.tables["post_editors"] if p["post_id"] == post["id"]), key=lambda p: (p["position"], p["user_id"]))
        return [self.world.by_id("users", pair["user_id"]) for pair in pairs]

    def Post_tags(self, post: Row) -> list[Row]:
        return sorted(self.tags_of(post), key=lambda tag: (tag["name"], tag["id"]))

    def Post_categories(self, post: Row) -> list[Row]:
        return by_rank(self.categories_of(post))

    def Post_contentHtml(self, post: Row) -> str:
        return anchored(post["content"])

    def Post_tableOfContents(self, post: Row) -> list[Row]:
        return [{"id": id, "level": int(level), "text": text} for level, id, text in HEADING.findall(anchored(post["content"]))]

    def Post_excerpt(self, post: Row) -> str | None:
        return post["beginning"] or None if post["excerpt"] is None else post["excerpt"]

    def Post_excerptIsDerived(self, post: Row) -> bool:
        return post["excerpt"] is None and post["beginning"] != ""

    def Post_seo(self, post: Row) -> Row:
        return {name: post[f"seo_{name}"] for name in ("title", "description", "keywords")}

    def Post_approval(self, post: Row) -> Row | None:
        if not self.inside(post):
            return None
        return {
            "post_id": post["id"],
            "status": post["approval_status"],
            **{name: post[name] for name in ("approved_by", "approved_at", "rejection_reason")},
        }

    # The library's posts were put there by hand and have no events; what histories say is tried in test_history.

    def Post_history(self, post: Row, **_: Any) -> list[Row] | None:
        return [] if self.inside(post) else None

    def Post_asOf(self, *_: Any, **__: Any) -> None:
        return None

    def Approval_approvedBy(self, approval: Row) -> Row | None:
        return self.world.by_id("users", approval["approved_by"])

    def Approval_approvals(self, approval: Row) -> list[Row]:
        given = [row for row in self.tables["post_approvals"] if row["post_id"] == approval["post_id"]]
        return sorted(given, key=lambda row: row["position"])

    def GivenApproval_by(self, given: Row) -> Row | None:
        return self.world.by_id("users", given["user_id"])

    def GivenApproval_at(self, given: Row) -> str:
        return moment(given["given_at"])
