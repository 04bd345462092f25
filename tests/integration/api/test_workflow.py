"""The whole workflow of posts through GraphQL, by people of the right roles, refused to the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tenants.database import Database
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.api.writing import CREATE, step, written
from tests.integration.conftest import House

UPDATE = "mutation($i: UpdatePostInput!) { updatePost(input: $i) { post { status slug version } changed } }"
POST = """query($id: ID, $slug: String) { post(id: $id, slug: $slug) { id slug status scheduledAt expiresAt publishedAt excerpt excerptIsDerived
  readingMinutes tableOfContents { a: id level text __typename } contentHtml
  approval { status approvedBy { username } rejectionReason approvals { by { username } at } } } }"""
RULES = statement("UPDATE __tenant__.organization SET policies = CAST(:policies AS jsonb), settings = CAST(:settings AS jsonb)")
KEPT = statement("SELECT policies, settings FROM __tenant__.organization")
LATER = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
LATEST = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


@pytest.fixture
async def rules(pool: Database, neighbours: House) -> AsyncIterator[Any]:
    """Sets the organization's rules for the time of a test."""
    async with pool.reading(neighbours.tenant.place) as connection:
        before = await connection.fetchrow(KEPT)
    assert before is not None

    async def put(**given: Any) -> None:
        async with pool.writing(neighbours.tenant.place) as connection:
            await connection.execute(RULES, **({"policies": before["policies"], "settings": before["settings"]} | given))

    yield put
    await put()


async def post_of(ask: Ask, house: House, who: str | None = "admin", **by: str) -> Any:
    return (await ask(house, who, POST, **by))["data"]["post"]


async def test_the_whole_workflow_is_done_by_those_who_may_and_refused_to_the_others(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours)
    way: list[tuple[str, dict[str, Any], str, list[tuple[str | None, str]], str]] = [
        ("submitPost", {}, "author", [(None, "UNAUTHENTICATED"), ("reader", "FORBIDDEN"), ("mei", "NOT_FOUND")], "IN_REVIEW"),
        ("withdrawPost", {}, "author", [("reader", "FORBIDDEN"), ("mei", "NOT_FOUND")], "DRAFT"),
        ("submitPost", {}, "author", [], "IN_REVIEW"),
        ("rejectPost", {"reason": "Needs sources."}, "editor", [("author", "FORBIDDEN"), ("moderator", "FORBIDDEN")], "REJECTED"),
        ("submitPost", {}, "author", [], "IN_REVIEW"),
        ("approvePost", {}, "editor", [("author", "FORBIDDEN"), ("reader", "FORBIDDEN"), (None, "UNAUTHENTICATED")], "APPROVED"),
        ("schedulePost", {"publishAt": LATER, "expiresAt": LATEST}, "editor", [("author", "FORBIDDEN"), ("moderator", "FORBIDDEN")], "SCHEDULED"),
        ("unpublishPost", {}, "editor", [("author", "FORBIDDEN")], "APPROVED"),
        ("schedulePost", {"publishAt": LATER}, "lucia", [], "SCHEDULED"),
        ("publishPost", {}, "editor", [("author", "FORBIDDEN"), ("reader", "FORBIDDEN")], "PUBLISHED"),
        ("setPostExpiry", {"expiresAt": LATER}, "editor", [("author", "FORBIDDEN"), ("reader", "FORBIDDEN")], "PUBLISHED"),
        ("archivePost", {}, "admin", [("author", "FORBIDDEN"), ("editor", "FORBIDDEN")], "ARCHIVED"),
        ("restorePost", {}, "admin", [("author", "FORBIDDEN"), ("editor", "FORBIDDEN"), ("reader", "NOT_FOUND")], "APPROVED"),
        ("publishPost", {}, "editor", [], "PUBLISHED"),
        ("deletePost", {}, "lucia", [("author", "FORBIDDEN"), ("editor", "FORBIDDEN"), ("reader", "FORBIDDEN")], "DELETED"),
        ("restorePost", {}, "lucia", [("author", "FORBIDDEN"), ("reader", "NOT_FOUND")], "APPROVED"),
    ]

    for name, more, who, others, status in way:
        before = (await post_of(ask, neighbours, id=post))["status"]
        for other, code in others:
            assert await step(ask, neighbours, other, name, post, **more) == code, (name, other)
        assert (await post_of(ask, neighbours, id=post))["status"] == before
        assert await step(ask, neighbours, who, name, post, **more) == status, name

    assert await step(ask, neighbours, "author", "approvePost", post) == "FORBIDDEN"


