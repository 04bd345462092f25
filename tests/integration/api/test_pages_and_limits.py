"""Cursors that were tampered with, arguments that make no sense, and documents that ask for too much."""

from __future__ import annotations

import string
from typing import Any

import pytest

from tests.integration.api.conftest import Ask
from tests.integration.conftest import House

PAGE = """query($after: String, $first: Int = 3) {
  posts(first: $first, after: $after, orderBy: TITLE_ASC) { nodes { slug } pageInfo { hasNextPage endCursor } }
}"""


DEEP = "{ me { posts " + "{ nodes { author { posts " * 4 + "{ totalCount }" + " } } }" * 4 + " } }"


def refusal_of(response: dict[str, Any]) -> tuple[str, list[str]]:
    [error] = response["errors"]
    assert "data" not in response
    return error["extensions"]["code"], list(error["extensions"].get("fields", ()))


async def test_walking_through_the_pages_meets_every_post_once(ask: Ask, library: House) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await ask(library, "admin", PAGE, after=after))["data"]["posts"]
        seen += [node["slug"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert len(seen) == 30  # the deleted ones are in no list
    assert len(set(seen)) == 30


async def test_a_changed_cursor_is_refused_whatever_was_changed(ask: Ask, library: House) -> None:
    cursor = (await ask(library, None, PAGE))["data"]["posts"]["pageInfo"]["endCursor"]
    letters = string.ascii_letters + string.digits + "-_"

    for position in range(0, len(cursor), 3):
        other = next(letter for letter in letters if letter != cursor[position])
        changed = cursor[:position] + other + cursor[position + 1 :]
        assert refusal_of(await ask(library, None, PAGE, after=changed)) == ("VALIDATION_FAILED", ["posts.after"])


@pytest.mark.parametrize("cursor", ["", "v", "n", "vAAAA", "x", "v" + "A" * 5000, "vé", "v====", "v' OR 1=1 --"])
async def test_what_is_no_cursor_is_refused(ask: Ask, library: House, cursor: str) -> None:
    assert refusal_of(await ask(library, None, PAGE, after=cursor)) == ("VALIDATION_FAILED", ["posts.after"])


async def test_cursors_belong_to_one_order_and_one_organization(ask: Ask, library: House, neighbours: House) -> None:
    cursor = (await ask(library, None, PAGE))["data"]["posts"]["pageInfo"]["endCursor"]

    assert refusal_of(await ask(neighbours, None, PAGE, after=cursor))[0] == "VALIDATION_FAILED"
    assert refusal_of(await ask(library, None, PAGE.replace("TITLE_ASC", "TITLE_DESC"), after=cursor))[0] == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("query", "code", "fields"),
    [
        ("{ posts(first: 101) { totalCount } }", "LIMIT_EXCEEDED", []),
        ("{ posts(first: -1) { totalCount } }", "VALIDATION_FAILED", ["posts.first"]),
        ("{ a: posts(last: -1) { totalCount } }", "VALIDATION_FAILED", ["a.last"]),
        ("{ posts(first: 1, last: 1) { totalCount } }", "VALIDATION_FAILED", ["posts.last"]),
        ("{ post { id } }", "VALIDATION_FAILED", ["post"]),
        ('{ post(id: "01890a5d-ac96-774b-bcce-b302099a8057", slug: "x") { id } }', "VALIDATION_FAILED", ["post"]),
        ('{ post(id: "x") { id } }', "VALIDATION_FAILED", ["post.id"]),
        ('{ posts(where: {id: {in: ["x"]}}) { totalCount } }', "VALIDATION_FAILED", ["posts.where.id.in"]),
        ("{ posts(where: {title: {eq: null}}) { totalCount } }", "VALIDATION_FAILED", ["posts.where.title.eq"]),
        ("{ posts(where: {title: null}) { totalCount } }", "VALIDATION_FAILED", ["posts.where.title"]),
        ("{ posts(where: {or: null}) { totalCount } }", "VALIDATION_FAILED", ["posts.where.or"]),
        ('{ posts(where: {createdAt: {gt: "yesterday"}}) { totalCount } }', "VALIDATION_FAILED", []),
        ("{ posts(first: 100) { nodes { author { posts(first: 100) { nodes { title } } } } } }", "LIMIT_EXCEEDED", []),
        (DEEP, "LIMIT_EXCEEDED", []),
        ("{ " + " ".join(f"a{n}: me {{ id }}" for n in range(21)) + " }", "LIMIT_EXCEEDED", []),
        ("{ me { " + " ".join(f"a{n}: id" for n in range(61)) + " } }", "LIMIT_EXCEEDED", []),
        ("{ me { id " + "@include(if: true) " * 61 + "} }", "LIMIT_EXCEEDED", []),
        ("{ me { " + "id " * 5000 + "} }", "LIMIT_EXCEEDED", []),
        ('{ post(slug: "' + "x" * 200_000 + '") { id } }', "LIMIT_EXCEEDED", []),
        ("{ me " + "{ ... " * 400 + "{ id }" + "}" * 400 + " }", "LIMIT_EXCEEDED", []),
        ("{ me { " + "id " * 1001 + "} }", "LIMIT_EXCEEDED", []),
        ("{ posts(where: {or: [" + '{title: {eq: "x"}},' * 61 + "]}) { totalCount } }", "LIMIT_EXCEEDED", []),
        ("{ posts(wher: {}) { totalCount } }", "VALIDATION_FAILED", []),
        ("{ me { passwordHash } }", "VALIDATION_FAILED", []),
        ("{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A }", "VALIDATION_FAILED", []),
        ("subscription { posts { totalCount } }", "VALIDATION_FAILED", []),
        ("query A { me { id } } query B { me { id } }", "VALIDATION_FAILED", ["operationName"]),
        ("{", "VALIDATION_FAILED", []),
        ('{ post(slug: "\\u0000") { id } }', "VALIDATION_FAILED", []),
    ],
)  # fmt: skip
async def test_documents_that_ask_for_too_much_or_for_nonsense_are_refused_whole(
    ask: Ask, library: House, query: str, code: str, fields: list[str]
) -> None:
    response = await ask(library, "admin", query)

    assert "data" not in response
    assert {error["extensions"]["code"] for error in response["errors"]} == {code}
    assert [field for error in response["errors"] for field in error["extensions"].get("fields", ())] == fields


async def test_fragments_that_double_each_other_are_counted_spread_out(ask: Ask, library: House) -> None:
    levels = "".join(f"fragment F{n} on User {{ a{n}: posts {{ nodes {{ author {{ ...F{n + 1} ...F{n + 1} }} }} }} }} " for n in range(3))

    response = await ask(library, "admin", "{ me { ...F0 } } " + levels + "fragment F3 on User { " + " ".join(["id"] * 200) + " }")

    assert refusal_of(response)[0] == "LIMIT_EXCEEDED"


async def test_sizes_in_variables_count_as_much_as_those_in_the_document(ask: Ask, library: House) -> None:
    query = "query($n: Int) { posts(first: $n) { nodes { author { posts(first: $n) { nodes { id } } } } } }"

    assert "errors" not in await ask(library, "admin", query, n=3)
    assert refusal_of(await ask(library, "admin", query, n=100))[0] == "LIMIT_EXCEEDED"
    assert refusal_of(await ask(library, "admin", query, n=101))[0] == "LIMIT_EXCEEDED"


async def test_variables_that_nobody_declared_are_refused(ask: Ask, library: House) -> None:
    assert refusal_of(await ask(library, None, "{ me { id } }", x=1)) == ("VALIDATION_FAILED", ["variables.x"])


HOSTILE = (
    "' OR 1=1 --",
    '"; DROP SCHEMA x; --',
    "$1",
    "\\'",
    "%",
    "_",
    "{row}",
    "__tenant__.users",
    "x" * 10_000,
    "\U0001f58b",
    "\u2028",
    "Robert'); --",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_only_ever_text(ask: Ask, library: House, text: str) -> None:
    literal = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    queries = [
        "query($t: String!) { posts(where: {title: {contains: $t}}) { totalCount } }",
        "query($t: String!) { posts(where: {or: [{slug: {in: [$t]}}, {tags: {some: {name: {startsWith: $t}}}}]}) { totalCount } }",
        "query($t: String!) { post(slug: $t) { id } }",
    ]
    for query in queries:
        response = await ask(library, "admin", query, t=text)
        assert "errors" not in response
        written = query.replace("query($t: String!) ", "").replace("$t", literal)
        assert await ask(library, "admin", written) == response
