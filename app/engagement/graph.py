"""What readers do with posts in the API, bound to its tables."""

from __future__ import annotations

from app.engagement.tables import post_likes, post_totals, trending_posts
from app.shared.graph import Computed, Graph, Group, Linked, Ranked

PUBLISHED = {"status": "PUBLISHED"}


def _total(column: str) -> Computed:
    """A post without a row has never been looked at. Its id is at hand wherever a row is read."""
    return Computed(f"coalesce((SELECT t.{column} FROM __tenant__.post_totals t WHERE t.post_id = {{row}}.id), 0)::text", ())  # noqa: S608 - our own names


GRAPH = Graph(
    extensions={
        "Post": {
            "stats": Group("PostStats", {"views": _total("view_count"), "likes": _total("like_count"), "shares": _total("share_count")}),
            "likedByMe": Linked(post_likes.c.post_id, post_likes.c.user_id),
        },
    },
    queries={
        "trendingPosts": Ranked("Post", trending_posts.c.post_id, trending_posts.c.score, PUBLISHED),
        "popularPosts": Ranked("Post", post_totals.c.post_id, post_totals.c.score, PUBLISHED),
    },
)
