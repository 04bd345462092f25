"""A comment can be read: the post's author is told. A comment waits: moderators are."""

from __future__ import annotations

from app.comments.events import CommentAdded, CommentApproved, CommentEdited
from app.shared.events import from_store
from app.users.projections import notify
from app.users.reach import holders
from workers.reactions.registry import Reacting, reacts_to

MODERATE = "comments.moderate"


@reacts_to("CommentAdded", "CommentApproved", name="comments.notify_author")
async def notify_author(reacting: Reacting) -> None:
    """Of others' comments, once each: when readers see it for the first time."""
    said = _said(reacting)
    shown = said.waits is None if isinstance(said, CommentAdded) else isinstance(said, CommentApproved) and said.first
    if shown and said.author_id != said.post.author_id:
        await notify(
            reacting.transaction,
            said.post.author_id,
            "CommentAdded",
            event_id=reacting.event.id,
            subject_id=said.comment_id,
            data={"title": said.post.title, "postId": str(said.post.post_id)},
        )


@reacts_to("CommentAdded", "CommentEdited", name="comments.notify_moderators")
async def notify_moderators(reacting: Reacting) -> None:
    said = _said(reacting)
    if isinstance(said, CommentApproved) or said.waits is None:
        return
    for moderator in await holders(reacting.transaction, MODERATE):
        await notify(
            reacting.transaction,
            moderator,
            "CommentWaiting",
            event_id=reacting.event.id,
            subject_id=said.comment_id,
            data={"title": said.post.title, "postId": str(said.post.post_id), "waitsBecause": said.waits.value},
        )


def _said(reacting: Reacting) -> CommentAdded | CommentApproved | CommentEdited:
    event = reacting.event
    said = from_store(event.type, event.type_version, event.data)
    if not isinstance(said, CommentAdded | CommentApproved | CommentEdited):
        raise TypeError(f"{event.type} tells of no comment that somebody wants to hear of")
    return said
