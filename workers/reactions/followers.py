"""A post was published: those who follow what it meets are told, once each. Somebody has left: they follow nothing any more.

Thousands may follow. A batch is told in one transaction with the note that it was, and with the timer behind which the next is
told: a worker that is killed in between has told a batch wholly or not at all.
"""

from __future__ import annotations

from uuid import UUID

from app.content.events import PostPublished
from app.following.projections import BATCH, NOBODY, TELL_MORE, decided_by, followers, let_go
from app.shared.events import from_store
from app.users.events import UserRemoved
from app.users.notices import KEPT
from app.users.projections import notify_all
from tenants.events import READ, StoredEvent, from_row
from tenants.transaction import Transaction
from workers.failures import Hopeless
from workers.reactions.registry import Firing, Reacting, fires, reacts_to

FOLLOWED = "FollowedPostPublished"


@reacts_to("PostPublished", name="following.tell_followers")
async def tell_followers(reacting: Reacting) -> None:
    await _tell(reacting.transaction, reacting.event, NOBODY)


@fires(TELL_MORE)
async def tell_more(firing: Firing) -> None:
    """`data`: the event, and the last of those who have been told."""
    row = await firing.transaction.connection.fetchrow(READ, id=UUID(firing.data["event"]))
    if row is None:
        raise Hopeless("The event is not in the organization's log; run `imprint events verify`.")
    await _tell(firing.transaction, from_row(row), UUID(firing.data["after"]))


@reacts_to("UserRemoved", name="following.let_go")
async def follow_nothing(reacting: Reacting) -> None:
    removed = from_store(reacting.event.type, reacting.event.type_version, reacting.event.data)
    if not isinstance(removed, UserRemoved):
        raise TypeError(f"{reacting.event.type} removes nobody")
    await let_go(reacting.transaction, removed.user_id)


async def _tell(tx: Transaction, event: StoredEvent, after: UUID) -> None:
    """The next batch, but not those who know it already: the author, and whoever published it or had it scheduled."""
    published = from_store(event.type, event.type_version, event.data)
    if not isinstance(published, PostPublished):
        raise TypeError(f"{event.type} publishes nothing")
    batch = await followers(tx, published.post_id, published.author_id, after, since=tx.now - KEPT)
    knowing = {published.author_id, event.user_id or await decided_by(tx, event.causation_id)}
    data = {"title": published.title, "authorId": str(published.author_id)}
    told = [user_id for user_id in batch if user_id not in knowing]
    await notify_all(tx, told, FOLLOWED, event_id=event.id, subject_id=published.post_id, data=data)
    if len(batch) == BATCH:
        await tx.schedule(TELL_MORE, published.post_id, tx.now, {"event": str(event.id), "after": str(batch[-1])})
