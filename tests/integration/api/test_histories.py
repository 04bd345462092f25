"""What happened to tags, categories, comments, people, roles and the organization, told to those who may know it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.comments.commands import AddComment, ApproveComment, DeleteComment, EditComment, EraseGuest, RejectComment
from app.comments.values import Guest
from app.users.commands import ChangeRole, GrantPermissions, SuspendUser, UpdateProfile
from auth.principal import ANONYMOUS
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.api.conftest import Ask
from tests.integration.api.shelving import category, done, tag
from tests.integration.api.talking import published
from tests.integration.conftest import House, house_of

ENTRIES = "history(first: $first, beforeVersion: $before) { version type actor { username } changes details }"
ASKED = "query($id: ID!, $first: Int, $before: Int) {{ it: {}(id: $id) {{ {} }} }}"
ROLES_HISTORIES = "{ roles { id history { type actor { username } changes } } }"
ORGANIZATION = f"query($first: Int, $before: Int) {{ it: organization {{ {ENTRIES} }} }}"
ROLES = ("owner", "admin", "lucia", "editor", "author", "reader", None)


@pytest.fixture
async def house(migrated: TenantSettings, pool: Database, globex: House) -> House:
    return await house_of(migrated, pool, replace(ACME, slug=f"histories-{new_id().hex[-12:]}"))


async def history(ask: Ask, house: House, who: str | None, kind: str, id: object, **given: Any) -> Any:
    """None where it is not told."""
    response = await ask(house, who, ASKED.format(kind, ENTRIES).replace("ID!", "ID!" if kind == "user" else "ID"), id=str(id), **given)
    assert "errors" not in response, response
    return response["data"]["it"]["history"]


async def test_a_tags_and_a_categorys_history_are_told_newest_first_to_those_who_manage_them(ask: Ask, house: House, globex: House) -> None:
    wine, shelf, above = await tag(ask, house, "Wine"), await category(ask, house, "Shelf"), await category(ask, house, "Above")
    await done(ask, house, "renameTag", "", who="admin", id=wine["id"], name="Wines")
    await done(ask, house, "moveCategory", "", id=shelf["id"], parentId=above["id"])

    of_tag, of_category = await history(ask, house, "lucia", "tag", wine["id"]), await history(ask, house, "lucia", "category", shelf["id"])
    told = {who: await history(ask, house, who, "tag", wine["id"]) is not None for who in ROLES}
    page = await history(ask, house, "lucia", "tag", wine["id"], first=1, before=of_tag[0]["version"])

    happened = [(one["type"], one["actor"]["username"]) for one in of_tag]
    assert happened == [("TagSynonymsChanged", "admin"), ("TagRenamed", "admin"), ("TagCreated", "lucia")]
    assert of_tag[0]["changes"] == {"synonyms": {"before": [], "after": ["Wine"]}}
    assert of_tag[1]["changes"] == {"name": {"before": "Wine", "after": "Wines"}, "slug": {"before": "wine", "after": "wines"}}
    assert of_tag[2]["changes"] == {"name": {"before": None, "after": "Wine"}, "slug": {"before": None, "after": "wine"}}
    assert (of_category[0]["type"], of_category[0]["changes"]) == ("CategoryMoved", {"parentId": {"before": None, "after": above["id"]}})
    assert page == [of_tag[1]]
    assert told == {who: who in {"owner", "admin", "lucia"} for who in ROLES}


async def test_a_persons_history_is_for_them_and_their_managers_and_names_what_is_sealed(ask: Ask, bus: Bus, house: House) -> None:
    author = house.id_of("author")
    for command in (
        ChangeRole(author, None, "editor"),
        GrantPermissions(author, None, ("comments.moderate",)),
        UpdateProfile(author, changes={"name": "Another name", "phone": "123456"}),
        SuspendUser(author),
    ):
        await bus.execute(house.tenant, command, house.people["owner"], correlation_id=new_id())

    told = await history(ask, house, "admin", "user", author)
    seen = {who: await history(ask, house, who, "user", author) is not None for who in ROLES}

    by_type = {one["type"]: one for one in told}
    assert by_type["UserRoleChanged"]["changes"] == {"role": {"before": "author", "after": "editor"}}
    assert by_type["UserPermissionsGranted"]["changes"] == {"permissions": {"before": [], "after": ["comments.moderate"]}}
    assert by_type["UserSuspended"]["changes"] == {"status": {"before": "ACTIVE", "after": "SUSPENDED"}}
    assert by_type["UserProfileChanged"]["changes"] == {}
    assert {"Another name", "123456"}.isdisjoint(str(told).split("'"))
    assert by_type["UserInvited"]["details"]["email"] == "sealed"
    assert seen == {who: who in {"owner", "admin", "author"} for who in ROLES}


async def test_a_comments_history_is_for_moderators_and_without_words_and_author_once_it_is_deleted(ask: Ask, bus: Bus, house: House) -> None:
    post, comment = await published(bus, house), new_id()
    for who, command in (
        ("reader", AddComment(comment, UUID(post), "My secret.", None)),
        ("reader", EditComment(comment, body="My other secret.")),
        ("moderator", ApproveComment(comment)),
        ("moderator", RejectComment(comment)),
    ):
        await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())

    standing = {who: await talked(ask, house, who, post) for who in ("owner", "moderator", "author")}
    own = await talked(ask, house, "reader", post)
    await bus.execute(house.tenant, DeleteComment(comment), house.people["reader"], correlation_id=new_id())
    deleted = await talked(ask, house, "moderator", post)

    told = standing["moderator"]
    assert told == standing["owner"]
    assert own == [None]
    happened = [(one["type"], one["actor"]["username"]) for one in told[0]]
    assert happened == [("CommentRejected", "moderator"), ("CommentApproved", "moderator"), ("CommentEdited", "reader"), ("CommentAdded", "reader")]
    assert told[0][0]["changes"] == {"status": {"before": "APPROVED", "after": "REJECTED"}}
    assert told[0][2]["changes"] == {"body": {"before": "My secret.", "after": "My other secret."}}
    assert standing["author"] == []
    [left] = deleted
    assert [(one["type"], one["actor"]) for one in left] == [
        ("CommentDeleted", None),
        ("CommentRejected", {"username": "moderator"}),
        ("CommentApproved", {"username": "moderator"}),
        ("CommentEdited", None),
        ("CommentAdded", None),
    ]
    assert left[0]["changes"] == {"status": {"before": "REJECTED", "after": "DELETED"}}
    assert "secret" not in str(left)
    assert str(house.id_of("reader")) not in str(left)


async def test_a_guests_comments_history_names_no_guest(ask: Ask, bus: Bus, pool: Database, house: House) -> None:
    post, comment = await published(bus, house), new_id()
    await done(ask, house, "updateOrganization", "", who="admin", policies={"comments": {"guests": True}})
    added = AddComment(comment, UUID(post), "Well put.", None, Guest("Jo Guest", "jo@guest.example"), b"browser")
    await bus.execute(house.tenant, added, ANONYMOUS, correlation_id=new_id())

    [[told]] = await talked(ask, house, "moderator", post)
    await bus.execute(house.tenant, EraseGuest(comment), house.people["moderator"], correlation_id=new_id())
    [after] = await talked(ask, house, "moderator", post)

    assert told["details"]["guest"] == {"name": "sealed", "email": "sealed"}
    assert (told["actor"], told["changes"]["body"]["after"]) == (None, "Well put.")
    assert [one["type"] for one in after] == ["CommentGuestErased", "CommentAdded"]


async def test_a_roles_history_says_what_it_was_called_and_allowed(ask: Ask, house: House, globex: House) -> None:
    made = await done(ask, house, "createRole", "role { id }", who="owner", name="proofreader", permissions=["content.edit_any"])
    await done(ask, house, "updateRole", "", who="admin", id=made["role"]["id"], name="corrector", permissions=[])

    answers = {who: (await ask(house, who, ROLES_HISTORIES))["data"]["roles"] for who in ROLES if who}

    told = next(one["history"] for one in answers["admin"] if one["id"] == made["role"]["id"])
    assert [(one["type"], one["actor"]["username"]) for one in told] == [
        ("RoleRenamed", "admin"),
        ("RolePermissionsChanged", "admin"),
        ("RoleDefined", "owner"),
    ]
    assert told[0]["changes"] == {"name": {"before": "proofreader", "after": "corrector"}}
    assert told[1]["changes"] == {"permissions": {"before": ["content.edit_any"], "after": []}}
    assert {who: all(one["history"] for one in found) for who, found in answers.items()} == {who: who in {"owner", "admin"} for who in answers}


async def talked(ask: Ask, house: House, who: str, post: str) -> list[Any]:
    """Of each comment on a post that they see, its history."""
    response = await ask(
        house, who, f"query($post: ID, $first: Int, $before: Int) {{ comments(post: $post) {{ nodes {{ {ENTRIES} }} }} }}", post=post
    )
    assert "errors" not in response, response
    return [node["history"] for node in response["data"]["comments"]["nodes"]]


async def test_the_organizations_history_says_what_was_decided_and_by_whom(ask: Ask, house: House, globex: House) -> None:
    await done(ask, house, "updateOrganization", "", who="admin", policies={"posts": {"approvals": 2}})

    told = {who: (await ask(house, who, ORGANIZATION))["data"]["it"]["history"] for who in ROLES}
    elsewhere = (await ask(globex, "owner", ORGANIZATION))["data"]["it"]["history"]

    latest = told["owner"][0]
    assert (latest["type"], latest["actor"]["username"]) == ("OrganizationConfigured", "admin")
    assert latest["changes"] == {"policies": {"before": {}, "after": {"posts": {"approvals": 2}}}}
    assert told["owner"][-1]["type"] == "OrganizationFounded"
    assert {who: entries is not None for who, entries in told.items()} == {who: who in {"owner", "admin"} for who in ROLES}
    assert all(one["changes"].get("policies") is None or one != latest for one in elsewhere)
