"""GraphQL over HTTP: what is taken, what is refused, and with which status."""

from __future__ import annotations

import json
import re

import pytest
from litestar.types import ASGIApp

from tenants.database import connect_as_admin
from tenants.settings import TenantSettings
from tests.forms import form_of
from tests.integration.api.conftest import PASSWORD, Token, client_of
from tests.integration.conftest import House

JSON = "application/json; charset=utf-8"
GRAPHQL = "application/graphql-response+json; charset=utf-8"
NEWER = {"Accept": "application/graphql-response+json"}


async def test_a_query_is_answered_by_post_and_by_get(app: ASGIApp, library: House) -> None:
    async with client_of(app, library) as client:
        posted = await client.post("/graphql", json={"query": "query Q($s: String) { post(slug: $s) { slug } }", "variables": {"s": "post-4"}})
        got = await client.get("/graphql", params={"query": "query Q($s: String) { post(slug: $s) { slug } }", "variables": '{"s":"post-4"}'})

    assert (posted.status_code, posted.headers["content-type"]) == (200, JSON)
    assert posted.text == '{"data":{"post":{"slug":"post-4"}}}'
    assert got.text == posted.text


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        ("application/graphql-response+json", 400, GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", 400, GRAPHQL),
        ("application/json", 200, JSON),
        ("*/*", 200, JSON),
        ("application/*", 200, JSON),
        ("image/png", 406, JSON),
        ("application/json;q=0", 406, JSON),
    ],
)
async def test_an_invalid_document_has_the_status_of_the_accepted_type(
    app: ASGIApp, library: House, accept: str, status: int, content_type: str
) -> None:
    async with client_of(app, library) as client:
        answer = await client.post("/graphql", json={"query": "{ nothing }"}, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (status, content_type)
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json; charset=latin-1"]
)
async def test_bodies_that_forms_can_send_are_not_taken(app: ASGIApp, library: House, content_type: str) -> None:
    async with client_of(app, library) as client:
        answer = await client.post("/graphql", content=b'{"query":"{ __typename }"}', headers={"Content-Type": content_type})

    assert answer.status_code == 415
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"


DEEP = "[" * 5000 + "]" * 5000
BAD_BODIES = {
    "not JSON": b"{",
    "empty": b"",
    "not UTF-8": b'{"query":"{ __typename }","operationName":"\xff"}',
    "NUL": b'{"query":"query Q($s: String) { post(slug: $s) { id } }","variables":{"s":"a\\u0000"}}',
    "NUL in a key": b'{"query":"{ __typename }","variables":{"a\\u0000":1}}',
    "half a surrogate pair": b'{"query":"query Q($s: String) { post(slug: $s) { id } }","variables":{"s":"\\ud800"}}',
    "10^400": b'{"query":"query Q($n: Int) { posts(first: $n) { totalCount } }","variables":{"n":1e400}}',
    "10^400 in digits": b'{"query":"query Q($n: Int) { posts(first: $n) { totalCount } }","variables":{"n":1' + b"0" * 400 + b"}}",
    "digits beyond number": b'{"query":"{ __typename }","variables":{"n":' + b"1" * 10_000 + b"}}",
    "NaN": b'{"query":"{ __typename }","variables":{"n":NaN}}',
    "deep": b'{"query":"{ __typename }","variables":{"n":' + DEEP.encode() + b"}}",
    "deep enough": b'{"query":"{ __typename }","variables":{"n":' + b"[" * 50 + b"]" * 50 + b"}}",
    "unknown key": b'{"query":"{ __typename }","queries":1}',
    "no query": b'{"variables":{}}',
    "query of another type": b'{"query":["{ __typename }"]}',
    "variables of another type": b'{"query":"{ __typename }","variables":[]}',
    "extensions of another type": b'{"query":"{ __typename }","extensions":"x"}',
    "operationName of another type": b'{"query":"{ __typename }","operationName":1}',
    "a string": b'"{ __typename }"',
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
async def test_malformed_requests_are_refused_with_400(app: ASGIApp, library: House, body: bytes) -> None:
    async with client_of(app, library) as client:
        answer = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert list(error["extensions"]["fields"])


async def test_the_path_of_an_unfit_string_is_named(app: ASGIApp, library: House) -> None:
    async with client_of(app, library) as client:
        answer = await client.post("/graphql", content=BAD_BODIES["NUL"], headers={"Content-Type": "application/json"})

    assert list(answer.json()["errors"][0]["extensions"]["fields"]) == ["variables.s"]


async def test_large_bodies_and_batches_are_refused(app: ASGIApp, library: House) -> None:
    async with client_of(app, library) as client:
        large = await client.post("/graphql", json={"query": "{ __typename }" + " " * 2_000_000})
        batch = await client.post("/graphql", json=[{"query": "{ __typename }"}] * 2)

    assert (large.status_code, large.json()["errors"][0]["extensions"]["code"]) == (413, "LIMIT_EXCEEDED")
    assert (batch.status_code, batch.json()["errors"][0]["extensions"]["code"]) == (400, "LIMIT_EXCEEDED")


async def test_mutations_by_get_are_refused_and_do_nothing(app: ASGIApp, library: House, token_of: Token) -> None:
    mutation = 'mutation { createPost(input: {title: "By GET", content: "x"}) { post { id } } }'
    async with client_of(app, library, await token_of(library, "author")) as client:
        answer = await client.get("/graphql", params={"query": mutation})
        found = await client.post("/graphql", json={"query": '{ posts(where: {title: {eq: "By GET"}}) { totalCount } }'})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert found.json() == {"data": {"posts": {"totalCount": 0}}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(app: ASGIApp, library: House, method: str) -> None:
    async with client_of(app, library) as client:
        answer = await client.request(method, "/graphql", json={"query": "{ __typename }"})

    assert answer.status_code == 405


@pytest.mark.parametrize(
    "query",
    [
        "query=%7B__typename%7D&query=%7Bme%7D",
        "query=%7B__typename%7D&cachebuster=1",
        "query=%FF",
        "query=%7B__typename%7D&variables=%7B",
        "query=%00",
    ],
)
async def test_malformed_query_strings_are_refused(app: ASGIApp, library: House, query: str) -> None:
    async with client_of(app, library) as client:
        answer = await client.get(f"/graphql?{query}")

    assert answer.status_code == 400


async def test_a_token_that_is_not_good_here_is_refused(app: ASGIApp, library: House, neighbours: House, token_of: Token) -> None:
    foreign = await token_of(neighbours, "admin")
    for token in (foreign, "nonsense"):
        async with client_of(app, library, token) as client:
            answer = await client.post("/graphql", json={"query": "{ me { id } }"})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_production_tells_the_anonymous_nothing_of_the_schema(production: ASGIApp, library: House) -> None:
    async with client_of(production, library) as client:
        introspection = (await client.post("/graphql", json={"query": "{ __schema { types { name } } }"}, headers=NEWER)).json()
        inside_a_fragment = (await client.post("/graphql", json={"query": '{ ...F } fragment F on Query { __type(name: "Post") { name } }'})).json()
        misspelt = (await client.post("/graphql", json={"query": "{ post { id } postz { id } }"})).json()
        variable = (
            await client.post(
                "/graphql", json={"query": "query($o: PostOrder) { posts(orderBy: $o) { totalCount } }", "variables": {"o": "TITLE_AS"}}
            )
        ).json()
        page = await client.get("/graphql", headers={"Accept": "text/html"})

    assert [error["extensions"]["code"] for error in introspection["errors"] + inside_a_fragment["errors"]] == ["UNAUTHENTICATED"] * 2
    assert "Did you mean" not in json.dumps([misspelt, variable])
    assert "GraphiQL" not in page.text
    assert page.status_code == 406


async def test_production_lets_signed_in_people_introspect(production: ASGIApp, library: House, token_of: Token) -> None:
    async with client_of(production, library, await token_of(library, "reader")) as client:
        answer = (await client.post("/graphql", json={"query": '{ me { username } __type(name: "Tag") { fields { name } } t: __typename }'})).json()

    assert answer == {
        "data": {
            "me": {"username": "reader"},
            "__type": {
                "fields": [
                    {"name": n}
                    for n in ("id", "name", "slug", "synonyms", "history", "version", "posts", "postCount", "followedByMe", "followerCount")
                ]
            },
            "t": "Query",
        }
    }


async def test_developers_get_graphiql_from_this_very_address(app: ASGIApp, library: House) -> None:
    async with client_of(app, library) as client:
        page = await client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})
        files = re.findall(r'(?:src|href)="(/graphql/files/[^"]+)"', page.text)
        answers = [await client.get(file) for file in files]
        missing = await client.get("/graphql/files/..%2f..%2fengine.py")

    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "//" not in page.text
    assert len(files) == 6
    assert "unsafe" not in page.headers["content-security-policy"]
    assert {answer.status_code for answer in answers} == {200}
    assert missing.status_code == 404


