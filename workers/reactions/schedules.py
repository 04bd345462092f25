"""Posts whose moment has come: they are published, or expire, by the database's clock, as the product's own command.

A timer that was set before a post was scheduled anew, edited or put away finds it changed, and does nothing. What it does
belongs to the event that set it and to the request behind that.
"""

from __future__ import annotations

from app.bus import Unit
from app.content.commands import ExpirePost, PublishScheduledPost, TakeUpCopiedPosts
from app.content.lookups import decided
from auth.principal import SYSTEM
from workers.reactions.registry import Firing, Reacting, fires, reacts_to


@fires("content.publish_post", awaited=True)
async def publish_post(firing: Firing) -> None:
    await _do(firing, PublishScheduledPost(firing.subject_id, firing.due_at))


@fires("content.expire_post", awaited=True)
async def expire_post(firing: Firing) -> None:
    await _do(firing, ExpirePost(firing.subject_id, firing.due_at))


@reacts_to("OrganizationReceived", name="content.take_up_copied_posts")
async def take_up_copied_posts(reacting: Reacting) -> None:
    """Timers do not travel with an organization."""
    await Unit(reacting.transaction, SYSTEM).execute(TakeUpCopiedPosts(reacting.event.occurred_at))


async def _do(firing: Firing, command: PublishScheduledPost | ExpirePost) -> None:
    tx = firing.transaction
    tx.cause = await decided(tx, firing.subject_id, firing.due_at) or tx.cause
    await Unit(tx, SYSTEM).execute(command)
