"""Who may see what: each guarded field for each role, row policies, and that hidden fields leave no trace in filters and orders."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLInputObjectType

from app.api.reading import Caller  # noqa: F401 - the type that `ask` builds
from app.api.schema import schema
from tests.integration.api.conftest import Ask
from tests.integration.api.reference import World
from tests.integration.conftest import House

ROLES = (None, "reader", "moderator", "author", "editor", "lucia", "admin", "owner")
GUARDED: dict[str, tuple[str, list[str], set[str]]] = {
    "Query.draftPosts": ("{ draftPosts { totalCount } }", ["draftPosts"], {"lucia", "admin", "owner"}),
    "Query.users": ("{ users { totalCount } }", ["users"], {"admin", "owner"}),
    "Query.notifications": ("{ notifications { id } }", ["notifications"], {"reader", "moderator", "author", "editor", "lucia", "admin", "owner"}),
    "Organization.settings": ("{ organization { settings } }", ["organization", "settings"], {"admin", "owner"}),
    "Organization.policies": ("{ organization { policies } }", ["organization", "policies"], {"admin", "owner"}),
}
MUTATIONS: dict[str, tuple[str, set[str | None]]] = {
    "createPost": ('{title: "x", content: "y"}', {"author", "editor", "lucia", "admin", "owner"}),
    "updatePost": ('{id: "ID", title: "x"}', set(ROLES) - {None}),
    "submitPost": ('{id: "ID"}', {"author", "editor", "lucia", "admin", "owner"}),
    "approvePost": ('{id: "ID"}', {"editor", "lucia", "admin", "owner"}),
    "rejectPost": ('{id: "ID", reason: "x"}', {"editor", "lucia", "admin", "owner"}),
    "publishPost": ('{id: "ID"}', {"editor", "lucia", "admin", "owner"}),
    "unpublishPost": ('{id: "ID"}', {"editor", "lucia", "admin", "owner"}),
    "archivePost": ('{id: "ID"}', set(ROLES) - {None}),
    "markNotificationsRead": ("{}", set(ROLES) - {None}),
}


def test_every_guarded_field_is_in_this_matrix() -> None:
    guarded = {f"{type_}.{field}" for type_, field in schema().bindings.requirements}

    assert guarded == GUARDED.keys() | {f"Mutation.{name}" for name in MUTATIONS}
    assert set(MUTATIONS) == set(schema().object_type("Mutation").fields)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("field", GUARDED)
async def test_a_guarded_field_is_null_with_an_error_for_those_it_is_not_for(ask: Ask, library: House, field: str, role: str | None) -> None:
    query, path, allowed = GUARDED[field]

    response = await ask(library, role, query)

    value: Any = response["data"]
    for key in path:
        value = value[key]
    if role in allowed:
        assert value is not None
        assert "errors" not in response
    else:
        assert value is None
        [error] = response["errors"]
        assert (error["path"], error["extensions"]) == (path, {"code": "FORBIDDEN" if role else "UNAUTHENTICATED"})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_guarded_mutation_is_refused_before_anything_is_looked_up(ask: Ask, library: House, name: str, role: str | None) -> None:
    given, allowed = MUTATIONS[name]
    if name == "createPost":
        given = given.replace('"x"', '""')
    unknown = given.replace("ID", "01890a5d-ac96-774b-bcce-b302099a8057")

    response = await ask(library, role, f"mutation {{ {name}(input: {unknown}) {{ changed }} }}")

    codes = [error["extensions"]["code"] for error in response.get("errors", ())]
    if role in allowed:
        assert codes in ([], ["NOT_FOUND"], ["VALIDATION_FAILED"])
    else:
        assert codes == ["FORBIDDEN" if role else "UNAUTHENTICATED"]


@pytest.mark.parametrize("role", ROLES)
async def test_what_concerns_a_person_is_for_themselves_and_managers(ask: Ask, library: House, role: str | None) -> None:
    query = "query($id: ID!) { user(id: $id) { username email role permissions status } }"

    response = await ask(library, role, query, id=str(library.id_of("author")))

    shown = {"email": "author@library.example", "role": "author", "permissions": ["content.create", "content.submit"], "status": "ACTIVE"}
    hidden = dict.fromkeys(shown)
    expected = shown if role in {"author", "admin", "owner"} else hidden
    assert response == {"data": {"user": {"username": "author", **expected}}}


@pytest.mark.parametrize("role", ROLES)
async def test_unpublished_posts_are_for_insiders(ask: Ask, library: House, world: World, role: str | None) -> None:
    me = library.id_of(role) if role else None
    edited = {pair["post_id"] for pair in world.tables["post_editors"] if pair["user_id"] == me}
    everything = role in {"editor", "lucia", "admin", "owner"}
    readable = {
        row["slug"] for row in world.tables["posts"] if row["status"] == "PUBLISHED" or everything or row["author_id"] == me or row["id"] in edited
    }

    listed = await ask(library, role, "{ posts(first: 100) { totalCount nodes { slug } } }")
    one_by_one = {
        row["slug"]: await ask(library, role, "query($s: String) { post(slug: $s) { slug } }", s=row["slug"]) for row in world.tables["posts"]
    }

    assert {node["slug"] for node in listed["data"]["posts"]["nodes"]} == readable
    assert listed["data"]["posts"]["totalCount"] == len(readable)
    assert {slug for slug, response in one_by_one.items() if response["data"]["post"]} == readable


def test_hidden_fields_are_in_no_filter_and_no_order_that_others_may_use() -> None:
    types = schema().graphql.type_map
    usable_by_all = ("PostWhere", "TagWhere")
    fields = {field for name in usable_by_all if isinstance(found := types[name], GraphQLInputObjectType) for field in found.fields}

    assert not fields & {"email", "role", "permissions", "approval", "rejectionReason", "settings", "policies"}
    assert not any(word in order for order in types["PostOrder"].values for word in ("EMAIL", "ROLE", "REJECT", "APPROV"))  # type: ignore[attr-defined]


async def test_denied_fields_name_every_place_they_were_asked_at(ask: Ask, library: House) -> None:
    response = await ask(
        library,
        "reader",
        "{ a: organization { x: settings ...F } b: users { totalCount } tags(first: 1) { name } } fragment F on Organization { policies }",
    )

    assert response["data"]["a"] == {"x": None, "policies": None}
    assert response["data"]["b"] is None
    assert len(response["data"]["tags"]) == 1
    assert sorted(error["path"] for error in response["errors"]) == [["a", "policies"], ["a", "x"], ["b"]]
