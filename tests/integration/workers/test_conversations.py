"""Who hears of comments: the post's author of those that readers see, moderators of those that wait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.bus import Bus
from app.comments.commands import AddComment, ApproveComment, DeleteComment, RejectComment
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House, publish_post, write_post
from tests.integration.workers.conftest import Line

TOLD = statement(
    "SELECT u.username, n.kind, n.data FROM __tenant__.notifications n JOIN __tenant__.users u ON u.id = n.user_id "
    "WHERE n.subject_id = :subject ORDER BY n.created_at, n.kind, u.username"
)
MODERATORS = ["admin", "lucia", "moderator", "owner"]


async def published(bus: Bus, house: House, author: str = "author") -> UUID:
    post = await write_post(bus, house, author=author, title="Talked about")
    await publish_post(bus, house, post, author=author)
    return post


async def done(line: Line, bus: Bus, house: House, who: str, command: object) -> None:
    """And whatever follows from it."""
    outcome = await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())
    await line.expand()
    for event in outcome.events:
        for delivery in await line.deliveries(event):
            await line.deliver(delivery)
            await line.deliver(delivery)


async def told(line: Line, house: House, subject: UUID) -> list[tuple[str, str, dict[str, Any]]]:
    async with line.pool.reading(house.tenant.place) as connection:
        return [(row["username"], row["kind"], row["data"]) for row in await connection.fetch(TOLD, subject=subject)]


async def test_moderators_hear_of_a_waiting_comment_and_the_author_once_it_is_approved(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post, comment = await published(bus, acme), new_id()

    await done(line, bus, acme, "reader", AddComment(comment, post, "Well put"))
    waiting = [one for one in await told(line, acme, comment) if one[0] in acme.people]  # others have been given the role meanwhile
    for who, command in (("moderator", ApproveComment), ("admin", RejectComment), ("moderator", ApproveComment)):
        await done(line, bus, acme, who, command(comment))

    about = {"title": "Talked about", "postId": str(post)}
    assert waiting == [(who, "CommentWaiting", {**about, "waitsBecause": "FIRST"}) for who in MODERATORS]
    assert [one for one in await told(line, acme, comment) if one[1] == "CommentAdded"] == [("author", "CommentAdded", about)]
    assert await told(line, globex, comment) == []


async def test_the_author_hears_at_once_of_a_comment_that_need_not_wait_and_never_of_their_own(line: Line, bus: Bus, acme: House) -> None:
    theirs, own = await published(bus, acme), await published(bus, acme, author="mei")
    comment, answer = new_id(), new_id()

    await done(line, bus, acme, "moderator", AddComment(comment, theirs, "From a moderator"))
    await done(line, bus, acme, "mei", AddComment(answer, own, "On my own post"))
    await done(line, bus, acme, "moderator", ApproveComment(answer))
    await done(line, bus, acme, "moderator", DeleteComment(comment))

    assert await told(line, acme, comment) == [("author", "CommentAdded", {"title": "Talked about", "postId": str(theirs)})]
    assert {kind for _, kind, _ in await told(line, acme, answer)} == {"CommentWaiting"}
