"""Many posts at once: each is done or refused by itself, all in one transaction."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.mutations.bulk import MOST_AT_ONCE
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.api.writing import step, written
from tests.integration.conftest import House

POST = "query($id: ID) { post(id: $id) { status version tags { id name } categories { id name } } }"
MANY = "results { of: id changed error { __typename why: code message } } changed eventIds"
CAUSES = statement("SELECT count(DISTINCT occurred_at) FROM __tenant__.domain_events WHERE id = ANY (CAST(:ids AS uuid[]))")


async def many(ask: Ask, house: House, who: str, name: str, ids: list[str], **more: Any) -> Any:
    kind = name[0].upper() + name[1:]
    response = await ask(house, who, f"mutation($i: {kind}Input!) {{ {name}(input: $i) {{ {MANY} }} }}", i={"ids": ids, **more})
    assert "errors" not in response, response
    return response["data"][name]


async def post_of(ask: Ask, house: House, id: str) -> Any:
    return (await ask(house, "admin", POST, id=id))["data"]["post"]


async def approved(ask: Ask, house: House) -> str:
    post = await written(ask, house)
    await step(ask, house, "author", "submitPost", post)
    await step(ask, house, "editor", "approvePost", post)
    return post


async def test_many_are_published_and_those_that_cannot_be_say_why(ask: Ask, neighbours: House, pool: Database) -> None:
    one, draft, nowhere, two = await approved(ask, neighbours), await written(ask, neighbours), str(new_id()), await approved(ask, neighbours)

    done = await many(ask, neighbours, "editor", "publishPosts", [two, draft, nowhere, one])
    again = await many(ask, neighbours, "editor", "publishPosts", [one, one])

    assert [(result["of"], result["changed"], (result["error"] or {}).get("why")) for result in done["results"]] == [
        (two, True, None),
        (draft, False, "NOT_APPROVED"),
        (nowhere, False, "NOT_FOUND"),
        (one, True, None),
    ]
    assert done["results"][1]["error"]["__typename"] == "PostRefusal"
    assert [(await post_of(ask, neighbours, post))["status"] for post in (one, draft, two)] == ["PUBLISHED", "DRAFT", "PUBLISHED"]
    assert (again["changed"], again["eventIds"], len(again["results"])) == (False, [], 1)
    async with pool.reading(neighbours.tenant.place) as connection:
        assert await connection.fetchval(CAUSES, ids=done["eventIds"]) == 1


async def test_many_are_tagged_untagged_and_what_one_has_too_many_of_is_refused_alone(ask: Ask, neighbours: House) -> None:
    one = await written(ask, neighbours, tags=["Keep", "Drop"])
    full = await written(ask, neighbours, tags=[f"Full {number}" for number in range(30)])
    drop = next(tag["id"] for tag in (await post_of(ask, neighbours, one))["tags"] if tag["name"] == "Drop")

    done = await many(ask, neighbours, "author", "tagPosts", [one, full], add=["Brand new"], remove=[drop])

    assert [(result["changed"], (result["error"] or {}).get("why")) for result in done["results"]] == [(True, None), (False, "VALIDATION_FAILED")]
    assert [tag["name"] for tag in (await post_of(ask, neighbours, one))["tags"]] == ["Brand new", "Keep"]
    assert len((await post_of(ask, neighbours, full))["tags"]) == 30


async def test_many_move_from_some_categories_or_from_all(ask: Ask, neighbours: House) -> None:
    made = "mutation($n: String!) { createCategory(input: {name: $n}) { category { id } } }"
    a, b, c = [(await ask(neighbours, "admin", made, n=f"Shelf {n}"))["data"]["createCategory"]["category"]["id"] for n in "abc"]
    post = await written(ask, neighbours, categoryIds=[a, b])

    await many(ask, neighbours, "author", "movePosts", [post], categoryIds=[c], fromCategoryIds=[a])
    assert {category["id"] for category in (await post_of(ask, neighbours, post))["categories"]} == {b, c}
    await many(ask, neighbours, "author", "movePosts", [post], categoryIds=[a])
    assert {category["id"] for category in (await post_of(ask, neighbours, post))["categories"]} == {a}
    unknown = await many(ask, neighbours, "author", "movePosts", [post], categoryIds=[str(new_id())])

    assert unknown["results"][0]["error"]["why"] == "VALIDATION_FAILED"
    assert {category["id"] for category in (await post_of(ask, neighbours, post))["categories"]} == {a}


async def test_many_are_archived_and_deleted_by_those_who_may(ask: Ask, neighbours: House) -> None:
    own, others = await written(ask, neighbours), await written(ask, neighbours, "mei")

    denied = await many(ask, neighbours, "author", "deletePosts", [own, others])
    archived = await many(ask, neighbours, "admin", "archivePosts", [own, others])

    assert [(result["error"] or {}).get("why") for result in denied["results"]] == [None, "NOT_FOUND"]
    assert [(result["error"] or {}).get("why") for result in archived["results"]] == ["DELETED", None]
    assert [(await post_of(ask, neighbours, post))["status"] for post in (own, others)] == ["DELETED", "ARCHIVED"]


@pytest.mark.parametrize("number", [0, MOST_AT_ONCE + 1])
async def test_none_or_too_many_are_refused_before_anything_is_done(ask: Ask, neighbours: House, number: int) -> None:
    document = "mutation($i: PublishPostsInput!) { publishPosts(input: $i) { changed } }"

    refused = await ask(neighbours, "editor", document, i={"ids": [str(new_id()) for _ in range(number)]})

    assert refused["errors"][0]["extensions"]["fields"].keys() == {"ids"}
