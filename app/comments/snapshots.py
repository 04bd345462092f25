"""What the rows of comments must hold."""

from __future__ import annotations

from app.comments import store
from app.comments.comments import Comment
from app.shared.snapshots import snapshots

snapshots(Comment, "comments", rows=store.LOAD_MANY, of_row=store.from_row)
