"""Two people change the same thing at once: the second is told both versions and what happened in between, as far as it is theirs to know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.comments.commands import AddComment, ApproveComment, EditComment
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.api.conftest import Ask
from tests.integration.api.managing import do, done
from tests.integration.api.talking import published
from tests.integration.conftest import House, house_of


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database, globex: House) -> House:
    return await house_of(migrated, pool, replace(ACME, slug="conflicts"))


async def refused(ask: Ask, house: House, who: str, name: str, /, **given: Any) -> dict[str, Any]:
    """The extensions of its error, without moments."""
    [error] = (await do(ask, house, who, name, "", **given))["errors"]
    told: dict[str, Any] = error["extensions"]
    for change in told.get("changes", ()):
        assert change.pop("at").endswith("Z")
    return told


async def test_tags_categories_roles_and_the_organization_tell_what_changed_meanwhile(ask: Ask, house: House) -> None:
    tag = (await done(ask, house, "lucia", "createTag", "tag { id }", name="Wine"))["tag"]["id"]
    await done(ask, house, "admin", "renameTag", "", id=tag, name="Wines")
    shelf = (await done(ask, house, "lucia", "createCategory", "category { id }", name="Shelf"))["category"]["id"]
    await done(ask, house, "lucia", "createCategory", "", name="Another shelf")
    await done(ask, house, "admin", "moveCategory", "", id=shelf, position=1)
    role = (await done(ask, house, "owner", "createRole", "role { id }", name="corrector"))["role"]["id"]
    await done(ask, house, "owner", "updateRole", "", id=role, permissions=["content.create"])
    await done(ask, house, "owner", "updateOrganization", "", branding={"tagline": "Books"})

    answers = [
        await refused(ask, house, "lucia", "renameTag", id=tag, name="Vino", expectedVersion=1),
        await refused(ask, house, "lucia", "updateCategory", id=shelf, name="Board", expectedVersion=1),
        await refused(ask, house, "admin", "updateRole", id=role, name="reviser", expectedVersion=1),
        await refused(ask, house, "admin", "updateOrganization", name="Press", expectedVersion=1),
    ]

    admin, owner = str(house.id_of("admin")), str(house.id_of("owner"))
    versions = [(one["code"], one["expectedVersion"], one["currentVersion"]) for one in answers]
    assert versions == [("CONFLICT", 1, 3), ("CONFLICT", 1, 2), ("CONFLICT", 1, 2), ("CONFLICT", 1, 2)]
    assert [one["changes"] for one in answers] == [
        [
            {"version": 2, "event": "TagRenamed", "fields": ["name", "slug"], "by": admin},
            {"version": 3, "event": "TagSynonymsChanged", "fields": ["synonyms"], "by": admin},
        ],
        [{"version": 2, "event": "CategoryMoved", "fields": ["position"], "by": admin}],
        [{"version": 2, "event": "RolePermissionsChanged", "fields": ["permissions"], "by": owner}],
        [{"version": 2, "event": "OrganizationConfigured", "fields": ["branding"], "by": owner}],
    ]
    assert answers[0]["changed"] == ["name", "slug", "synonyms"]


async def test_an_author_hears_of_a_comment_what_its_history_would_tell_a_moderator_without_who_it_was(ask: Ask, bus: Bus, house: House) -> None:
    post, comment = await published(bus, house), new_id()
    for who, command in (
        ("reader", AddComment(comment, UUID(post), "One", None)),
        ("moderator", ApproveComment(comment)),
        ("reader", EditComment(comment, body="Two")),
    ):
        await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())

    author = await refused(ask, house, "reader", "editComment", id=str(comment), body="Three", expectedVersion=1)
    moderator = await refused(ask, house, "moderator", "rejectComment", id=str(comment), expectedVersion=1)
    stranger = await refused(ask, house, "author", "deleteComment", id=str(comment), expectedVersion=1)

    reader = str(house.id_of("reader"))
    assert author["changes"] == [
        {"version": 2, "event": "CommentApproved", "fields": ["status"], "by": None},
        {"version": 3, "event": "CommentEdited", "fields": ["body"], "by": reader},
    ]
    assert moderator["changes"] == [
        {"version": 2, "event": "CommentApproved", "fields": ["status", "waitsBecause"], "by": str(house.id_of("moderator"))},
        {"version": 3, "event": "CommentEdited", "fields": ["body"], "by": reader},
    ]
    assert stranger == {"code": "FORBIDDEN"}


@pytest.mark.parametrize(
    ("name", "more"), [("updateProfile", {"website": "https://example.org/"}), ("removeUser", {}), ("eraseUser", {"confirm": "x"})]
)
async def test_whoever_may_not_change_somebody_hears_nothing_of_their_versions(ask: Ask, house: House, name: str, more: dict[str, Any]) -> None:
    for other in ("author", "owner"):
        assert await refused(ask, house, "reader", name, id=str(house.id_of(other)), expectedVersion=1, **more) == {"code": "FORBIDDEN"}
