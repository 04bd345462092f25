"""Comments are what their events say."""

from __future__ import annotations

from uuid import UUID

from app.bus import Bus
from app.comments.comments import Comment
from app.replay.verifying import verify
from app.shared.events import from_store
from tenants.database import Database
from tenants.events import READ_AGGREGATE, from_row
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.api.talking import EDIT, added, published, step
from tests.integration.conftest import House

ROW = statement("SELECT * FROM __tenant__.comments WHERE id = :id")
FORGED = statement("UPDATE __tenant__.comments SET body = 'never said' WHERE id = :id")


async def test_a_comments_events_replay_to_its_row(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    comment = (await added(ask, press, "reader", post))["id"]
    await ask(press, "reader", EDIT, i={"id": comment, "body": "Better put"})
    await step(ask, press, "moderator", "approveComment", comment)
    await step(ask, press, "moderator", "rejectComment", comment)
    await step(ask, press, "reader", "deleteComment", comment)

    async with pool.reading(press.tenant.place) as connection:
        rows = await connection.fetch(READ_AGGREGATE, aggregate_id=UUID(comment))
        row = await connection.fetchrow(ROW, id=UUID(comment))
    events = [from_row(event) for event in rows]
    replayed = Comment.replay(UUID(comment), [from_store(e.type, e.type_version, e.data) for e in events])  # type: ignore[misc] # of comments

    assert row is not None
    assert [event.type for event in events] == ["CommentAdded", "CommentEdited", "CommentApproved", "CommentRejected", "CommentDeleted"]
    assert {name: getattr(replayed, name) for name in REPLAYED} == {name: row[name] for name in REPLAYED}
    assert (replayed.added_at, replayed.post_id) == (row["created_at"], UUID(post))
    assert (await verify(pool, press.tenant)).differences == []


async def test_a_comment_changed_by_hand_is_named(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    comment = (await added(ask, press, "reader", await published(bus, press)))["id"]

    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(FORGED, id=UUID(comment))

    [difference] = (await verify(pool, press.tenant)).differences
    assert (difference.aggregate_type, difference.aggregate_id, difference.field) == ("Comment", UUID(comment), "body")


REPLAYED = (
    "author_id", "parent_id", "depth", "body", "status", "waits_because", "edited_at", "shown_at", "moderated_by", "moderated_at", "tombstone",
    "version",
)  # fmt: skip
