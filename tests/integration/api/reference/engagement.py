"""Views, likes and shares, and the posts that have most of them."""

from __future__ import annotations

from typing import Any

from tests.integration.api.reference.reader import Reader
from tests.integration.api.reference.world import Row


class Engagement(Reader):
    def Query_trendingPosts(self, _: Any, first: int) -> list[Row]:
        return self.ranked("trending_posts", first)

    def Query_popularPosts(self, _: Any, first: int) -> list[Row]:
        return self.ranked("post_totals", first)

    def ranked(self, table: str, first: int) -> list[Row]:
        ranks = sorted(self.tables[table], key=lambda rank: (rank["score"], rank["post_id"]), reverse=True)
        posts = [self.world.by_id("posts", rank["post_id"]) for rank in ranks]
        return [post for post in posts if post is not None and post["status"] == "PUBLISHED"][:first]

    def Post_stats(self, post: Row) -> Row:
        total = next((row for row in self.tables["post_totals"] if row["post_id"] == post["id"]), None)
        return {f"{name}s": total[f"{name}_count"] if total else 0 for name in ("view", "like", "share")}

    def Post_likedByMe(self, post: Row) -> bool:
        return any(row["post_id"] == post["id"] and row["user_id"] == self.who.user_id for row in self.tables["post_likes"])
