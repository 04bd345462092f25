"""What happened to comments, as moderators may see it.

Nobody reads any more what a deleted comment said and who wrote it; its history does not tell them either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from app.comments.comments import Comment
from app.comments.events import CommentAdded, CommentDeleted
from app.shared.past import Asked, Happened, history_of


def _comment(comment: Comment) -> dict[str, Any]:
    return {"body": comment.body, "status": comment.status.value, "waitsBecause": comment.waits_because.value if comment.waits_because else None}


_whole = history_of(Comment, _comment)


def comment_history(comment_id: UUID, events: Sequence[Happened], asked: Asked) -> list[dict[str, Any]]:
    """What happened, newest first; of one that is deleted, without its words and its author."""
    if any(isinstance(happened.event, CommentDeleted) for happened in events):
        author = next((happened.event.author_id for happened in events if isinstance(happened.event, CommentAdded)), None)
        events = [_bare(happened, author) for happened in events]
    told: list[dict[str, Any]] = _whole(comment_id, events, asked)
    return told


def _bare(happened: Happened, author: UUID | None) -> Happened:
    """Also where it was the author who did it, that stays untold."""
    values = {field.name: getattr(happened.event, field.name) for field in fields(happened.event)}
    blank = {name: None for name, value in values.items() if value is not None and value == author}
    wordless = {"body": ""} if "body" in values else {}
    theirs = author is not None and happened.by == author
    actor = (None,) * len(happened.actor) if theirs else happened.actor
    return replace(happened, event=replace(happened.event, **blank, **wordless), actor=actor)
