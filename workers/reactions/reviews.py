"""A post waits for review: those who may approve it are told. Its time came or was over: its author is."""

from __future__ import annotations

from app.content.events import PostExpired, PostPublished, PostSubmitted
from app.shared.events import from_store
from app.users.projections import notify
from app.users.reach import holders
from workers.reactions.registry import Reacting, reacts_to

APPROVE = "content.approve"


@reacts_to("PostSubmitted", name="content.notify_reviewers")
async def notify_reviewers(reacting: Reacting) -> None:
    """Not those who know it already: its author and whoever submitted it."""
    event = reacting.event
    submitted = from_store(event.type, event.type_version, event.data)
    if not isinstance(submitted, PostSubmitted):
        raise TypeError(f"{event.type} sends nothing for review")
    for reviewer in await holders(reacting.transaction, APPROVE):
        if reviewer not in {submitted.author_id, submitted.submitted_by}:
            data = {"title": submitted.title}
            await notify(reacting.transaction, reviewer, event.type, event_id=event.id, subject_id=submitted.post_id, data=data)


@reacts_to("PostPublished", "PostExpired", name="content.notify_author_of_publication")
async def notify_author(reacting: Reacting) -> None:
    """Where somebody else did it, or the clock."""
    event = reacting.event
    happened = from_store(event.type, event.type_version, event.data)
    if not isinstance(happened, PostPublished | PostExpired):
        raise TypeError(f"{event.type} changes nothing about what readers see")
    if event.user_id != happened.author_id:
        data = {"title": happened.title}
        await notify(reacting.transaction, happened.author_id, event.type, event_id=event.id, subject_id=happened.post_id, data=data)
