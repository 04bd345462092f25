"""Limits as clients meet them: by GraphQL and HTTP, with a code and words; the neighbour is served as before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tenants.tiers import Quotas
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House

CREATE = 'mutation { createPost(input: {title: "One more", content: "Text."}) { changed post { title } } }'
MAY_HAVE = "{ organization { tier usage { members posts eventsToday } quotas { members posts requestsPerSecond eventsPerDay } } }"


def with_quotas(house: House, **limits: int) -> House:
    return replace(house, tenant=replace(house.tenant, quotas=Quotas(**limits)))


async def test_an_owner_sees_what_the_organization_may_have_and_uses(ask: Ask, acme: House, globex: House) -> None:
    before = (await ask(acme, "owner", MAY_HAVE))["data"]["organization"]
    other = (await ask(globex, "owner", MAY_HAVE))["data"]["organization"]
    await ask(acme, "author", CREATE)

    after = (await ask(acme, "owner", MAY_HAVE))["data"]["organization"]

    assert (after["tier"], after["quotas"]) == ("team", {"members": 2_000, "posts": 100_000, "requestsPerSecond": 2_000, "eventsPerDay": 1_000_000})
    assert after["usage"] == {
        "members": before["usage"]["members"],
        "posts": before["usage"]["posts"] + 1,
        "eventsToday": before["usage"]["eventsToday"] + 1,
    }
    assert (await ask(globex, "owner", MAY_HAVE))["data"]["organization"] == other


async def test_a_post_too_many_is_refused_with_code_limit_and_what_is_used(ask: Ask, acme: House, globex: House) -> None:
    await ask(acme, "author", CREATE)
    posts = (await ask(acme, "owner", MAY_HAVE))["data"]["organization"]["usage"]["posts"]

    response: dict[str, Any] = await ask(with_quotas(acme, posts=posts), "author", CREATE)

    [error] = response["errors"]
    assert response["data"] is None
    assert error["message"] == f"This organization has {posts} posts and may have {posts}. Ask whoever runs this installation for a larger tier."
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "posts", "allowed": posts, "used": posts}
    assert (await ask(acme, "owner", MAY_HAVE))["data"]["organization"]["usage"]["posts"] == posts
    assert (await ask(with_quotas(globex, posts=5000), "author", CREATE))["data"]["createPost"]["changed"]


async def test_a_change_too_many_today_is_refused_and_reading_goes_on(ask: Ask, acme: House, globex: House) -> None:
    await ask(acme, "author", CREATE)
    events = (await ask(acme, "owner", MAY_HAVE))["data"]["organization"]["usage"]["eventsToday"]
    full = with_quotas(acme, events_per_day=events)

    response: dict[str, Any] = await ask(full, "author", CREATE)

    [error] = response["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "eventsPerDay", "allowed": events, "used": events}
    assert "midnight, UTC" in error["message"]
    assert (await ask(full, "author", "{ me { username } }"))["data"]["me"]["username"] == "author"
    assert (await ask(with_quotas(globex, events_per_day=50_000), "author", CREATE))["data"]["createPost"]["changed"]
