"""Replies: where they belong, how deep they go, and what they stay below."""

from __future__ import annotations

from uuid import UUID

from app.bus import Bus
from app.content.commands import UnpublishPost
from tenants.database import Database
from tenants.ids import new_id
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.talking import add, added, moderated, published, read, step
from tests.integration.conftest import House, write_post


async def test_replies_stay_below_what_was_deleted(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "open")
    top = (await added(ask, press, "reader", post))["id"]
    reply = (await added(ask, press, "mei", post, "Is it?", top))["id"]
    alone = (await added(ask, press, "mei", post, "By the way"))["id"]

    refused = await step(ask, press, "mei", "deleteComment", top)
    for who, comment in (("reader", top), ("mei", alone)):
        assert (await step(ask, press, who, "deleteComment", comment))["data"]["deleteComment"]["changed"] is True
    thread = await read(ask, press, None, post)

    assert code_of(refused) == "FORBIDDEN"
    nobody = {"status": "DELETED", "body": "", "author": None, "parent": None, "moderation": None}
    assert thread == [
        {"id": top, **nobody, "replies": {"nodes": [{"id": reply}]}},
        {
            "id": reply,
            "status": "APPROVED",
            "body": "Is it?",
            "author": {"username": "mei"},
            "parent": {"id": top},
            "replies": {"nodes": []},
            "moderation": None,
        },
    ]
    assert code_of(await add(ask, press, "mei", post, "Too late", top)) == "COMMENT_DELETED"


async def test_replies_belong_to_the_same_post_and_to_what_one_sees(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post, other = await published(bus, press), await published(bus, press)
    waiting = (await added(ask, press, "reader", post))["id"]
    elsewhere = (await added(ask, press, "moderator", other))["id"]

    wrong_post = await add(ask, press, "moderator", post, "Hm", elsewhere)

    assert wrong_post["errors"][0]["extensions"] == {"code": "VALIDATION_FAILED", "fields": {"parentId": "is a comment on another post"}}
    assert code_of(await add(ask, press, "mei", post, "Hm", waiting)) == "NOT_FOUND"
    assert code_of(await add(ask, press, "moderator", post, "Hm", waiting)) == "PARENT_NOT_APPROVED"
    assert code_of(await add(ask, press, "mei", post, "Hm", str(new_id()))) == "NOT_FOUND"


async def test_threads_have_a_bottom(ask: Ask, bus: Bus, press: House) -> None:
    post = await published(bus, press)
    above = None
    for depth in range(7):
        comment = await added(ask, press, "moderator", post, f"Reply {depth}", above)
        assert comment["depth"] == depth
        above = comment["id"]

    assert code_of(await add(ask, press, "moderator", post, "Deeper", above)) == "THREAD_TOO_DEEP"


async def test_only_published_posts_are_talked_about(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    draft, post = str(await write_post(bus, press)), await published(bus, press)
    await moderated(pool, press, "open")
    comment = (await added(ask, press, "mei", post))["id"]

    await bus.execute(press.tenant, UnpublishPost(UUID(post)), press.people["editor"], correlation_id=new_id())

    assert code_of(await add(ask, press, "reader", draft)) == code_of(await add(ask, press, "reader", post)) == "NOT_FOUND"
    assert code_of(await add(ask, press, "author", draft)) == code_of(await add(ask, press, "editor", post)) == "NOT_PUBLISHED"
    assert code_of(await add(ask, press, None, post)) == "UNAUTHENTICATED"
    seen = {who: [node["id"] for node in await read(ask, press, who, post)] for who in (None, "reader", "mei", "editor")}
    assert seen == {None: [], "reader": [], "mei": [comment], "editor": [comment]}
    assert code_of(await step(ask, press, "reader", "deleteComment", comment)) == "NOT_FOUND"