async def test_what_is_unexpected_is_told_as_a_number_and_nothing_else(app: ASGIApp, neighbours: House, migrated: TenantSettings) -> None:
    table = f"{neighbours.tenant.place.schema}.tags"
    async with connect_as_admin(migrated.admin_database_url) as admin, client_of(app, neighbours) as client:
        await admin.run(f"SET ROLE {migrated.owner_role}")
        await admin.run(f"ALTER TABLE {table} RENAME TO gone")
        try:
            answer = await client.post("/graphql", json={"query": "{ tags { name } }"})
        finally:
            await admin.run(f"ALTER TABLE {neighbours.tenant.place.schema}.gone RENAME TO tags")

    assert answer.status_code == 500
    [error] = answer.json()["errors"]
    assert set(error) == {"message", "extensions"}
    assert set(error["extensions"]) == {"code", "correlationId"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert "tags" not in answer.text


async def test_a_session_by_cookie_needs_the_pages_token_and_the_pages_origin(app: ASGIApp, library: House, token_of: Token) -> None:
    await token_of(library, "author")  # gives them a password
    ask = {"query": "{ me { username } }"}
    async with client_of(app, library) as client:
        own = {"Origin": str(client.base_url).rstrip("/")}
        login = form_of(await client.get("/auth/login"))
        await client.post("/auth/login", data={"login": "author@library.example", "password": PASSWORD, "form": login, "next": ""}, headers=own)
        page = await client.get("/graphql", headers={"Accept": "text/html"})
        token = re.search(r'data-form-token="([^"]+)"', page.text)
        assert token

        without = await client.post("/graphql", json=ask, headers=own)
        elsewhere = await client.post("/graphql", json=ask, headers={"Origin": "http://neighbours.localhost:8000", "X-CSRF-Token": token[1]})
        sibling = await client.post("/graphql", json=ask, headers={"Sec-Fetch-Site": "same-site", "X-CSRF-Token": token[1]})
        with_both = await client.post("/graphql", json=ask, headers={**own, "X-CSRF-Token": token[1]})

    assert [answer.status_code for answer in (without, elsewhere, sibling)] == [403] * 3
    assert with_both.json() == {"data": {"me": {"username": "author"}}}
