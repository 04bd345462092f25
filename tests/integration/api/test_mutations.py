"""The post's workflow and notifications by mutation: payloads, codes, and that refusals change nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg

from app.bus import Bus
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask, Token, client_of
from tests.integration.api.library.people import NOTIFICATION
from tests.integration.api.library.when import LONG_AGO
from tests.integration.conftest import House
from tests.integration.serving import running

CREATE = """
mutation Create($input: CreatePostInput!) {
  made: createPost(input: $input) {
    __typename
    it: post { ...P }
    changed
    eventIds
    again: changed
  }
}
fragment P on Post { id title slug content excerpt status version tags { name } editors { username } author { username }
  seo { title description keywords } featuredImageUrl customFields approval { status } }
"""
COUNTS = statement("SELECT (SELECT count(*) FROM __tenant__.posts) AS posts, (SELECT count(*) FROM __tenant__.tags) AS tags")


async def created(ask: Ask, house: House, who: str = "author", **fields: Any) -> dict[str, Any]:
    response = await ask(house, who, CREATE, input={"title": "A post", "content": "Text", **fields})
    assert "errors" not in response, response
    post: dict[str, Any] = response["data"]["made"]["it"]
    return post


async def step(ask: Ask, house: House, who: str | None, name: str, id: str, **more: Any) -> dict[str, Any]:
    kind = name[0].upper() + name[1:]
    document = f"mutation M($input: {kind}Input!) {{ {name}(input: $input) {{ post {{ status version }} changed eventIds }} }}"
    return await ask(house, who, document, input={"id": id, **more})


async def test_a_post_is_made_with_everything_it_can_have(ask: Ask, neighbours: House) -> None:
    editor = str(neighbours.id_of("editor"))
    given = {
        "title": "Made “by” GraphQL",
        "content": "*Text*",
        "excerpt": "Short",
        "tags": ["Never seen before", "never seen before", "Tag 0"],
        "editorIds": [editor],
        "seo": {"title": "S", "description": "D", "keywords": ["k"]},
        "featuredImageUrl": "https://example.org/i.png",
        "customFields": {"a": [1, None, {"b": 2.5}]},
    }

    response = await ask(neighbours, "author", CREATE, input=given)

    made = response["data"]["made"]
    post = made.pop("it")
    assert made == {"__typename": "CreatePostPayload", "changed": True, "eventIds": made["eventIds"], "again": True}
    assert len(made["eventIds"]) == 2
    assert post.pop("id")
    assert post == {
        "title": "Made “by” GraphQL",
        "slug": "made-by-graphql",
        "content": "*Text*",
        "excerpt": "Short",
        "status": "DRAFT",
        "version": 1,
        "tags": [{"name": "Never seen before"}, {"name": "Tag 0"}],
        "editors": [{"username": "editor"}],
        "author": {"username": "author"},
        "seo": {"title": "S", "description": "D", "keywords": ["k"]},
        "featuredImageUrl": "https://example.org/i.png",
        "customFields": {"a": [1, None, {"b": 2.5}]},
        "approval": {"status": "NONE"},
    }


async def test_the_whole_workflow(ask: Ask, neighbours: House) -> None:
    post = await created(ask, neighbours)
    way: list[tuple[str, str, dict[str, Any], str]] = [
        ("author", "submitPost", {}, "IN_REVIEW"),
        ("editor", "rejectPost", {"reason": "Too short"}, "REJECTED"),
        ("author", "submitPost", {}, "IN_REVIEW"),
        ("editor", "approvePost", {"expectedVersion": 4}, "APPROVED"),
        ("editor", "publishPost", {}, "PUBLISHED"),
        ("editor", "unpublishPost", {}, "APPROVED"),
        ("admin", "archivePost", {}, "ARCHIVED"),
    ]
    for version, (who, name, more, status) in enumerate(way, start=2):
        response = await step(ask, neighbours, who, name, post["id"], **more)
        assert "errors" not in response, response
        payload = response["data"][name]
        assert len(payload.pop("eventIds")) == 1
        assert payload == {"post": {"status": status, "version": version}, "changed": True}


async def test_an_update_changes_what_is_given_and_keeps_the_rest(ask: Ask, neighbours: House) -> None:
    post = await created(ask, neighbours, excerpt="Stays", tags=["Tag 2"])
    document = "mutation($i: UpdatePostInput!) { updatePost(input: $i) { post { title excerpt version tags { name } } changed eventIds } }"

    changed = await ask(neighbours, "author", document, i={"id": post["id"], "title": "Other", "tags": [], "expectedVersion": 1})
    same = await ask(neighbours, "author", document, i={"id": post["id"], "title": "Other"})
    cleared = await ask(neighbours, "author", document, i={"id": post["id"], "excerpt": None})
    stale = await ask(neighbours, "author", document, i={"id": post["id"], "title": "Third", "expectedVersion": 1})
    nothing = await ask(neighbours, "author", document, i={"id": post["id"], "title": None})

    assert changed["data"]["updatePost"]["post"] == {"title": "Other", "excerpt": "Stays", "version": 2, "tags": []}
    assert (same["data"]["updatePost"]["changed"], same["data"]["updatePost"]["eventIds"]) == (False, [])
    assert cleared["data"]["updatePost"]["post"]["excerpt"] == "Text"
    assert (code_of(stale), stale["errors"][0]["extensions"]["currentVersion"]) == ("CONFLICT", 3)
    assert (code_of(nothing), nothing["errors"][0]["extensions"]["fields"].keys()) == ("VALIDATION_FAILED", {"title"})


async def test_refusals_are_coded_and_change_nothing(ask: Ask, neighbours: House, pool: Database) -> None:
    post = await created(ask, neighbours)
    await step(ask, neighbours, "author", "submitPost", post["id"])
    foreign = str(new_id())
    before = await counts(pool, neighbours)

    assert code_of(await step(ask, neighbours, None, "approvePost", post["id"])) == "UNAUTHENTICATED"
    assert code_of(await step(ask, neighbours, "author", "approvePost", post["id"])) == "FORBIDDEN"
    assert code_of(await step(ask, neighbours, "editor", "publishPost", post["id"])) == "NOT_APPROVED"
    assert code_of(await step(ask, neighbours, "editor", "approvePost", foreign)) == "NOT_FOUND"
    assert code_of(await step(ask, neighbours, "reader", "archivePost", post["id"])) == "NOT_FOUND"
    assert code_of(await step(ask, neighbours, "editor", "approvePost", "not an id")) == "VALIDATION_FAILED"
    refused = await ask(neighbours, "author", CREATE, input={"title": "", "content": "x", "tags": ["Never made"], "seo": {"title": "s" * 500}})
    assert refused["errors"][0]["extensions"]["fields"].keys() == {"title", "seo.title"}
    assert refused["errors"][0]["path"] == ["made"]
    assert refused["data"] is None
    assert await counts(pool, neighbours) == before


async def test_authors_cannot_approve_their_own(ask: Ask, neighbours: House) -> None:
    post = await created(ask, neighbours, who="editor")
    await step(ask, neighbours, "editor", "submitPost", post["id"])

    assert code_of(await step(ask, neighbours, "editor", "approvePost", post["id"])) == "SELF_APPROVAL"


async def test_an_id_of_another_organization_is_as_unknown_as_a_random_one(ask: Ask, neighbours: House, library: House) -> None:
    post = await created(ask, neighbours, who="admin")

    abroad = await step(ask, library, "admin", "submitPost", post["id"])
    random = await step(ask, library, "admin", "submitPost", str(new_id()))

    assert abroad == random
    assert code_of(abroad) == "NOT_FOUND"
    read = "query($id: ID) { post(id: $id) { id } }"
    assert await ask(library, "admin", read, id=post["id"]) == await ask(library, "admin", read, id=str(new_id())) == {"data": {"post": None}}


async def test_several_mutations_run_in_order_and_each_by_itself(ask: Ask, neighbours: House) -> None:
    post = await created(ask, neighbours)
    document = """mutation($s: SubmitPostInput!, $a: ApprovePostInput!, $on: Boolean!) {
      first: submitPost(input: $s) { post { status } }
      second: approvePost(input: $a) { post { status } }
      third: submitPost(input: $s) { changed @include(if: $on) post @skip(if: $on) { id } }
    }"""

    response = await ask(neighbours, "author", document, s={"id": post["id"]}, a={"id": post["id"]}, on=True)

    assert response["data"] is None
    assert [(error["path"], error["extensions"]["code"]) for error in response["errors"]] == [(["second"], "FORBIDDEN")]
    state = await ask(neighbours, "author", "query($id: ID) { post(id: $id) { status } }", id=post["id"])
    assert state == {"data": {"post": {"status": "IN_REVIEW"}}}


async def test_notifications_are_marked_read_by_their_own_reader_alone(ask: Ask, neighbours: House, pool: Database, bus: Bus) -> None:
    mine, theirs = new_id(), new_id()
    async with pool.writing(neighbours.tenant.place) as connection:
        for id, who in ((mine, "reader"), (theirs, "author")):
            await connection.execute(NOTIFICATION, id=id, user_id=neighbours.id_of(who), subject=new_id(), read_at=None, created_at=LONG_AGO)
    document = "mutation($i: MarkNotificationsReadInput!) { markNotificationsRead(input: $i) { changed eventIds unread { id } } }"

    other = await ask(neighbours, "reader", document, i={"ids": [str(theirs)]})
    own = await ask(neighbours, "reader", document, i={"ids": [str(mine)]})
    again = await ask(neighbours, "reader", document, i={"ids": [str(mine)]})

    assert other["data"]["markNotificationsRead"]["changed"] is False
    assert str(mine) in {row["id"] for row in other["data"]["markNotificationsRead"]["unread"]}
    assert own["data"]["markNotificationsRead"]["changed"] is True
    assert str(mine) not in {row["id"] for row in own["data"]["markNotificationsRead"]["unread"]}
    assert again["data"]["markNotificationsRead"]["changed"] is False
    assert code_of(await ask(neighbours, None, document, i={})) == "UNAUTHENTICATED"


async def test_what_follows_a_mutation_is_finished_too(ask: Ask, neighbours: House) -> None:
    document = """mutation($i: CreatePostInput!) { createPost(input: $i) { post { contentHtml author { email } updatedBy { email } } } }"""

    response = await ask(neighbours, "author", document, i={"title": "Html", "content": "*x* <script>alert(1)</script>"})

    assert response["data"]["createPost"]["post"] == {
        "contentHtml": "<p><em>x</em> &lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
        "author": {"email": "author@neighbours.example"},
        "updatedBy": {"email": "author@neighbours.example"},
    }


async def test_a_mutation_that_could_not_be_answered_is_not_done(ask: Ask, neighbours: House, pool: Database) -> None:
    document = "mutation($i: CreatePostInput!, $n: Int) { createPost(input: $i) { post { author { posts(first: $n) { totalCount } } } } }"
    before = await counts(pool, neighbours)

    too_large = await ask(neighbours, "author", document, i={"title": "T", "content": "x"}, n=101)
    nonsense = await ask(neighbours, "author", document, i={"title": "T", "content": "x"}, n=-1)

    assert (code_of(too_large), code_of(nonsense)) == ("LIMIT_EXCEEDED", "VALIDATION_FAILED")
    assert await counts(pool, neighbours) == before


async def test_a_variable_called_id_keeps_its_own_value(ask: Ask, neighbours: House) -> None:
    first = await created(ask, neighbours, title="First")
    document = """mutation($i: CreatePostInput!, $id: ID!) {
      createPost(input: $i) { post { title author { posts(where: {id: {eq: $id}}) { nodes { title } } } } }
    }"""

    response = await ask(neighbours, "author", document, i={"title": "Second", "content": "x"}, id=first["id"])

    assert response["data"]["createPost"]["post"] == {"title": "Second", "author": {"posts": {"nodes": [{"title": "First"}]}}}


async def counts(pool: Database, house: House) -> dict[str, int]:
    async with pool.reading(house.tenant.place) as connection:
        row = await connection.fetchrow(COUNTS)
    assert row is not None
    return dict(row.items())


async def test_what_was_done_but_cannot_be_read_is_no_invitation_to_repeat_it(
    ask: Ask, neighbours: House, migrated: TenantSettings, token_of: Token
) -> None:
    post = await created(ask, neighbours)
    schema = neighbours.tenant.place.schema
    rename = "mutation { updatePost(input: {id: %r, title: %r}) { post { title author { name } } } }"
    admin = await asyncpg.connect(migrated.admin_database_url)
    await admin.execute(f"SET ROLE {migrated.owner_role}")
    async with (
        running(replace(migrated, lock_seconds=1)) as impatient,
        client_of(impatient, neighbours, await token_of(neighbours, "author")) as client,
    ):
        await client.post("/graphql", json={"query": "{ me { name } }"})  # rights are known for a moment
        async with admin.transaction():
            await admin.execute(f"LOCK TABLE {schema}.users IN ACCESS EXCLUSIVE MODE")
            answer = await client.post("/graphql", json={"query": (rename % (post["id"], "Done once")).replace("'", '"')})
    await admin.close()

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"], len(error["extensions"]["eventIds"])) == (200, "DONE_BUT_UNREAD", 1)
    again = await ask(neighbours, "author", "query Q($id: ID!) { post(id: $id) { title version } }", id=post["id"])
    assert again["data"]["post"] == {"title": "Done once", "version": 2}
