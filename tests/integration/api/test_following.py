"""Following by mutation: what it answers, who sees it, what it refuses, and where followers go when something is merged or ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from app.bus import Bus
from app.following.values import MOST_FOLLOWED
from app.replay.verifying import verify
from app.users.commands import EraseUser
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.shelving import category, done, mutate, tag
from tests.integration.conftest import House, house_of

NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"
SHOWN = "id name followedByMe followerCount"
FOLLOWED = f"organization {{ {SHOWN} }} author {{ {SHOWN} }} category {{ {SHOWN} }} tag {{ {SHOWN} }}"
MINE = "{ me { following { totalCount nodes { target author { username } category { name } tag { name } } } } }"
MANY = statement(
    """
    WITH made AS (
      INSERT INTO __tenant__.tags (id, created_at, updated_at, version, name, slug)
      SELECT md5('followed' || n)::uuid, now(), now(), 1, 'followed ' || n, 'followed-' || n
      FROM generate_series(1, CAST(:many AS integer)) n RETURNING id
    )
    INSERT INTO __tenant__.subscriptions (id, user_id, target, tag_id, created_at) SELECT id, :user_id, 'TAG', id, now() FROM made
    """
)


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database) -> AsyncIterator[House]:
    """An organization of the test's own; whatever was done in it replays."""
    made = await house_of(migrated, pool, replace(ACME, slug=f"following-{new_id().hex[-12:]}"))
    yield made
    assert (await verify(pool, made.tenant)).differences == []


async def follow(ask: Ask, house: House, who: str, target: str, id: object = None, *, name: str = "follow") -> dict[str, Any]:
    given = {"target": target} if id is None else {"target": target, "id": str(id)}
    answer: dict[str, Any] = await done(ask, house, name, FOLLOWED, who, **given)
    return answer


async def refused(ask: Ask, house: House, who: str, **given: Any) -> str:
    return code_of(await mutate(ask, house, "follow", "", who, **given))


async def followed(ask: Ask, house: House, who: str) -> list[str]:
    """What somebody follows, by name, the latest first."""
    shown = (await ask(house, who, MINE))["data"]["me"]["following"]
    assert shown["totalCount"] == len(shown["nodes"])
    named = ((one["author"] or {}).get("username") or (one["category"] or one["tag"] or {}).get("name") for one in shown["nodes"])
    return [name or one["target"] for name, one in zip(named, shown["nodes"], strict=True)]


async def test_everything_that_can_be_followed_is_followed_once_and_unfollowed_once(ask: Ask, acme: House, globex: House) -> None:
    wine, shelf = await tag(ask, acme, "Followed wine"), await category(ask, acme, "Followed shelf")
    targets = {"ORGANIZATION": None, "AUTHOR": acme.id_of("author"), "CATEGORY": shelf["id"], "TAG": wine["id"]}

    first = {kind: await follow(ask, acme, "pavel", kind, id) for kind, id in targets.items()}
    again = await asyncio.gather(*(follow(ask, acme, "pavel", kind, id) for kind, id in targets.items() for _ in range(3)))
    seen = await followed(ask, acme, "pavel")
    ended = {kind: await follow(ask, acme, "pavel", kind, id, name="unfollow") for kind, id in targets.items()}
    ended_again = [await follow(ask, acme, "pavel", kind, id, name="unfollow") for kind, id in targets.items()]

    for answers, by_me in ((first, True), (ended, False)):
        for kind, answer in answers.items():
            field = kind.lower()
            assert (answer["changed"], answer["eventIds"], answer[field]["followedByMe"], answer[field]["followerCount"]) == (
                True,
                [],
                by_me,
                int(by_me),
            )
            assert all(answer[other.lower()] is None for other in targets if other != kind)
    assert not any(answer["changed"] for answer in [*again, *ended_again])
    assert seen == ["Followed wine", "Followed shelf", "author", "ORGANIZATION"]
    assert await followed(ask, acme, "pavel") == []


async def test_of_twenty_who_follow_the_same_at_once_one_changes_something(ask: Ask, acme: House, globex: House) -> None:
    wine = await tag(ask, acme, "Wine at once")

    answers = await asyncio.gather(*(follow(ask, acme, "reader", "TAG", wine["id"]) for _ in range(20)))

    assert sum(answer["changed"] for answer in answers) == 1
    assert answers[0]["tag"]["followerCount"] == 1


async def test_each_sees_what_they_follow_and_nobody_what_others_do(ask: Ask, acme: House, globex: House) -> None:
    wine = await tag(ask, acme, "Wine that one likes")
    await follow(ask, acme, "lucia", "TAG", wine["id"])
    query = "query($id: ID!, $tag: ID) { user(id: $id) { following { totalCount nodes { id } } } tag(id: $tag) { followedByMe followerCount } }"

    asked = {"id": str(acme.id_of("lucia")), "tag": wine["id"]}
    shown = {who: (await ask(acme, who, query, **asked))["data"] for who in ("lucia", "owner", None)}

    assert {who: one["user"]["following"]["totalCount"] for who, one in shown.items()} == {"lucia": 1, "owner": 0, None: 0}
    assert {who: one["tag"]["followedByMe"] for who, one in shown.items()} == {"lucia": True, "owner": False, None: False}
    assert {one["tag"]["followerCount"] for one in shown.values()} == {1}
    assert (await ask(globex, "owner", query, **asked))["data"] == {"user": None, "tag": None}
    await follow(ask, acme, "lucia", "TAG", wine["id"], name="unfollow")


