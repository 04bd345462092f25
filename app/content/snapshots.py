"""What the rows of posts must hold."""

from __future__ import annotations

from app.content import store
from app.content.posts import Post
from app.shared.snapshots import snapshots

snapshots(Post, "posts", rows=store.LOAD_MANY, of_row=store.from_row)
