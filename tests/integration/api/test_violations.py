"""Whatever is wrong with an input comes back at once, by field, whoever found it; and nothing is done."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.api.managing import do
from tests.integration.conftest import House

HAPPENED = statement("SELECT count(*) FROM __tenant__.domain_events")
LONG = "x" * 10_001
CASES: list[tuple[str, str, dict[str, Any], set[str]]] = [
    (
        "author",
        "createPost",
        {
            "title": "",
            "content": "x" * 500_001,
            "slug": "No Slug",
            "excerpt": LONG,
            "tags": [LONG],
            "categoryIds": ["x"],
            "editorIds": ["x"],
            "seo": {"title": LONG, "description": LONG, "keywords": [LONG]},
            "featuredImageUrl": "javascript:1",
            "customFields": [1],
        },
        {"title", "content", "slug", "excerpt", "tags", "categoryIds.0", "editorIds.0", "seo.title", "seo.description", "seo.keywords"}
        | {"featuredImageUrl", "customFields"},
    ),
    ("editor", "rejectPost", {"id": "x", "reason": ""}, {"id", "reason"}),
    ("lucia", "tagPosts", {"ids": ["x"], "add": [""], "remove": ["y"]}, {"ids.0", "add", "remove.0"}),
    ("lucia", "tagPosts", {"ids": []}, {"ids", "add"}),
    (
        "lucia",
        "movePosts",
        {"ids": ["x", "y"], "categoryIds": ["x"], "fromCategoryIds": ["x"]},
        {"ids.0", "ids.1", "categoryIds.0", "fromCategoryIds.0"},
    ),
    ("lucia", "createTag", {"name": "", "synonyms": [LONG]}, {"name", "synonyms"}),
    ("lucia", "renameTag", {"id": "x", "name": "", "synonyms": None}, {"id", "name", "synonyms"}),
    ("lucia", "mergeTags", {"ids": ["x"], "into": "x"}, {"ids.0", "into"}),
    (
        "lucia",
        "createCategory",
        {"name": "", "slug": "No Slug", "description": LONG, "parentId": "x", "position": -1},
        {"name", "slug", "description", "parentId", "position"},
    ),
    ("lucia", "updateCategory", {"id": "x", "name": None, "slug": None}, {"id", "name", "slug"}),
    ("lucia", "moveCategory", {"id": "x", "parentId": "x", "position": -1}, {"id", "parentId", "position"}),
    ("lucia", "deleteCategory", {"id": "x", "moveTo": "x"}, {"id", "moveTo"}),
    ("reader", "addComment", {"postId": "x", "parentId": "x", "body": ""}, {"postId", "parentId", "body"}),
    ("reader", "editComment", {"id": "x", "body": LONG}, {"id", "body"}),
    ("admin", "inviteUser", {"email": "x", "name": "", "role": "nobody"}, {"email", "name", "role"}),
    (
        "reader",
        "updateProfile",
        {
            "username": "No Name",
            "name": "",
            "avatarUrl": "http://x",
            "bio": LONG,
            "website": "x",
            "jobTitle": LONG,
            "pronouns": LONG,
            "phone": "x",
            "location": LONG,
        },
        {"username", "name", "avatarUrl", "bio", "website", "jobTitle", "pronouns", "phone", "location"},
    ),
    ("reader", "updatePreferences", {"language": "!", "timeZone": "Nowhere"}, {"language", "timeZone"}),
    ("owner", "grantPermissions", {"id": "x", "permissions": ["nothing"]}, {"id", "permissions.0"}),
    ("owner", "createRole", {"name": "No Role", "permissions": ["nothing"]}, {"name", "permissions.0"}),
    ("owner", "updateRole", {"id": "x", "name": None, "permissions": None}, {"id", "name", "permissions"}),
    (
        "owner",
        "updateOrganization",
        {"name": "", "settings": {"language": "xx"}, "branding": {"logoUrl": "x"}, "policies": {"posts": {"approvals": 9}}},
        {"name", "settings.language", "branding.logoUrl", "policies.posts.approvals"},
    ),
]


@pytest.mark.parametrize(("who", "name", "given", "fields"), CASES)
async def test_all_that_is_wrong_is_said_at_once_and_nothing_is_done(
    ask: Ask, acme: House, globex: House, pool: Database, who: str, name: str, given: dict[str, Any], fields: set[str]
) -> None:
    async with pool.reading(acme.tenant.place) as connection:
        before = await connection.fetchval(HAPPENED)

    response = await do(ask, acme, who, name, "", **given)

    [error] = response["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert error["extensions"]["fields"].keys() == fields
    async with pool.reading(acme.tenant.place) as connection:
        assert await connection.fetchval(HAPPENED) == before


async def test_whoever_may_not_do_it_hears_that_and_not_what_is_wrong(ask: Ask, acme: House, globex: House) -> None:
    refused = await do(ask, acme, "reader", "createCategory", "", name="", parentId="x")
    unknown = await do(ask, acme, "reader", "editComment", "", id=str(new_id()), body="")

    assert refused["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert unknown["errors"][0]["extensions"] == {"code": "VALIDATION_FAILED", "fields": {"body": "is empty; write something"}}