async def test_what_is_not_there_oneself_and_more_than_one_may_is_refused(ask: Ask, house: House, globex: House, pool: Database) -> None:
    elsewhere, me = await tag(ask, globex, "Elsewhere", who="owner"), house.id_of("reader")

    for target in ("AUTHOR", "CATEGORY", "TAG", "ORGANIZATION"):
        assert await refused(ask, house, "reader", target=target, id=NOBODY) == "NOT_FOUND"
    assert await refused(ask, house, "reader", target="TAG", id=elsewhere["id"]) == "NOT_FOUND"
    assert await refused(ask, house, "reader", target="TAG", id=str(house.id_of("author"))) == "NOT_FOUND"
    assert await refused(ask, house, "reader", target="TAG") == "VALIDATION_FAILED"
    assert await refused(ask, house, "reader", target="TAG", id="no id") == "VALIDATION_FAILED"
    assert await refused(ask, house, "reader", target="AUTHOR", id=str(me)) == "OWN_FOLLOWER"
    assert await followed(ask, house, "reader") == []

    other = await tag(ask, house, "One more")
    async with pool.writing(house.tenant.place) as connection:
        await connection.execute(MANY, user_id=me, many=MOST_FOLLOWED - 1)
    answers = await asyncio.gather(
        *(
            mutate(ask, house, "follow", "", "reader", target=kind, id=id)
            for kind, id in (("TAG", other["id"]), ("AUTHOR", str(house.id_of("author"))))
        )
    )
    assert sorted(answer["errors"][0]["extensions"]["code"] for answer in answers if "errors" in answer) == ["LIMIT_EXCEEDED"]
    async with pool.writing(house.tenant.place) as connection:  # tags that no event tells of
        await connection.execute(statement("DELETE FROM __tenant__.tags WHERE slug LIKE 'followed-%'"))


@pytest.mark.parametrize("target", ["TAG", "CATEGORY"])
async def test_followers_of_what_is_merged_follow_what_it_becomes_once_each(ask: Ask, house: House, target: str) -> None:
    make, merge = (tag, "mergeTags") if target == "TAG" else (category, "mergeCategories")
    one, two, into = [(await make(ask, house, name))["id"] for name in ("One", "Two", "Into")]
    follows = {"reader": (one, two), "author": (two, into), "moderator": (one,), "editor": (into,)}
    for who, ids in follows.items():
        for id in ids:
            await follow(ask, house, who, target, id)

    merged = await done(ask, house, merge, f"{target.lower()} {{ followerCount }}", ids=[one, two], into=into)

    assert merged[target.lower()]["followerCount"] == 4
    assert {who: await followed(ask, house, who) for who in follows} == {who: ["Into"] for who in follows}


async def test_nobody_follows_what_was_deleted_also_not_what_it_stood_under(ask: Ask, house: House) -> None:
    above = await category(ask, house, "Above")
    below, word = await category(ask, house, "Below", parentId=above["id"]), await tag(ask, house, "Word")
    await follow(ask, house, "reader", "CATEGORY", below["id"])
    await follow(ask, house, "reader", "TAG", word["id"])

    await done(ask, house, "deleteCategory", "", id=below["id"])
    await done(ask, house, "deleteTag", "", id=word["id"])

    assert await followed(ask, house, "reader") == []
    assert (await follow(ask, house, "reader", "TAG", word["id"], name="unfollow"))["changed"] is False
    assert (await ask(house, "reader", "query($id: ID) { category(id: $id) { followerCount } }", id=above["id"]))["data"]["category"][
        "followerCount"
    ] == 0


async def test_whoever_is_erased_follows_nothing_and_is_followed_by_nobody(ask: Ask, bus: Bus, house: House) -> None:
    await follow(ask, house, "reader", "AUTHOR", house.id_of("author"))
    await follow(ask, house, "author", "AUTHOR", house.id_of("editor"))
    await follow(ask, house, "reader", "ORGANIZATION")

    await bus.execute(house.tenant, EraseUser(house.id_of("author"), confirm="author"), house.people["owner"], correlation_id=new_id())

    assert await followed(ask, house, "reader") == ["ORGANIZATION"]
    counts = await ask(house, "reader", "query($id: ID!) { user(id: $id) { followerCount } }", id=str(house.id_of("editor")))
    assert counts["data"]["user"]["followerCount"] == 0
    assert await refused(ask, house, "reader", target="AUTHOR", id=str(house.id_of("author"))) == "NOT_FOUND"
