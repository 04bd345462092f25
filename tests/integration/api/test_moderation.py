"""Comments that wait, and whoever decides about them."""

from __future__ import annotations

from typing import Any

import pytest

from app.bus import Bus
from tenants.database import Database
from tenants.ids import new_id
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.talking import EDIT, added, moderated, published, read, step
from tests.integration.conftest import House


async def test_somebodys_first_comment_waits_and_opens_the_way_once_it_is_approved(ask: Ask, bus: Bus, press: House) -> None:
    post = await published(bus, press)
    first = await added(ask, press, "reader", post)

    seen = {who: [node["id"] for node in await read(ask, press, who, post)] for who in (None, "author", "reader", "moderator")}
    [moderators] = await read(ask, press, "moderator", post)
    [own] = await read(ask, press, "reader", post)
    approved = await step(ask, press, "moderator", "approveComment", first["id"])
    second = await added(ask, press, "reader", post, "And another thing")

    assert first["status"] == "PENDING"
    assert seen == {None: [], "author": [], "reader": [first["id"]], "moderator": [first["id"]]}
    assert (moderators["moderation"], own["moderation"]) == ({"waitsBecause": "FIRST"}, None)
    assert approved["data"]["approveComment"] == {"comment": {"status": "APPROVED"}, "changed": True}
    assert second["status"] == "APPROVED"
    assert [node["id"] for node in await read(ask, press, None, post)] == [first["id"], second["id"]]


@pytest.mark.parametrize(
    ("mode", "who", "expected"),
    [
        ("open", "reader", ["APPROVED", "APPROVED"]),
        ("all", "reader", ["PENDING", "PENDING"]),
        ("first-time", "reader", ["PENDING", "PENDING"]),
        ("nonsense", "reader", ["PENDING", "PENDING"]),
        ("all", "moderator", ["APPROVED", "APPROVED"]),
    ],
)
async def test_the_organizations_policy_decides_whose_comments_wait(
    ask: Ask, bus: Bus, pool: Database, press: House, mode: str, who: str, expected: list[str]
) -> None:
    post = await published(bus, press)
    await moderated(pool, press, mode)

    said = [await added(ask, press, who, post, body) for body in ("One thing", "Another thing")]

    assert [comment["status"] for comment in said] == expected


async def test_what_looks_like_spam_waits_also_where_comments_are_open(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "open")

    plain = await added(ask, press, "reader", post, "Great post!")
    again = await added(ask, press, "reader", post, "GREAT post")
    other = await added(ask, press, "mei", post, "great post")
    links = await added(ask, press, "mei", post, "https://a.example https://b.example https://c.example")

    assert [comment["status"] for comment in (plain, again, other, links)] == ["APPROVED", "PENDING", "APPROVED", "PENDING"]


async def test_an_edit_is_judged_as_a_new_comment_is(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "all")
    comment = (await added(ask, press, "reader", post))["id"]
    await step(ask, press, "moderator", "approveComment", comment)

    edited = await ask(press, "reader", EDIT, i={"id": comment, "body": "*Better* put"})

    assert edited["data"]["editComment"] == {"comment": {"body": "*Better* put", "status": "PENDING"}, "changed": True}
    assert await read(ask, press, None, post) == []


async def test_a_rejected_comment_is_for_its_author_and_moderators(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "open")
    comment = (await added(ask, press, "reader", post))["id"]

    assert code_of(await step(ask, press, "author", "rejectComment", comment)) == "FORBIDDEN"
    done = await step(ask, press, "moderator", "rejectComment", comment)
    again = await step(ask, press, "moderator", "rejectComment", comment)

    assert done["data"]["rejectComment"] == {"comment": {"status": "REJECTED"}, "changed": True}
    assert again["data"]["rejectComment"]["changed"] is False
    assert [len(await read(ask, press, who, post)) for who in (None, "mei", "reader", "moderator")] == [0, 0, 1, 1]
    assert code_of(await ask(press, "reader", EDIT, i={"id": comment, "body": "Again"})) == "COMMENT_REJECTED"
    assert code_of(await ask(press, "mei", EDIT, i={"id": comment, "body": "Again"})) == "NOT_FOUND"


async def test_moderators_decide_about_many_at_once_and_each_is_done_or_refused_by_itself(ask: Ask, bus: Bus, press: House, globex: House) -> None:
    post = await published(bus, press)
    waiting = [(await added(ask, press, who, post))["id"] for who in ("reader", "mei", "pavel")]
    nowhere, many = str(new_id()), "results { id changed error { code } } changed eventIds"

    async def decide(house: House, who: str, name: str, ids: list[str]) -> Any:
        kind = name[0].upper() + name[1:]
        return await ask(house, who, f"mutation M($i: {kind}Input!) {{ {name}(input: $i) {{ {many} }} }}", i={"ids": ids})

    approved = (await decide(press, "moderator", "approveComments", [waiting[1], nowhere, waiting[0]]))["data"]["approveComments"]
    again = (await decide(press, "moderator", "approveComments", waiting[:2]))["data"]["approveComments"]
    rejected = (await decide(press, "moderator", "rejectComments", [waiting[2]]))["data"]["rejectComments"]
    deleted = (await decide(press, "reader", "deleteComments", waiting[:2]))["data"]["deleteComments"]
    abroad = (await decide(globex, "owner", "deleteComments", waiting))["data"]["deleteComments"]

    done, refused = {"changed": True, "error": None}, {"changed": False, "error": {"code": "NOT_FOUND"}}
    assert approved["results"] == [{"id": waiting[1], **done}, {"id": nowhere, **refused}, {"id": waiting[0], **done}]
    assert (approved["changed"], len(approved["eventIds"]), again["changed"], again["eventIds"]) == (True, 2, False, [])
    assert rejected["results"] == [{"id": waiting[2], **done}]
    assert deleted["results"] == [{"id": waiting[0], **done}, {"id": waiting[1], "changed": False, "error": {"code": "FORBIDDEN"}}]
    assert {one["error"]["code"] for one in abroad["results"]} == {"NOT_FOUND"}
    assert code_of(await decide(press, "reader", "approveComments", waiting)) == "FORBIDDEN"
    assert [comment["id"] for comment in await read(ask, press, None, post)] == [waiting[1]]
