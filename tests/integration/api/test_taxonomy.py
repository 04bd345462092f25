"""Tags and categories by mutation: what they answer, what they refuse, and that posts go along."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from tests.integration.api.asking import code_of
from tests.integration.api.conftest import Ask
from tests.integration.api.shelving import CATEGORY, category, done, mutate, tag
from tests.integration.conftest import House, publish_post

TREE = "{ categories(topLevel: true) { name position postCount children { name position parent { name } children { name } } } }"
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


async def post(ask: Ask, house: House, **given: Any) -> str:
    made = await done(ask, house, "createPost", "post { id }", who="author", title="Filed", content="Text", **given)
    id: str = made["post"]["id"]
    return id


async def filing(ask: Ask, house: House, id: str) -> tuple[list[str], list[str], int]:
    found = await ask(house, "admin", "query($id: ID) { post(id: $id) { tags { name } categories { name } version } }", id=id)
    shown = found["data"]["post"]
    return [t["name"] for t in shown["tags"]], [c["name"] for c in shown["categories"]], shown["version"]


async def test_categories_are_made_moved_renamed_and_read_as_a_tree(ask: Ask, acme: House, globex: House) -> None:
    works = await category(ask, acme, "Works", description=" All of them ")
    novels = await category(ask, acme, "Novels", parentId=works["id"])
    await category(ask, acme, "Essays", parentId=works["id"], position=0)
    poems = await category(ask, acme, "Poems", position=0)

    moved = await done(ask, acme, "moveCategory", CATEGORY, id=poems["id"], parentId=works["id"], position=1, expectedVersion=1)
    again = await done(ask, acme, "moveCategory", CATEGORY, id=poems["id"], position=1)
    renamed = await done(ask, acme, "updateCategory", CATEGORY, id=novels["id"], name="Long prose", slug="long-prose")
    found = await ask(
        acme, None, 'query($id: ID) { a: category(id: $id) { name } b: category(slug: "long-prose") { position parent { slug } } }', id=works["id"]
    )

    assert (works["description"], works["slug"], works["parent"]) == ("All of them", "works", None)
    assert (moved["changed"], len(moved["eventIds"]), moved["category"]["position"], moved["category"]["parent"]) == (True, 1, 1, {"name": "Works"})
    assert (again["changed"], again["eventIds"]) == (False, [])
    assert (renamed["category"]["name"], renamed["category"]["version"]) == ("Long prose", 2)
    assert found["data"] == {"a": {"name": "Works"}, "b": {"position": 2, "parent": {"slug": "works"}}}
    tree = (await ask(acme, None, TREE))["data"]["categories"]
    assert [child["name"] for top in tree if top["name"] == "Works" for child in top["children"]] == ["Essays", "Poems", "Long prose"]
    assert (await ask(globex, None, TREE))["data"]["categories"] == []


async def test_what_would_be_no_tree_is_refused_and_changes_nothing(ask: Ask, acme: House) -> None:
    top = await category(ask, acme, "Cycle top")
    below = await category(ask, acme, "Cycle below", parentId=top["id"])
    before = await ask(acme, None, TREE)

    assert code_of(await mutate(ask, acme, "moveCategory", CATEGORY, id=top["id"], parentId=below["id"])) == "CATEGORY_CYCLE"
    assert code_of(await mutate(ask, acme, "deleteCategory", "movedTo { id }", id=top["id"], moveTo=below["id"])) == "CATEGORY_CYCLE"
    assert code_of(await mutate(ask, acme, "moveCategory", CATEGORY, id=top["id"], parentId=NOBODY)) == "NOT_FOUND"
    assert code_of(await mutate(ask, acme, "deleteCategory", "movedTo { id }", id=below["id"], moveTo=NOBODY)) == "NOT_FOUND"
    assert code_of(await mutate(ask, acme, "moveCategory", CATEGORY, id=below["id"], parentId=None, expectedVersion=7)) == "CONFLICT"
    assert code_of(await mutate(ask, acme, "moveCategory", CATEGORY, id=below["id"], position=-1)) == "VALIDATION_FAILED"
    assert code_of(await mutate(ask, acme, "updateCategory", CATEGORY, id=below["id"], slug="cycle-top")) == "VALIDATION_FAILED"
    line = top["id"]
    for depth in range(5):
        line = (await category(ask, acme, f"Depth {depth}", parentId=line))["id"]
    assert code_of(await mutate(ask, acme, "createCategory", CATEGORY, name="Deeper", parentId=line)) == "CATEGORY_TOO_DEEP"
    await done(ask, acme, "deleteCategory", "movedTo { name }", id=line)
    after = await ask(acme, None, TREE)
    assert [top["name"] for top in after["data"]["categories"]] == [top["name"] for top in before["data"]["categories"]]


async def test_slugs_of_categories_are_numbered_when_made_and_refused_when_asked_for(ask: Ask, acme: House) -> None:
    slugs = [(await category(ask, acme, "Ünïque word"))["slug"] for _ in range(3)]
    refused = await mutate(ask, acme, "createCategory", CATEGORY, name="", slug="Not A Slug")
    taken = await mutate(ask, acme, "createCategory", CATEGORY, name="Other", slug="unique-word")

    assert slugs == ["unique-word", "unique-word-2", "unique-word-3"]
    assert refused["errors"][0]["extensions"]["fields"].keys() == {"name", "slug"}
    assert taken["errors"][0]["extensions"]["fields"].keys() == {"slug"}


async def test_a_deleted_category_leaves_its_children_and_posts_to_its_parent(ask: Ask, acme: House) -> None:
    parent = await category(ask, acme, "Heir")
    going = await category(ask, acme, "Going", parentId=parent["id"])
    await category(ask, acme, "Orphan", parentId=going["id"])
    filed = await post(ask, acme, categoryIds=[going["id"]])
    both = await post(ask, acme, categoryIds=[going["id"], parent["id"]])

    deleted = await done(ask, acme, "deleteCategory", "movedTo { name children { name } }", id=going["id"])

    assert deleted["movedTo"] == {"name": "Heir", "children": [{"name": "Orphan"}]}
    assert len(deleted["eventIds"]) == 4  # two posts, the child, the category
    assert await filing(ask, acme, filed) == ([], ["Heir"], 2)
    assert await filing(ask, acme, both) == ([], ["Heir"], 2)
    last = await done(ask, acme, "deleteCategory", "movedTo { name }", id=parent["id"])
    assert last["movedTo"] is None
    assert await filing(ask, acme, filed) == ([], [], 3)


async def test_merged_categories_give_their_posts_and_children_to_one_of_them(ask: Ask, acme: House, globex: House) -> None:
    one, two, into = [await category(ask, acme, name) for name in ("Film", "Movies", "Cinema")]
    below = [await category(ask, acme, name, parentId=parent["id"]) for name, parent in (("Old", into), ("Silent", one), ("Talking", two))]
    only = await post(ask, acme, categoryIds=[one["id"]])
    both = await post(ask, acme, categoryIds=[one["id"], two["id"], into["id"]])
    others = (await ask(globex, None, TREE))["data"]

    itself = await mutate(ask, acme, "mergeCategories", CATEGORY, ids=[into["id"], one["id"]], into=into["id"])
    nowhere = await mutate(ask, acme, "mergeCategories", CATEGORY, ids=[one["id"]], into=NOBODY)
    nothing = await mutate(ask, acme, "mergeCategories", CATEGORY, ids=[], into=into["id"])
    assert [code_of(refused) for refused in (itself, nowhere, nothing)] == ["MERGED_INTO_ITSELF", "NOT_FOUND", "VALIDATION_FAILED"]
    assert (await filing(ask, acme, only))[1:] == (["Film"], 1)

    merged = await done(ask, acme, "mergeCategories", CATEGORY, ids=[one["id"], two["id"], one["id"]], into=into["id"])

    assert (merged["category"]["id"], merged["category"]["name"]) == (into["id"], "Cinema")
    assert [child["name"] for child in merged["category"]["children"]] == ["Old", "Silent", "Talking"]
    assert len(merged["eventIds"]) == 2 + 2 + 2  # posts refiled, children moved, categories merged
    assert [(await filing(ask, acme, id))[1:] for id in (only, both)] == [(["Cinema"], 2)] * 2
    assert (await ask(acme, None, "query($id: ID) { category(id: $id) { id } }", id=one["id"])) == {"data": {"category": None}}
    assert code_of(await mutate(ask, acme, "mergeCategories", CATEGORY, ids=[one["id"]], into=into["id"])) == "NOT_FOUND"
    assert (await ask(globex, None, TREE))["data"] == others

    upwards = await done(ask, acme, "mergeCategories", CATEGORY, ids=[into["id"]], into=below[1]["id"])
    assert (upwards["category"]["name"], upwards["category"]["parent"]) == ("Silent", None)
    assert [child["name"] for child in upwards["category"]["children"]] == ["Old", "Talking"]


async def test_posts_stand_in_several_categories_and_are_found_by_them(ask: Ask, acme: House) -> None:
    one, other = await category(ask, acme, "Shelf one"), await category(ask, acme, "Shelf two")
    filed = await post(ask, acme, categoryIds=[other["id"], one["id"], one["id"]])
    document = "query($id: ID) { category(id: $id) { postCount posts { totalCount } } }"
    where = '{ posts(where: {categories: {some: {slug: {eq: "shelf-two"}}}}) { nodes { id } } }'

    assert await filing(ask, acme, filed) == ([], ["Shelf one", "Shelf two"], 1)
    assert (await ask(acme, "author", document, id=one["id"]))["data"]["category"] == {"postCount": 0, "posts": {"totalCount": 1}}
    assert (await ask(acme, None, document, id=one["id"]))["data"]["category"] == {"postCount": 0, "posts": {"totalCount": 0}}
    assert (await ask(acme, "author", where))["data"]["posts"]["nodes"] == [{"id": filed}]
    await done(ask, acme, "updatePost", "post { id }", who="author", id=filed, categoryIds=[other["id"]])
    assert await filing(ask, acme, filed) == ([], ["Shelf two"], 2)
    unknown = await mutate(ask, acme, "updatePost", "post { id }", who="author", id=filed, categoryIds=[NOBODY])
    assert unknown["errors"][0]["extensions"]["fields"] == {"categoryIds": f"names no category of this organization: {NOBODY}"}


async def test_counts_follow_what_is_published(ask: Ask, bus: Bus, acme: House) -> None:
    shelf = await category(ask, acme, "Counted")
    filed = await post(ask, acme, categoryIds=[shelf["id"]], tags=["Counted word"])
    await publish_post(bus, acme, UUID(filed))

    found = await ask(acme, None, '{ category(slug: "counted") { postCount } tag(slug: "counted-word") { postCount } }')

    assert found["data"] == {"category": {"postCount": 1}, "tag": {"postCount": 1}}


async def test_a_synonym_leads_to_its_tag_wherever_it_is_used(ask: Ask, acme: House) -> None:
    made = await tag(ask, acme, "JavaScript", synonyms=["JS", "ECMAScript"])
    same = await done(ask, acme, "createTag", "tag { id }", name="js")
    filed = await post(ask, acme, tags=["ecmascript", "JS", "javascript"])

    assert (made["synonyms"], made["slug"]) == (["ECMAScript", "JS"], "javascript")
    assert (same["tag"]["id"], same["changed"]) == (made["id"], False)
    assert (await filing(ask, acme, filed))[0] == ["JavaScript"]


async def test_a_renamed_tag_keeps_its_posts_and_its_old_name(ask: Ask, acme: House) -> None:
    old = await tag(ask, acme, "Wireles")
    filed = await post(ask, acme, tags=["Wireles"])
    await tag(ask, acme, "Radio")

    renamed = await done(ask, acme, "renameTag", "tag { id name slug synonyms }", id=old["id"], name="Wireless", expectedVersion=1)
    taken = await mutate(ask, acme, "renameTag", "tag { id }", id=old["id"], name="Radio")
    stale = await mutate(ask, acme, "renameTag", "tag { id }", id=old["id"], name="Other", expectedVersion=1)
    plain = await done(ask, acme, "renameTag", "tag { synonyms }", id=old["id"], name="Wireless", synonyms=[])

    assert renamed["tag"] == {"id": old["id"], "name": "Wireless", "slug": "wireless", "synonyms": ["Wireles"]}
    assert (await filing(ask, acme, filed))[0] == ["Wireless"]
    assert (code_of(taken), code_of(stale)) == ("TAG_WORD_TAKEN", "CONFLICT")
    assert plain["tag"]["synonyms"] == []


async def test_merged_tags_give_their_posts_and_words_to_one_of_them(ask: Ask, acme: House) -> None:
    one, two, into = await tag(ask, acme, "Colour"), await tag(ask, acme, "Color", synonyms=["Hue"]), await tag(ask, acme, "Colours")
    only, both = await post(ask, acme, tags=["Colour"]), await post(ask, acme, tags=["Colour", "Hue", "Colours"])
    approved = await post(ask, acme, tags=["Hue"])
    await done(ask, acme, "submitPost", "post { id }", who="author", id=approved)
    await done(ask, acme, "approvePost", "post { id }", who="editor", id=approved)

    merged = await done(ask, acme, "mergeTags", "tag { id synonyms }", ids=[one["id"], two["id"]], into=into["id"])

    assert merged["tag"] == {"id": into["id"], "synonyms": ["Color", "Colour", "Hue"]}
    assert [(await filing(ask, acme, id))[0] for id in (only, both, approved)] == [["Colours"]] * 3
    state = await ask(acme, "admin", "query($id: ID) { post(id: $id) { status approval { status } } }", id=approved)
    assert state["data"]["post"] == {"status": "APPROVED", "approval": {"status": "APPROVED"}}
    assert (await ask(acme, None, "query($id: ID) { tag(id: $id) { id } }", id=one["id"])) == {"data": {"tag": None}}
    assert (await filing(ask, acme, await post(ask, acme, tags=["color"])))[0] == ["Colours"]
    itself = await mutate(ask, acme, "mergeTags", "tag { id }", ids=[into["id"]], into=into["id"])
    gone = await mutate(ask, acme, "mergeTags", "tag { id }", ids=[one["id"]], into=into["id"])
    assert (code_of(itself), code_of(gone)) == ("MERGED_INTO_ITSELF", "NOT_FOUND")
    assert code_of(await mutate(ask, acme, "mergeTags", "tag { id }", ids=[into["id"]], into=NOBODY)) == "NOT_FOUND"


async def test_a_deleted_tag_is_taken_off_its_posts(ask: Ask, acme: House) -> None:
    made = await tag(ask, acme, "Short-lived", synonyms=["Brief"])
    filed = await post(ask, acme, tags=["Brief", "Lasting"])

    deleted = await done(ask, acme, "deleteTag", "", id=made["id"], expectedVersion=2)

    assert (deleted["changed"], len(deleted["eventIds"])) == (True, 2)
    assert await filing(ask, acme, filed) == (["Lasting"], [], 2)
    assert code_of(await mutate(ask, acme, "deleteTag", "", id=made["id"])) == "NOT_FOUND"


@pytest.mark.parametrize("name", ["moveCategory", "updateCategory", "deleteCategory", "mergeCategories", "renameTag", "deleteTag", "mergeTags"])
async def test_what_belongs_to_another_organization_is_as_unknown_as_what_is_not_there(ask: Ask, acme: House, globex: House, name: str) -> None:
    stays = (await done(ask, globex, "createTag", "tag { id }", who="admin", name="Stays"))["tag"]["id"]
    shelf, word = await category(ask, acme, f"Own {name}"), await tag(ask, acme, f"Own {name}")
    more: dict[str, dict[str, Any]] = {"updateCategory": {"name": "x"}, "renameTag": {"name": "x"}}
    answers = []
    stays = (await category(ask, globex, f"Stays {name}", who="admin"))["id"] if name == "mergeCategories" else stays
    for id in (shelf["id"] if "Categor" in name else word["id"], NOBODY):
        given = {"ids": [id], "into": stays} if name.startswith("merge") else {"id": id, **more.get(name, {})}
        answers.append(await mutate(ask, globex, name, "", who="admin", **given))

    assert code_of(answers[0]) == "NOT_FOUND"
    assert answers[0] == answers[1]


async def test_posts_are_found_by_a_category_and_by_whatever_stands_under_it(ask: Ask, acme: House, globex: House) -> None:
    above = await category(ask, acme, "Within")
    below = await category(ask, acme, "Within it", parentId=above["id"])
    deep, beside = await category(ask, acme, "Deep within", parentId=below["id"]), await category(ask, acme, "Beside it")
    posts = {one["id"]: await post(ask, acme, categoryIds=[one["id"]]) for one in (above, below, deep, beside)}
    query = "query($w: WithinFilter) { posts(where: {categories: {some: {within: $w}}}) { nodes { id } } }"

    async def found(who: House, **given: Any) -> set[str]:
        response = await ask(who, "owner", query, w=given)
        return {node["id"] for node in response["data"]["posts"]["nodes"]}

    assert await found(acme, eq=above["id"]) == {posts[one["id"]] for one in (above, below, deep)}
    assert await found(acme, eq=deep["id"]) == {posts[deep["id"]]}
    assert await found(acme, **{"in": [below["id"], beside["id"]]}) == {posts[one["id"]] for one in (below, deep, beside)}
    assert await found(acme, eq=NOBODY) == await found(globex, eq=above["id"]) == set()
    assert code_of(await ask(acme, "owner", query, w={"eq": "no id"})) == "VALIDATION_FAILED"
    assert code_of(await ask(acme, "owner", query, w={"eq": None})) == "VALIDATION_FAILED"
    tree = await ask(acme, None, "query($id: ID) { categories(where: {within: {eq: $id}}) { name } }", id=above["id"])
    assert {one["name"] for one in tree["data"]["categories"]} == {"Within", "Within it", "Deep within"}