async def test_a_deleted_post_is_in_the_bin_alone_and_readers_find_it_nowhere(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours, title="To be deleted")
    for who, name in (("author", "submitPost"), ("editor", "approvePost"), ("editor", "publishPost")):
        await step(ask, neighbours, who, name, post)
    assert await post_of(ask, neighbours, None, id=post)

    assert await step(ask, neighbours, "admin", "deletePost", post) == "DELETED"

    lists = "query($id: ID!) { posts(where: {id: {eq: $id}}) { totalCount } deletedPosts(where: {id: {eq: $id}}) { totalCount } }"
    found = (await ask(neighbours, "admin", lists, id=post))["data"]
    assert (found["posts"]["totalCount"], found["deletedPosts"]["totalCount"]) == (0, 1)
    assert await post_of(ask, neighbours, None, id=post) is None
    assert await step(ask, neighbours, "admin", "publishPost", post) == "NOT_APPROVED"
    assert await step(ask, neighbours, "admin", "deletePost", post) == "unchanged"


async def test_authors_put_away_and_bring_back_what_was_never_public(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours)

    assert await step(ask, neighbours, "mei", "deletePost", post) == "NOT_FOUND"
    assert await step(ask, neighbours, "author", "deletePost", post) == "DELETED"
    assert await step(ask, neighbours, "author", "restorePost", post) == "DRAFT"


async def test_as_many_people_approve_as_the_organization_asks_for_and_they_are_named(ask: Ask, neighbours: House, rules: Any) -> None:
    await rules(policies={"posts": {"approvals": 2}})
    post = await written(ask, neighbours)
    await step(ask, neighbours, "author", "submitPost", post)

    assert await step(ask, neighbours, "editor", "approvePost", post) == "IN_REVIEW"
    assert await step(ask, neighbours, "editor", "approvePost", post) == "unchanged"
    waiting = (await post_of(ask, neighbours, "author", id=post))["approval"]
    assert await step(ask, neighbours, "admin", "approvePost", post) == "APPROVED"

    approval = (await post_of(ask, neighbours, "author", id=post))["approval"]
    assert (waiting["status"], [given["by"]["username"] for given in waiting["approvals"]]) == ("PENDING", ["editor"])
    assert [given["by"]["username"] for given in approval["approvals"]] == ["editor", "admin"]
    assert (approval["status"], approval["approvedBy"]) == ("APPROVED", {"username": "admin"})
    assert await post_of(ask, neighbours, "mei", id=post) is None


async def test_authors_approve_their_own_only_where_the_organization_lets_them(ask: Ask, neighbours: House, rules: Any) -> None:
    post = await written(ask, neighbours, "editor")
    await step(ask, neighbours, "editor", "submitPost", post)

    assert await step(ask, neighbours, "editor", "approvePost", post) == "SELF_APPROVAL"
    await rules(policies={"posts": {"selfApproval": True}})
    assert await step(ask, neighbours, "editor", "approvePost", post) == "APPROVED"


async def test_whoever_changes_a_post_in_review_cannot_approve_it(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours)
    await step(ask, neighbours, "author", "submitPost", post)
    await ask(neighbours, "admin", UPDATE, i={"id": post, "content": "Another text."})

    assert await step(ask, neighbours, "admin", "approvePost", post) == "OWN_CHANGE"
    assert await step(ask, neighbours, "editor", "approvePost", post) == "APPROVED"


