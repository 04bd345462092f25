"""Full-text search: what is found, by whom, in which order, and how it is shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.projections import follow_language
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.shelving import done
from tests.integration.conftest import House, house_of, publish_post
from tests.integration.migrations.commands import imprint
from workers.reactions.registry import handlers_of

SEARCH = """
query Search($text: String!, $first: Int = 20, $kinds: [SearchKind!]! = [POST]) {
  search(query: $text, first: $first, kinds: $kinds) {
    totalCount
    nodes {
      rank titleHighlighted snippet
      node { __typename ... on Post { title status } ... on Tag { name } ... on Category { name } ... on User { name } }
    }
  }
}
"""
FORGET = statement("DELETE FROM __tenant__.post_search")
ROWS = statement("SELECT * FROM __tenant__.post_search")


@pytest.fixture(scope="module")
async def finders(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("finders", "The Finders", ACME.people))


@pytest.fixture(scope="module")
async def keepers(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("keepers", "The Keepers", ACME.people))


async def write(ask: Ask, house: House, title: str, content: str = "Text.", **given: Any) -> str:
    made = await done(ask, house, "createPost", "post { id }", who="author", title=title, content=content, **given)
    id: str = made["post"]["id"]
    return id


async def hits(ask: Ask, house: House, query: str, who: str | None = "author", **variables: Any) -> list[dict[str, Any]]:
    response = await ask(house, who, SEARCH, text=query, **variables)
    assert "errors" not in response, response
    found: list[dict[str, Any]] = response["data"]["search"]["nodes"]
    return found


async def titles(ask: Ask, house: House, query: str, who: str | None = "author") -> list[str]:
    return [hit["node"]["title"] for hit in await hits(ask, house, query, who)]


async def test_a_title_counts_more_than_tags_those_more_than_the_excerpt_and_all_more_than_the_content(
    ask: Ask, finders: House, keepers: House
) -> None:
    await write(ask, finders, "In the content", "Yesterday a big **walrus** sang loudly.")
    await write(ask, finders, "In the excerpt", excerpt="About a walrus.")
    await write(ask, finders, "Tagged", tags=["Walrus"])
    await write(ask, finders, "Walruses everywhere")
    await write(ask, keepers, "The neighbours' walrus")

    found = await hits(ask, finders, "walrus")

    assert [hit["node"]["title"] for hit in found] == ["Walruses everywhere", "Tagged", "In the excerpt", "In the content"]
    assert [hit["rank"] for hit in found] == sorted((hit["rank"] for hit in found), reverse=True)
    assert found[0]["titleHighlighted"] == "<mark>Walruses</mark> everywhere"
    assert found[3]["snippet"] == "Yesterday a big <mark>walrus</mark> sang loudly"


async def test_readers_find_what_is_published_and_insiders_drafts_too_and_nobody_what_is_deleted(ask: Ask, bus: Bus, finders: House) -> None:
    drafted = await write(ask, finders, "A pelican drafted")
    deleted = await write(ask, finders, "A pelican deleted")
    await publish_post(bus, finders, UUID(await write(ask, finders, "A pelican published")))
    await done(ask, finders, "deletePost", "post { id }", who="author", id=deleted)

    assert await titles(ask, finders, "pelican", None) == ["A pelican published"]
    assert await titles(ask, finders, "pelican", "reader") == ["A pelican published"]
    for insider in ("author", "admin"):
        assert sorted(await titles(ask, finders, "pelican", insider)) == ["A pelican drafted", "A pelican published"], insider
    response = await ask(finders, "reader", '{ search(query: "pelican", first: 0) { totalCount nodes { rank } } }')
    assert response["data"]["search"] == {"totalCount": 1, "nodes": []}
    await done(ask, finders, "updatePost", "post { id }", who="author", id=drafted, title="No bird any more")
    assert await titles(ask, finders, "pelican", "admin") == ["A pelican published"]


async def test_snippets_are_text_with_marks_and_never_markup_of_the_author(ask: Ask, finders: House) -> None:
    body = '# Heading\n\n- <script>alert("albatross")</script> & [an albatross](javascript:alert(1))\n\n'
    body += "\ue000forged\ue001 <mark>not ours</mark> `albatross`"
    await write(ask, finders, "<img src=x onerror=alert(1)> albatross \ue000x\ue001", body)

    [hit] = await hits(ask, finders, "albatross")

    for html in (hit["titleHighlighted"], hit["snippet"]):
        assert "<" not in html.replace("<mark>", "").replace("</mark>", ""), html
    assert "<mark>albatross</mark>" in hit["titleHighlighted"]
    assert "an <mark>albatross</mark>" in hit["snippet"]
    assert "<mark>forged" not in hit["snippet"]
    assert not any(trace in hit["snippet"] for trace in ("javascript", "# ", "`"))


async def test_quotation_marks_minus_and_or_mean_what_people_expect_and_the_last_word_may_be_incomplete(ask: Ask, finders: House) -> None:
    for title in ("Grey heron stands", "Heron that is grey", "Flamingo"):
        await write(ask, finders, title)

    assert sorted(await titles(ask, finders, "grey heron")) == ["Grey heron stands", "Heron that is grey"]
    assert await titles(ask, finders, '"grey heron"') == ["Grey heron stands"]
    assert await titles(ask, finders, "heron -stands") == ["Heron that is grey"]
    assert sorted(await titles(ask, finders, "flamingo or stands")) == ["Flamingo", "Grey heron stands"]
    assert await titles(ask, finders, "flami") == ["Flamingo"]
    assert await titles(ask, finders, "grey her") != []
    assert await titles(ask, finders, "flami ") == []
    assert await titles(ask, finders, "fl") == []


@pytest.mark.parametrize("query", ["the", "-", '"', "' OR 1=1 --", "(((&|!:*", "<->", "🖋", "\\", "a" * 200])
async def test_nonsense_finds_nothing_and_breaks_nothing(ask: Ask, finders: House, query: str) -> None:
    assert await titles(ask, finders, query) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"text": ""}, "VALIDATION_FAILED"),
        ({"text": " \n "}, "VALIDATION_FAILED"),
        ({"text": "a" * 201}, "VALIDATION_FAILED"),
        ({"text": "a\u0007b"}, "VALIDATION_FAILED"),
        ({"text": "heron", "first": 51}, "LIMIT_EXCEEDED"),
        ({"text": "heron", "first": -1}, "VALIDATION_FAILED"),
        ({"text": "heron", "kinds": []}, "VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused_with_the_field(ask: Ask, finders: House, given: dict[str, Any], code: str) -> None:
    response = await ask(finders, "author", SEARCH, **given)

    assert code_of(response) == code
    assert "search." in str(response["errors"])


async def test_a_renamed_tag_a_merged_one_and_one_that_was_taken_off_reach_the_posts_that_carry_it(ask: Ask, finders: House) -> None:
    post = await write(ask, finders, "Birds", tags=["Puffin", "Auk"])
    tags = {tag["name"]: tag["id"] for tag in (await ask(finders, "lucia", "{ tags(first: 100) { id name } }"))["data"]["tags"]}

    await done(ask, finders, "renameTag", "tag { id }", id=tags["Puffin"], name="Razorbill")
    assert (await titles(ask, finders, "razorbill"), await titles(ask, finders, "puffin")) == (["Birds"], [])
    await done(ask, finders, "createTag", "tag { id }", name="Guillemot")
    into = (await ask(finders, "lucia", '{ tag(slug: "guillemot") { id } }'))["data"]["tag"]["id"]
    await done(ask, finders, "mergeTags", "tag { id }", ids=[tags["Puffin"]], into=into)
    assert (await titles(ask, finders, "guillemot"), await titles(ask, finders, "razorbill")) == (["Birds"], [])
    await done(ask, finders, "updatePost", "post { id }", who="author", id=post, tags=["Auk"])
    assert (await titles(ask, finders, "auk"), await titles(ask, finders, "guillemot")) == (["Birds"], [])


async def test_tags_categories_and_authors_are_found_by_how_their_names_begin_as_members_of_a_union(ask: Ask, bus: Bus, finders: House) -> None:
    await done(ask, finders, "createCategory", "category { id }", name="Anatidae", description="Ducks & geese")
    await publish_post(bus, finders, UUID(await write(ask, finders, "Anatomy of a duck", tags=["Anatomy"])))
    author = finders.people["author"]
    name = (await ask(finders, "author", "{ me { name } }"))["data"]["me"]["name"]
    everything = ["POST", "CATEGORY", "TAG", "USER"]

    assert {
        (hit["node"]["__typename"], hit["titleHighlighted"], hit["snippet"]) for hit in await hits(ask, finders, "anat", None, kinds=everything)
    } == {
        ("Category", "<mark>Anat</mark>idae", "Ducks &amp; geese"),
        ("Tag", "<mark>Anat</mark>omy", ""),
        ("Post", "<mark>Anatomy</mark> of a duck", "Text."),
    }
    assert [hit["node"] for hit in await hits(ask, finders, name.lower()[:4], None, kinds=["USER"])] == [{"__typename": "User", "name": name}]
    assert await hits(ask, finders, name.lower()[:4], None) == []
    assert author.user_id


async def test_one_key_may_mean_another_field_in_each_type_of_the_union(ask: Ask, bus: Bus, finders: House) -> None:
    await publish_post(bus, finders, UUID(await write(ask, finders, "Kingfisher", "*rendered*")))
    await done(ask, finders, "createTag", "tag { id }", name="Kingfisher")
    query = (
        'query($yes: Boolean!) { search(query: "kingfisher", kinds: [TAG, POST]) { nodes { n: node { ...P ... on Tag { x: name } '
        "... on SearchResult @include(if: $yes) { ... on Post { author { email } } ... on Tag { slug } } } } } } "
        "fragment P on Post { x: contentHtml }"
    )

    response = await ask(finders, "reader", query, yes=True)

    assert response["data"]["search"]["nodes"] == [
        {"n": {"x": "Kingfisher", "slug": "kingfisher"}},
        {"n": {"x": "<p><em>rendered</em></p>\n", "author": {"email": None}}},
    ]


async def test_what_search_keeps_of_a_post_says_nothing_of_its_people(ask: Ask, pool: Database, finders: House) -> None:
    name = (await ask(finders, "author", "{ me { name } }"))["data"]["me"]["name"]
    await write(ask, finders, "Written by somebody")

    async with pool.reading(finders.tenant.place) as connection:
        rows = [dict(row.items()) for row in await connection.fetch(ROWS)]

    assert rows
    assert not any(part.lower() in str(row).lower() for row in rows for part in name.split())


async def test_posts_are_indexed_again_when_the_organization_changes_its_language(ask: Ask, pool: Database, keepers: House) -> None:
    await write(ask, keepers, "Die Möwen fliegen")
    assert await titles(ask, keepers, "Möwe ") == []

    await done(ask, keepers, "updateOrganization", "organization { id }", who="admin", settings={"language": "de"})
    assert "content.index_in_language" in handlers_of("OrganizationConfigured")
    async with transaction(pool, keepers.tenant, Cause(new_id())) as tx:
        await follow_language(tx)

    assert await titles(ask, keepers, "Möwe ") == ["Die Möwen fliegen"]
    await write(ask, keepers, "Eine Möwe für sich")
    assert len(await titles(ask, keepers, "möwen ")) == 2


async def test_what_search_reads_is_made_again_by_command(ask: Ask, pool: Database, migrated: TenantSettings, finders: House) -> None:
    await write(ask, finders, "Cormorant", tags=["Diver"])
    async with pool.writing(finders.tenant.place) as connection:
        await connection.execute(FORGET)
    assert await titles(ask, finders, "cormorant") == []

    rebuilt = await imprint(migrated, "events", "rebuild", finders.tenant.slug, "search")

    assert rebuilt.code == 0, rebuilt.err
    assert await titles(ask, finders, "cormorant") == await titles(ask, finders, "diver") == ["Cormorant"]


async def test_long_posts_are_indexed_and_shown(ask: Ask, finders: House) -> None:
    await write(ask, finders, "Long", "kittiwake " + "цапля " * 60_000 + " neverfound")
    await write(ask, finders, "One word", "ꙮ" * 400_000)

    [hit] = await hits(ask, finders, "kittiwake")
    assert len(hit["snippet"]) < 1000
    assert await titles(ask, finders, "neverfound") == []


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("gannets ", "<mark>gannet</mark>"),
        ("gannet or skua ", "<mark>skua</mark>"),
        ("gannet fledgling ", "<mark>fledgling</mark>"),
        ("sky ", "<mark>skies</mark>"),
    ],
)
async def test_a_snippet_shows_what_was_found_wherever_it_stands_in_a_long_text(ask: Ask, finders: House, typed: str, marked: str) -> None:
    """Also where a longer word that is not meant comes first, and where the word's stem is no part of it."""
    filling = "water " * 400
    await write(ask, finders, "Far out", f"{filling} gannetry {filling} skua {filling} a gannet and its fledgling under wide skies {filling}")

    [hit] = [one for one in await hits(ask, finders, typed) if one["node"]["title"] == "Far out"][:1]

    assert marked in hit["snippet"]
    assert len(hit["snippet"]) < 700
