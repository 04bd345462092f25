"""Who may see what: each guarded field for each role, row policies, and that hidden fields leave no trace in filters and orders."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType

from app.api.permissions import INTRODUCTION, NO, NOBODY, OWN, YES, matrix, printed
from app.api.reading import Caller  # noqa: F401 - the type that `ask` builds
from app.api.schema import schema
from app.bus import Bus
from app.comments.commands import AddComment
from app.content.commands import ApprovePost, PublishPost, SubmitPost
from app.users.values import DEFAULT_ROLES
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.api.reference.world import World
from tests.integration.conftest import House, write_post

ROLES = {None: NOBODY, "reader": "reader", "moderator": "moderator", "author": "author", "editor": "editor"} | {
    "lucia": "content_manager",
    "admin": "admin",
    "owner": "owner",
}
MATRIX = {line.place: line.cells for line in matrix(schema(), DEFAULT_ROLES)}
FIELDS: dict[str, tuple[str, list[str]]] = {
    "Query.draftPosts": ("{ draftPosts { totalCount } }", ["draftPosts"]),
    "Query.deletedPosts": ("{ deletedPosts { totalCount } }", ["deletedPosts"]),
    "Query.users": ("{ users { totalCount } }", ["users"]),
    "Query.roles": ("{ roles { name } }", ["roles"]),
    "Query.notifications": ("{ notifications { id } }", ["notifications"]),
    "Query.auditLog": ("{ auditLog { totalCount } }", ["auditLog"]),
    "Organization.settings": ("{ organization { settings } }", ["organization", "settings"]),
    "Organization.policies": ("{ organization { policies } }", ["organization", "policies"]),
    "Organization.usage": ("{ organization { usage { posts } } }", ["organization", "usage"]),
    "Organization.quotas": ("{ organization { quotas { posts } } }", ["organization", "quotas"]),
}
# Of the author, seen by others: null without an error where they are hidden.
OF_A_PERSON: dict[str, str] = {
    "User.email": "email",
    "User.role": "role",
    "User.permissions": "permissions",
    "User.status": "status",
    "User.preferences": "preferences { notificationChannels }",
    "User.twoFactorEnabled": "twoFactorEnabled",
    "User.unreadNotificationCount": "unreadNotificationCount",
    "User.version": "version",
}
# Shown elsewhere: by test, since what they are depends on the row.
ELSEWHERE = {
    "AuditEntry": "reached by Query.auditLog alone, which is above; test_differential, for each kind of reader",
    "Query.me": "test_mutations and test_http ask for it as everybody",
    "Post": "test_unpublished_posts_are_for_insiders",
    "Post.approval": "test_differential, for each kind of reader",
    "Post.history": "test_history",
    "Post.asOf": "test_history",
    "Post.difference": "test_history",
    **{f"{kind}.history": "test_histories" for kind in ("Tag", "Category", "Comment", "User", "Role", "Organization")},
    "Comment": "test_comments and test_differential",
    "Comment.moderation": "test_comments and test_differential",
    "Notification": "test_differential, for each kind of reader",
    "Identity": "test_differential, for each kind of reader",
    "Followed": "test_following; test_differential, for each kind of reader",
    "User.newEmail": "test_people: an address waits for its link",
    "User.emailVerifiedAt": "test_people: an invitation is accepted",
    "User.lastLoginAt": "test_people: somebody signs in",
    "Role.memberCount": "test_differential, for each kind of reader",
}
MUTATIONS: dict[str, str] = {
    "createPost": '{title: "x", content: "y"}',
    "updatePost": '{id: "ID", title: "x"}',
    "submitPost": '{id: "ID"}',
    "publishPosts": '{ids: ["ID"]}',
    "archivePosts": '{ids: ["ID"]}',
    "deletePosts": '{ids: ["ID"]}',
    "tagPosts": '{ids: ["ID"], remove: ["ID"]}',
    "movePosts": '{ids: ["ID"], categoryIds: []}',
    "withdrawPost": '{id: "ID"}',
    "approvePost": '{id: "ID"}',
    "rejectPost": '{id: "ID", reason: "x"}',
    "publishPost": '{id: "ID"}',
    "schedulePost": '{id: "ID", publishAt: "2030-01-01T00:00:00Z"}',
    "setPostExpiry": '{id: "ID", expiresAt: null}',
    "unpublishPost": '{id: "ID"}',
    "archivePost": '{id: "ID"}',
    "deletePost": '{id: "ID"}',
    "restorePost": '{id: "ID"}',
    "createTag": '{name: ""}',
    "renameTag": '{id: "ID", name: "x"}',
    "mergeTags": '{ids: ["ID"], into: "ID"}',
    "deleteTag": '{id: "ID"}',
    "createCategory": '{name: ""}',
    "updateCategory": '{id: "ID", name: "x"}',
    "moveCategory": '{id: "ID"}',
    "mergeCategories": '{ids: ["ID"], into: "ID"}',
    "deleteCategory": '{id: "ID"}',
    "addComment": '{postId: "ID", body: "x"}',
    "editComment": '{id: "ID", body: "x"}',
    "approveComment": '{id: "ID"}',
    "rejectComment": '{id: "ID"}',
    "deleteComment": '{id: "ID"}',
    "eraseGuest": '{id: "ID"}',
    "approveComments": '{ids: ["ID"]}',
    "rejectComments": '{ids: ["ID"]}',
    "deleteComments": '{ids: ["ID"]}',
    "updateOrganization": '{name: ""}',
    "markNotificationsRead": "{}",
    "inviteUser": '{email: "x", name: ""}',
    "acceptInvitation": '{token: "x", password: "x"}',
    "updateProfile": '{id: "ID", website: "https://example.org/"}',
    "updatePreferences": '{timeZone: "x"}',
    "changeEmail": '{email: "x"}',
    "changeRole": '{id: "ID", role: "reader"}',
    "grantPermissions": '{id: "ID", permissions: ["content.create"]}',
    "revokePermissions": '{id: "ID", permissions: ["content.create"]}',
    "suspendUser": '{id: "ID"}',
    "reactivateUser": '{id: "ID"}',
    "removeUser": '{id: "ID"}',
    "eraseUser": '{id: "ID", confirm: ""}',
    "createRole": '{name: ""}',
    "updateRole": '{id: "ID", name: "x"}',
    "deleteRole": '{id: "ID"}',
    "recordPostView": '{id: "ID"}',
    "likePost": '{id: "ID"}',
    "unlikePost": '{id: "ID"}',
    "sharePost": '{id: "ID"}',
    "follow": '{target: TAG, id: "ID"}',
    "unfollow": '{target: TAG, id: "ID"}',
}
# The token of the link is the right to do it; everybody looks at posts and shares them; guests comment where an organization lets them.
OPEN = {"acceptInvitation", "recordPostView", "sharePost", "addComment"}
EVENTS = statement("SELECT count(*) FROM __tenant__.domain_events")
FORBIDDEN = {role: "FORBIDDEN" if role else "UNAUTHENTICATED" for role in ROLES}


def test_every_line_of_the_matrix_is_tried_by_every_role() -> None:
    """Whoever adds a field or mutation that is not for everybody adds a case above; its expected answers come from the matrix."""
    assert MATRIX.keys() == FIELDS.keys() | OF_A_PERSON.keys() | ELSEWHERE.keys() | {f"Mutation.{name}" for name in MUTATIONS if name not in OPEN}
    assert set(MUTATIONS) == set(schema().object_type("Mutation").fields)


def test_the_committed_matrix_is_what_the_code_says() -> None:
    committed = (Path(__file__).parents[3] / "docs" / "permissions.md").read_text()
    roles = {role: DEFAULT_ROLES[role] for role in reversed(DEFAULT_ROLES)}

    assert committed == f"{INTRODUCTION}\n{printed(matrix(schema(), roles))}", "run: imprint schema permissions > docs/permissions.md"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("field", FIELDS)
async def test_a_guarded_field_is_null_with_an_error_for_those_it_is_not_for(ask: Ask, library: House, field: str, role: str | None) -> None:
    query, path = FIELDS[field]

    response = await ask(library, role, query)

    value: Any = response["data"]
    for key in path:
        value = value[key]
    if MATRIX[field][ROLES[role]] == YES:
        assert value is not None
        assert "errors" not in response
    else:
        assert value is None
        [error] = response["errors"]
        assert (error["path"], error["extensions"]) == (path, {"code": FORBIDDEN[role]})


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("field", OF_A_PERSON)
async def test_what_concerns_a_person_is_null_for_those_it_is_not_for(ask: Ask, library: House, field: str, role: str | None) -> None:
    query = f"query($id: ID!) {{ user(id: $id) {{ it: {OF_A_PERSON[field]} }} }}"

    response = await ask(library, role, query, id=str(library.id_of("author")))

    shown = MATRIX[field][ROLES[role]] == YES or (MATRIX[field][ROLES[role]] == OWN and role == "author")
    assert "errors" not in response
    assert (response["data"]["user"]["it"] is not None) is shown


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutation_is_refused_to_those_it_is_not_for_and_nothing_happens(
    ask: Ask, library: House, pool: Database, name: str, role: str | None
) -> None:
    given = MUTATIONS[name].replace('title: "x", content', 'title: "", content').replace("ID", "01890a5d-ac96-774b-bcce-b302099a8057")
    before = await _events(pool, library)

    response = await ask(library, role, f"mutation {{ {name}(input: {given}) {{ changed }} }}")

    codes = [error["extensions"]["code"] for error in response.get("errors", ())]
    if name not in OPEN and MATRIX[f"Mutation.{name}"][ROLES[role]] == NO:
        assert codes == [FORBIDDEN[role]]
    elif name == "addComment" and role is None:  # this one does not let them
        assert codes == ["UNAUTHENTICATED"]
    else:
        assert codes in ([], ["NOT_FOUND"], ["VALIDATION_FAILED"])
    assert await _events(pool, library) == before


@pytest.fixture(scope="module")
async def anothers(bus: Bus, acme: House) -> dict[str, UUID]:
    """A draft and a published post with a comment, all by somebody who is none of ROLES."""

    async def by(key: str, command: object) -> None:
        await bus.execute(acme.tenant, command, acme.people[key], correlation_id=new_id())

    draft, public, comment = await write_post(bus, acme, author="pavel"), await write_post(bus, acme, author="pavel"), new_id()
    await by("pavel", SubmitPost(public))
    await by("owner", ApprovePost(public))
    await by("owner", PublishPost(public))
    await by("pavel", AddComment(comment, public, "Words of my own.", None))
    return {"Post": draft, "Comment": comment, "User": acme.id_of("pavel"), "Profile": acme.id_of("pavel")}


@pytest.mark.parametrize(
    ("name", "role"), [(name, role) for name in MUTATIONS for role in ROLES if name not in OPEN and MATRIX[f"Mutation.{name}"][ROLES[role]] == OWN]
)
async def test_what_is_for_ones_own_is_refused_for_what_is_anothers(
    ask: Ask, acme: House, anothers: dict[str, UUID], pool: Database, name: str, role: str
) -> None:
    kind, many = next(kind for kind in anothers if name.removesuffix("s").endswith(kind)), name.endswith("s")
    before = await _events(pool, acme)

    asked = f"{name}(input: {MUTATIONS[name].replace('ID', str(anothers[kind]))}) {{ changed {'results { error { code } }' if many else ''} }}"
    response = await ask(acme, role, f"mutation {{ {asked} }}")

    [code] = [one["error"]["code"] for one in response["data"][name]["results"]] if many else [response["errors"][0]["extensions"]["code"]]
    assert code in {"FORBIDDEN", "NOT_FOUND"}
    assert await _events(pool, acme) == before


async def _events(pool: Database, house: House) -> int:
    async with pool.reading(house.tenant.place) as connection:
        return int(await connection.fetchval(EVENTS))


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

    deleted = {row["slug"] for row in world.tables["posts"] if row["status"] == "DELETED"}
    assert {node["slug"] for node in listed["data"]["posts"]["nodes"]} == readable - deleted
    assert listed["data"]["posts"]["totalCount"] == len(readable - deleted)
    assert {slug for slug, response in one_by_one.items() if response["data"]["post"]} == readable


def test_hidden_fields_are_in_no_filter_and_no_order_that_others_may_use() -> None:
    types = schema().graphql.type_map
    usable_by_all = ("PostWhere", "TagWhere", "CategoryWhere")
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
