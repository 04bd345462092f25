"""Who is told that a post waits for review, was published or has expired; and counts that follow."""

from __future__ import annotations

from uuid import UUID

from app.bus import Bus
from app.content.commands import ApprovePost, DeletePost, ExpirePost, PublishPost, RestorePost, SetPostExpiry, SubmitPost
from auth.principal import SYSTEM
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from tests.integration.workers.conftest import Line

TOLD = statement("SELECT kind, user_id FROM __tenant__.notifications WHERE subject_id = :post ORDER BY kind, user_id")
TOMORROW = statement("SELECT now() + interval '1 day'")


async def _do(line: Line, bus: Bus, house: House, who: str | None, command: object) -> None:
    """The command, and whatever follows from it."""
    principal = house.people[who] if who else SYSTEM
    outcome = await bus.execute(house.tenant, command, principal, correlation_id=new_id())
    await line.expand()
    for event in outcome.events:
        for row in await line.deliveries(event):
            await line.deliver(row)


async def _told(line: Line, house: House, post: UUID, kind: str) -> set[UUID]:
    async with line.pool.reading(house.tenant.place) as connection:
        return {row["user_id"] for row in await connection.fetch(TOLD, post=post) if row["kind"] == kind}


async def test_those_who_may_approve_hear_of_a_post_in_review_but_not_its_author(line: Line, bus: Bus, acme: House, globex: House) -> None:
    post = await write_post(bus, acme, author="editor")

    await _do(line, bus, acme, "editor", SubmitPost(post))

    told = await _told(line, acme, post, "PostSubmitted")
    assert told >= {acme.id_of(key) for key in ("admin", "owner", "lucia")}
    assert not told & {acme.id_of(key) for key in ("editor", "author", "reader", "moderator")}
    assert await _told(line, globex, post, "PostSubmitted") == set()


async def test_an_author_hears_that_readers_see_a_post_and_that_they_do_no_longer(line: Line, bus: Bus, acme: House, globex: House) -> None:
    before, post = await line.counted(acme), await write_post(bus, acme)
    async with line.pool.reading(acme.tenant.place) as connection:
        tomorrow = await connection.fetchval(TOMORROW)

    await _do(line, bus, acme, "author", SubmitPost(post))
    await _do(line, bus, acme, "editor", ApprovePost(post))
    await _do(line, bus, acme, "editor", PublishPost(post))
    assert await line.counted(acme) == before + 1
    await _do(line, bus, acme, "editor", SetPostExpiry(post, expires_at=tomorrow))
    await _do(line, bus, acme, None, ExpirePost(post, tomorrow))

    assert await line.counted(acme) == before
    assert await _told(line, acme, post, "PostPublished") == {acme.id_of("author")}
    assert await _told(line, acme, post, "PostExpired") == {acme.id_of("author")}


async def test_deleting_counts_down_once_and_restoring_counts_nothing(line: Line, bus: Bus, acme: House, globex: House) -> None:
    before, post, draft = await line.counted(acme), await write_post(bus, acme), await write_post(bus, acme)
    await _do(line, bus, acme, "author", SubmitPost(post))
    await _do(line, bus, acme, "editor", ApprovePost(post))
    await _do(line, bus, acme, "editor", PublishPost(post))

    await _do(line, bus, acme, "admin", DeletePost(post))
    await _do(line, bus, acme, "admin", DeletePost(draft))
    assert await line.counted(acme) == before
    await _do(line, bus, acme, "admin", RestorePost(post))
    assert await line.counted(acme) == before
    await _do(line, bus, acme, "editor", PublishPost(post))

    assert await line.counted(acme) == before + 1
