"""Comments by role, by the organization's policy, and in threads; what is refused, and what stays between two organizations."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.comments.comments import Comment
from app.content.commands import ApprovePost, PublishPost, SubmitPost, UnpublishPost
from app.replay.verifying import verify
from app.shared.events import from_store
from ops.demo.load import load_people
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from ops.founding import found
from tenants.database import Database
from tenants.events import READ_AGGREGATE, from_row
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, write_post

POLICY = statement("UPDATE __tenant__.organization SET policies = CAST(:policies AS jsonb)")
ROW = statement("SELECT * FROM __tenant__.comments WHERE id = :id")
AGE = statement("UPDATE __tenant__.comments SET created_at = created_at - interval '1 hour' WHERE id = :id")
FORGED = statement("UPDATE __tenant__.comments SET body = 'never said' WHERE id = :id")
COUNT = statement("SELECT count(*) FROM __tenant__.comments")
ADD = "mutation($i: AddCommentInput!) { addComment(input: $i) { comment { id status depth version } changed eventIds } }"
EDIT = "mutation($i: EditCommentInput!) { editComment(input: $i) { comment { body status } changed } }"
READ = """query($post: ID) { comments(post: $post) { totalCount nodes {
  id body status author { username } parent { id } replies { nodes { id } } moderation { waitsBecause } } } }"""


@pytest.fixture
async def press(migrated: TenantSettings, pool: Database) -> House:
    """An organization of this test's own, since nobody may say more than so much in a few minutes."""
    cast = Cast(f"talk-{secrets.token_hex(4)}", "Talk", ACME.people)
    founded = await found(migrated, pool, slug=cast.slug, name=cast.name, owner_email=f"owner@{cast.slug}.example")
    return House(founded.tenant, await load_people(pool, founded.tenant, cast), cast)


async def published(bus: Bus, house: House) -> str:
    post = await write_post(bus, house)
    for who, command in (("author", SubmitPost(post)), ("editor", ApprovePost(post)), ("editor", PublishPost(post))):
        await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())
    return str(post)


async def moderated(pool: Database, house: House, mode: str) -> None:
    async with pool.writing(house.tenant.place) as connection:
        await connection.execute(POLICY, policies={"comments": {"moderation": mode}})


async def add(ask: Ask, house: House, who: str | None, post: str, body: str = "Well put", parent: str | None = None) -> dict[str, Any]:
    return await ask(house, who, ADD, i={"postId": post, "parentId": parent, "body": body})


async def added(ask: Ask, house: House, who: str, post: str, body: str = "Well put", parent: str | None = None) -> dict[str, Any]:
    response = await add(ask, house, who, post, body, parent)
    assert "errors" not in response, response
    comment: dict[str, Any] = response["data"]["addComment"]["comment"]
    return comment


async def step(ask: Ask, house: House, who: str | None, name: str, id: str, **more: Any) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    document = f"mutation M($i: {kind}Input!) {{ {name}(input: $i) {{ comment {{ status }} changed }} }}"
    return await ask(house, who, document, i={"id": id, **more})


async def read(ask: Ask, house: House, who: str | None, post: str) -> list[dict[str, Any]]:
    response = await ask(house, who, READ, post=post)
    assert "errors" not in response, response
    nodes: list[dict[str, Any]] = response["data"]["comments"]["nodes"]
    assert response["data"]["comments"]["totalCount"] == len(nodes)
    return nodes


def code_of(response: dict[str, Any]) -> str:
    [error] = response["errors"]
    code: str = error["extensions"]["code"]
    return code


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


async def test_comments_are_edited_by_their_author_alone_and_not_for_long(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)
    await moderated(pool, press, "open")
    comment = (await added(ask, press, "reader", post))["id"]
    change = {"id": comment, "body": "Other words"}

    refused = {who: code_of(await ask(press, who, EDIT, i=change)) for who in (None, "mei", "moderator", "owner")}
    stale = await ask(press, "reader", EDIT, i={**change, "expectedVersion": 7})
    async with pool.writing(press.tenant.place) as connection:
        await connection.execute(AGE, id=UUID(comment))
    late = await ask(press, "reader", EDIT, i=change)

    assert refused == {None: "UNAUTHENTICATED", "mei": "FORBIDDEN", "moderator": "FORBIDDEN", "owner": "FORBIDDEN"}
    assert (code_of(stale), code_of(late)) == ("CONFLICT", "EDIT_WINDOW_CLOSED")
    [kept] = await read(ask, press, None, post)
    assert kept["body"] == "Well put"


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


async def test_nobody_says_more_than_ten_things_in_five_minutes_also_not_at_once(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)

    answers = await asyncio.gather(*(add(ask, press, "reader", post, f"Thing {number}") for number in range(12)))

    refused = [answer for answer in answers if "errors" in answer]
    assert [code_of(answer) for answer in refused] == ["RATE_LIMITED", "RATE_LIMITED"]
    assert all(0 < answer["errors"][0]["extensions"]["retryAfter"] <= 300 for answer in refused)
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(COUNT) == 10
    assert "errors" not in await add(ask, press, "mei", post)


async def test_what_is_wrong_with_a_body_is_said_and_nothing_is_kept(ask: Ask, bus: Bus, pool: Database, press: House) -> None:
    post = await published(bus, press)

    refused = [await add(ask, press, "reader", post, body) for body in ("", "x" * 10_001)]

    assert [answer["errors"][0]["extensions"]["fields"].keys() for answer in refused] == [{"body"}, {"body"}]
    async with pool.reading(press.tenant.place) as connection:
        assert await connection.fetchval(COUNT) == 0


async def test_a_body_is_shown_as_safe_html(ask: Ask, bus: Bus, press: House) -> None:
    post = await published(bus, press)
    await added(ask, press, "moderator", post, "*x* <script>alert(1)</script> [l](https://example.org)")

    response = await ask(press, None, "query($id: ID) { post(id: $id) { comments { nodes { bodyHtml post { id } } } } }", id=post)

    html = '<p><em>x</em> &lt;script&gt;alert(1)&lt;/script&gt; <a href="https://example.org" rel="noopener noreferrer nofollow">l</a></p>\n'
    assert response == {"data": {"post": {"comments": {"nodes": [{"bodyHtml": html, "post": {"id": post}}]}}}}


async def test_a_comment_of_another_organization_is_as_unknown_as_a_random_id(
    ask: Ask, bus: Bus, pool: Database, press: House, globex: House
) -> None:
    post = await published(bus, press)
    comment = (await added(ask, press, "moderator", post))["id"]

    for name in ("approveComment", "rejectComment", "deleteComment"):
        abroad = await step(ask, globex, "owner", name, comment)
        assert abroad == await step(ask, globex, "owner", name, str(new_id()))
        assert code_of(abroad) == "NOT_FOUND"
    assert code_of(await add(ask, globex, "owner", post)) == "NOT_FOUND"
    own = await published(bus, globex)
    assert code_of(await add(ask, globex, "owner", own, "Hm", comment)) == "NOT_FOUND"
    assert await read(ask, globex, "owner", post) == []
    assert len(await read(ask, press, None, post)) == 1


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
