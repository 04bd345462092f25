"""What posts were and what happened to them: told from events, to those who could know it then and may know it now."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import ApprovePost, ArchivePost, DeletePost, PublishPost, RejectPost, RestorePost, SubmitPost, UnpublishPost, UpdatePost
from app.content.values import Seo
from tenants.database import Database
from tenants.errors import Refusal
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, write_post

PAST = """
  version changedAt status title slug content contentHtml excerpt editorIds tagIds categoryIds
  seo { title description keywords } featuredImageUrl customFields publishedAt scheduledAt expiresAt
"""
AS_OF = f"query Q($id: ID!, $at: DateTime!) {{ post(id: $id) {{ asOf(at: $at) {{ {PAST} }} }} }}"
HISTORY = """
query Q($id: ID!, $first: Int, $before: Int) { post(id: $id) { history(first: $first, beforeVersion: $before) {
  __typename version type at actor { username email } by: actor { id } changes details correlationId causationId
} } }
"""
DIFFERENCE = (
    "query Q($id: ID!, $from: Int!, $to: Int) { post(id: $id) { difference(from: $from, to: $to) { field before after parts { kind text lines } } } }"
)
ROW = statement(
    """
    SELECT p.*, now() AS at,
      ARRAY(SELECT user_id FROM __tenant__.post_editors e WHERE e.post_id = p.id ORDER BY e.position) AS editors,
      ARRAY(SELECT tag_id FROM __tenant__.post_tags t WHERE t.post_id = p.id ORDER BY t.tag_id) AS tags,
      ARRAY(SELECT category_id FROM __tenant__.post_categories c WHERE c.post_id = p.id ORDER BY c.category_id) AS categories
    FROM __tenant__.posts p WHERE p.id = :id
    """
)
EVENTS = statement("SELECT aggregate_version, event_type, occurred_at FROM __tenant__.domain_events WHERE aggregate_id = :id ORDER BY 1 DESC")


async def do(bus: Bus, house: House, who: str, *commands: object) -> None:
    for command in commands:
        await bus.execute(house.tenant, command, house.people[who], correlation_id=new_id())


async def asked(ask: Ask, house: House, who: str | None, query: str, post: UUID, **variables: Any) -> Any:
    response = await ask(house, who, query, id=str(post), **variables)
    assert "errors" not in response, response
    return response["data"]["post"]


def random_command(dice: random.Random, post: UUID, house: House) -> tuple[str, object]:
    number = dice.randrange(1000)
    edits: Sequence[dict[str, Any]] = (
        {"title": f"Title {number}"},
        {"content": f"# Head\n\nText {number}"},
        {"slug": f"history-{post.hex[-8:]}-{number}"},
        {"excerpt": dice.choice((None, f"Excerpt {number}"))},
        {"editors": tuple(dice.sample([house.id_of(key) for key in ("editor", "lucia", "moderator")], dice.randrange(3)))},
        {"seo": Seo(f"Seo {number}", None, ("a", "b"))},
        {"custom_fields": {"number": number}},
        {"featured_image_url": f"https://example.org/{number}.png"},
    )
    steps = (SubmitPost, ApprovePost, PublishPost, UnpublishPost, ArchivePost, DeletePost, RestorePost)
    if dice.random() < 0.5:
        return "owner", UpdatePost(post, **dice.choice(edits))
    return dice.choice(("author", "owner")), dice.choice((*steps, lambda one: RejectPost(one, reason=f"Reason {number}")))(post)


def shown(row: Any) -> dict[str, Any]:
    """A row of ROW, as PAST shows it; what is rendered or derived left out."""

    def moment(value: datetime | None) -> str | None:
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if value else None

    return {
        "version": row["version"],
        "changedAt": moment(row["updated_at"]),
        **{name: row[name] for name in ("status", "title", "slug", "content")},
        "editorIds": [str(id) for id in row["editors"]],
        "tagIds": [str(id) for id in row["tags"]],
        "categoryIds": [str(id) for id in row["categories"]],
        "seo": {"title": row["seo_title"], "description": row["seo_description"], "keywords": row["seo_keywords"]},
        "featuredImageUrl": row["featured_image_url"],
        "customFields": row["custom_fields"],
        "publishedAt": moment(row["published_at"]),
        "scheduledAt": moment(row["scheduled_at"]),
        "expiresAt": moment(row["expires_at"]),
    }


@pytest.mark.parametrize("seed", range(3))
async def test_a_post_as_of_any_moment_is_the_row_that_stood_then(ask: Ask, bus: Bus, pool: Database, acme: House, seed: int) -> None:
    dice = random.Random(seed)
    post = await write_post(bus, acme, slug=f"history-{new_id().hex[-8:]}")
    stood: list[tuple[datetime, dict[str, Any]]] = []
    for _ in range(40):
        async with pool.reading(acme.tenant.place) as connection:
            row = await connection.fetchrow(ROW, id=post)
        assert row is not None
        stood.append((row["at"], shown(row)))
        who, command = random_command(dice, post, acme)
        try:
            await do(bus, acme, who, command)
        except Refusal:
            continue

    for at, then in stood:
        past = (await asked(ask, acme, "owner", AS_OF, post, at=at.isoformat()))["asOf"]
        assert {name: past[name] for name in then} == then
    assert len({then["version"] for _, then in stood}) >= 8
    assert (await asked(ask, acme, "owner", AS_OF, post, at="2020-01-01T00:00:00Z"))["asOf"] is None


async def test_a_history_tells_every_event_with_who_did_it_and_what_changed(ask: Ask, bus: Bus, pool: Database, acme: House) -> None:
    post = await write_post(bus, acme, title="A first title")
    await do(bus, acme, "author", UpdatePost(post, title="A second title", custom_fields={"a": 1}), SubmitPost(post))
    await do(bus, acme, "editor", RejectPost(post, reason="Not yet."))

    entries = (await asked(ask, acme, "owner", HISTORY, post))["history"]
    pages = [
        *(await asked(ask, acme, "owner", HISTORY, post, first=3))["history"],
        *(await asked(ask, acme, "owner", HISTORY, post, first=3, before=2))["history"],
    ]

    async with pool.reading(acme.tenant.place) as connection:
        events = await connection.fetch(EVENTS, id=post)
    assert [(entry["version"], entry["type"]) for entry in entries] == [(row["aggregate_version"], row["event_type"]) for row in events]
    assert [entry["at"] for entry in entries] == [row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ") for row in events]
    rejected, submitted, edited, created = entries
    assert rejected["actor"] == {"username": "editor", "email": f"editor@{acme.tenant.slug}.example"}
    assert rejected["by"] == {"id": str(acme.id_of("editor"))}
    assert rejected["changes"] == {"status": {"before": "IN_REVIEW", "after": "REJECTED"}}
    assert rejected["details"]["reason"] == "Not yet."
    assert submitted["changes"] == {"status": {"before": "DRAFT", "after": "IN_REVIEW"}}
    assert edited["changes"] == {"title": {"before": "A first title", "after": "A second title"}, "customFields": {"before": {}, "after": {"a": 1}}}
    assert created["changes"]["title"] == {"before": None, "after": "A first title"}
    assert pages == entries


async def test_readers_and_strangers_are_told_nothing_of_a_published_posts_past(ask: Ask, bus: Bus, acme: House, globex: House) -> None:
    post = await write_post(bus, acme)
    await do(bus, acme, "author", SubmitPost(post))
    await do(bus, acme, "editor", ApprovePost(post), PublishPost(post))
    everything = (
        'query Q($id: ID!) { post(id: $id) { title history { version } asOf(at: "2099-01-01T00:00:00Z") { title } difference(from: 1) { field } } }'
    )

    for who in (None, "reader", "moderator"):
        assert await asked(ask, acme, who, everything, post) == {"title": "A title", "history": None, "asOf": None, "difference": None}
    assert len((await asked(ask, acme, "author", everything, post))["history"]) == 4
    assert await asked(ask, globex, "owner", everything, post) is None


async def test_an_editor_is_told_of_the_time_since_they_were_one(ask: Ask, bus: Bus, pool: Database, acme: House) -> None:
    post = await write_post(bus, acme, title="Before the moderator came")
    async with pool.reading(acme.tenant.place) as connection:
        before = await connection.fetchval(statement("SELECT now()"))
    await do(bus, acme, "author", UpdatePost(post, title="Still before"), UpdatePost(post, editors=(acme.id_of("moderator"),)))
    await do(bus, acme, "author", UpdatePost(post, title="With the moderator"))

    mine = (await asked(ask, acme, "moderator", HISTORY, post))["history"]

    assert [entry["version"] for entry in mine] == [4, 3]
    assert (await asked(ask, acme, "moderator", AS_OF, post, at=before.isoformat()))["asOf"] is None
    assert (await asked(ask, acme, "author", AS_OF, post, at=before.isoformat()))["asOf"]["title"] == "Before the moderator came"
    assert (await asked(ask, acme, "moderator", DIFFERENCE, post, **{"from": 1}))["difference"] is None
    assert len((await asked(ask, acme, "moderator", DIFFERENCE, post, **{"from": 3}))["difference"]) == 1

    await do(bus, acme, "author", UpdatePost(post, editors=()))
    assert (await ask(acme, "moderator", HISTORY, id=str(post)))["data"]["post"] is None


async def test_a_difference_is_told_line_by_line(ask: Ask, bus: Bus, acme: House) -> None:
    post = await write_post(bus, acme, title="One")
    await do(
        bus, acme, "author", UpdatePost(post, content="first\n\nsecond\n\nthird"), UpdatePost(post, content="first\n\nanother\n\nthird", title="Two")
    )

    found = (await asked(ask, acme, "author", DIFFERENCE, post, **{"from": 2, "to": 3}))["difference"]

    by_field = {one["field"]: one for one in found}
    assert by_field.keys() == {"title", "content"}
    assert by_field["title"] == {"field": "title", "before": "One", "after": "Two", "parts": None}
    assert [(part["kind"], part["text"]) for part in by_field["content"]["parts"]] == [
        ("KEPT", "first\n\n"), ("REMOVED", "second\n"), ("ADDED", "another\n"), ("KEPT", "\nthird"),
    ]  # fmt: skip


@pytest.mark.parametrize(("given", "wrong"), [({"from": 0}, {"from"}), ({"from": 1, "to": 9}, {"to"}), ({"from": -1, "to": 99}, {"from", "to"})])
async def test_versions_that_there_are_not_are_refused_by_name(ask: Ask, bus: Bus, acme: House, given: dict[str, int], wrong: set[str]) -> None:
    post = await write_post(bus, acme)

    response = await ask(acme, "author", DIFFERENCE, id=str(post), **given)

    assert response["data"]["post"] == {"difference": None}
    [error] = response["errors"]
    assert error["extensions"]["code"] == "VALIDATION_FAILED"
    assert error["extensions"]["fields"].keys() == wrong