async def test_moments_that_cannot_be_are_refused_by_field(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours)
    await step(ask, neighbours, "author", "submitPost", post)
    await step(ask, neighbours, "editor", "approvePost", post)
    document = "mutation($i: SchedulePostInput!) { schedulePost(input: $i) { changed } }"

    past = {"id": post, "publishAt": "2020-01-01T00:00:00Z", "expiresAt": "2019-01-01T00:00:00Z"}
    refused = await ask(neighbours, "editor", document, i=past)

    [error] = refused["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert error["extensions"]["fields"].keys() == {"publishAt", "expiresAt"}
    assert (await post_of(ask, neighbours, id=post))["status"] == "APPROVED"


async def test_two_editors_at_once_are_told_what_changed_by_whom_and_when(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours, editorIds=[str(neighbours.id_of("mei"))])
    seo = {"title": "For machines"}
    await ask(neighbours, "author", UPDATE, i={"id": post, "title": "By the author", "featuredImageUrl": "https://example.org/x.png"})
    await ask(neighbours, "mei", UPDATE, i={"id": post, "seo": seo, "expectedVersion": 2})
    await step(ask, neighbours, "author", "submitPost", post)

    refused = await ask(neighbours, "mei", UPDATE, i={"id": post, "title": "By an editor", "expectedVersion": 1})

    told = refused["errors"][0]["extensions"]
    changes = [{name: change[name] for name in ("version", "event", "fields", "by")} for change in told["changes"]]
    author, mei = str(neighbours.id_of("author")), str(neighbours.id_of("mei"))
    assert (told["code"], told["expectedVersion"], told["currentVersion"]) == ("CONFLICT", 1, 4)
    assert told["changed"] == ["featuredImageUrl", "seo", "status", "title"]
    assert changes == [
        {"version": 2, "event": "PostEdited", "fields": ["featuredImageUrl", "title"], "by": author},
        {"version": 3, "event": "PostEdited", "fields": ["seo"], "by": mei},
        {"version": 4, "event": "PostSubmitted", "fields": ["status"], "by": author},
    ]
    assert all(datetime.fromisoformat(change["at"]).tzinfo for change in told["changes"])


async def test_somebody_who_may_not_edit_hears_nothing_of_what_changed(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours)
    for who, name in (("author", "submitPost"), ("editor", "approvePost"), ("editor", "publishPost")):
        await step(ask, neighbours, who, name, post)

    refused = await ask(neighbours, "reader", UPDATE, i={"id": post, "title": "Mine", "expectedVersion": 1})

    assert refused["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_a_slug_that_a_post_had_leads_to_it_until_another_post_takes_it(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours, slug="first-name")
    await ask(neighbours, "author", UPDATE, i={"id": post, "slug": "second-name"})
    await ask(neighbours, "author", UPDATE, i={"id": post, "slug": "third-name"})

    for slug in ("first-name", "second-name", "third-name"):
        found = await post_of(ask, neighbours, slug=slug)
        assert (found["id"], found["slug"]) == (post, "third-name")
    assert await post_of(ask, neighbours, None, slug="first-name") is None

    by_title = await ask(neighbours, "author", CREATE, i={"title": "First name", "content": "x"})
    assert by_title["data"]["createPost"]["post"]["slug"] == "first-name-2"
    taken = await written(ask, neighbours, slug="first-name")
    assert (await post_of(ask, neighbours, slug="first-name"))["id"] == taken

    await ask(neighbours, "author", UPDATE, i={"id": taken, "slug": "another-name"})
    assert (await post_of(ask, neighbours, slug="first-name"))["id"] == taken


async def test_custom_fields_meet_the_schema_of_the_organization(ask: Ask, neighbours: House, rules: Any) -> None:
    schema = {"type": "object", "properties": {"rank": {"type": "integer"}, "seen": {"items": {"type": "string"}}}, "required": ["series"]}
    await rules(settings={"customFields": schema})

    refused = await ask(neighbours, "author", CREATE, i={"title": "", "content": "x", "customFields": {"rank": "one", "seen": [1]}})
    post = await written(ask, neighbours, customFields={"rank": 1, "series": "a"})
    retitled = await ask(neighbours, "author", UPDATE, i={"id": post, "title": "Other"})
    broken = await ask(neighbours, "author", UPDATE, i={"id": post, "customFields": {"rank": 2}})
    alike = await ask(neighbours, "author", UPDATE, i={"id": post, "customFields": {"rank": True, "series": "a"}})

    fields = refused["errors"][0]["extensions"]["fields"]
    assert fields.keys() == {"title", "customFields.rank", "customFields.seen.0", "customFields.series"}
    assert retitled["data"]["updatePost"]["changed"]
    assert broken["errors"][0]["extensions"]["fields"].keys() == {"customFields.series"}
    assert alike["errors"][0]["extensions"]["fields"].keys() == {"customFields.rank"}  # true equals 1 in Python alone


async def test_everything_wrong_with_an_input_comes_back_at_once(ask: Ask, neighbours: House) -> None:
    nobody = "01890a5d-ac96-774b-bcce-b302099a8057"
    given = {
        "title": "a\u0000b", "content": "x\ud800y", "tags": ["\u0000"], "categoryIds": [nobody], "editorIds": [nobody],
        "seo": {"keywords": ["fine", "not\u0000fine"]}, "customFields": {"ok": {"bad\u0000key": 1}, "list": ["\ud800"]},
        "featuredImageUrl": "javascript:alert(1)",
    }  # fmt: skip

    refused = await ask(neighbours, "author", CREATE, i=given)

    fields = set(refused["errors"][0]["extensions"]["fields"])
    assert fields >= {"title", "content", "categoryIds", "editorIds", "seo.keywords", "featuredImageUrl", "customFields.ok", "customFields.list.0"}
    assert any(field.startswith("tags") for field in fields)


async def test_text_in_any_script_is_kept_as_nfc_also_in_names_of_custom_fields(ask: Ask, neighbours: House) -> None:
    post = await written(ask, neighbours, title="שלום 👩‍👩‍👧 e\u0301", content="مرحبا", customFields={"e\u0301": {"o\u0308": "u\u0308"}})

    found = (await ask(neighbours, "author", "query($id: ID) { post(id: $id) { title content customFields slug } }", id=post))["data"]["post"]

    assert found["title"] == "שלום 👩‍👩‍👧 é"
    assert found["customFields"] == {"é": {"ö": "ü"}}
    assert found["slug"].isascii()


async def test_a_post_tells_how_it_begins_how_long_it_takes_and_what_is_in_it(ask: Ask, neighbours: House) -> None:
    text = "# Head *line*\n\nIt [begins](https://example.org) **here**.\n\n## Part\n\n## Part\n\n" + "word " * 500
    post = await written(ask, neighbours, content=text)

    found = await post_of(ask, neighbours, id=post)
    given = await written(ask, neighbours, content=text, excerpt="In other words")

    assert (found["excerptIsDerived"], found["readingMinutes"]) == (True, 3)
    assert found["excerpt"].startswith("It begins here. word word")
    assert found["tableOfContents"] == [
        {"a": "section-head-line", "level": 1, "text": "Head line", "__typename": "Heading"},
        {"a": "section-part", "level": 2, "text": "Part", "__typename": "Heading"},
        {"a": "section-part-2", "level": 2, "text": "Part", "__typename": "Heading"},
    ]
    assert '<h2 id="section-part-2">Part</h2>' in found["contentHtml"]
    explicit = await post_of(ask, neighbours, id=given)
    assert (explicit["excerpt"], explicit["excerptIsDerived"]) == ("In other words", False)
