"""Events of an older shape: everything that reads them reads them in today's, and what is stored stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.bus import Bus
from app.content import store
from app.content.commands import UpdatePost
from app.content.posts import Post
from app.content.values import Manuscript
from app.replay.verifying import verify
from app.shared import events
from app.shared.encoding import as_json
from ops.demo.people import ACME
from ops.demo.people import House as Cast
from tenants.database import Database
from tenants.events import NewEvent
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, house_of, write_post

HISTORY = """query Q($id: ID!, $at: DateTime!) { post(id: $id) { title history { version } asOf(at: $at) { title version } } }"""
STORED = statement("SELECT event_version, event_data FROM __tenant__.domain_events WHERE aggregate_id = :id AND aggregate_version = 1")
NOW = statement("SELECT clock_timestamp()")


@pytest.fixture(scope="module")
async def older(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, Cast("older", "Older", ACME.people))


@pytest.fixture(scope="module")
async def newer(migrated: TenantSettings, pool: Database) -> House:
    """One whose events are left as no release reads them."""
    return await house_of(migrated, pool, Cast("newer", "Newer", ACME.people))


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if posts' titles had been called headlines in two steps, when they were created: caption, then headline, now title."""
    kind = events._KINDS["PostCreated"]

    def moved(old: str, new: str) -> events.Upcaster:
        return lambda data: {**data, "manuscript": {new if name == old else name: value for name, value in data["manuscript"].items()}}

    upcasters = (moved("caption", "headline"), moved("headline", "title"))
    monkeypatch.setitem(events._KINDS, "PostCreated", replace(kind, version=3, upcasters=upcasters))
    monkeypatch.setitem(events._VERSIONS, kind.shape, 3)


async def old_post(pool: Database, house: House, version: int, name: str) -> UUID:
    """A post as a release of that time would have written it."""
    author = house.id_of("author")
    post = Post.create(new_id(), author, Manuscript(title="As it was called", slug=f"old-{new_id().hex}", content="Text."))
    data = as_json(post.recorded[0])
    data["manuscript"][name] = data["manuscript"].pop("title")
    async with transaction(pool, house.tenant, Cause(new_id(), author)) as tx:
        await store.insert_new(tx, post, chosen=False)
        await tx.append("Post", post.id, 1, [NewEvent(new_id(), "PostCreated", version, data)])
    return post.id


async def found(pool: Database, house: House) -> tuple[dict[UUID, Any], int]:
    verified = await verify(pool, house.tenant)
    return {one.aggregate_id: one.replay for one in verified.differences}, verified.breaks_in_all


@pytest.mark.usefixtures("renamed")
async def test_old_events_are_read_through_their_upcasters_by_replay_history_and_verify_and_stay_as_they_are(
    ask: Ask, bus: Bus, pool: Database, older: House, newer: House
) -> None:
    for house, version, name in ((older, 1, "caption"), (newer, 1, "caption"), (older, 2, "headline"), (older, 3, "title")):
        post = await old_post(pool, house, version, name)
        async with pool.reading(house.tenant.place) as connection:
            before = await connection.fetchval(NOW)
        await bus.execute(house.tenant, UpdatePost(post, title="Renamed"), house.people["author"], correlation_id=new_id())

        answer = await ask(house, "editor", HISTORY, id=str(post), at=before.isoformat())

        read = answer["data"]["post"]
        assert (read["title"], read["asOf"]) == ("Renamed", {"title": "As it was called", "version": 1}), answer
        assert [entry["version"] for entry in read["history"]] == [2, 1]
        async with pool.reading(house.tenant.place) as connection:
            row = await connection.fetchrow(STORED, id=post)
        assert row is not None
        assert (row["event_version"], row["event_data"]["manuscript"][name]) == (version, "As it was called")
    assert await found(pool, older) == ({}, 0)


async def test_what_is_written_says_todays_version_and_a_later_one_is_not_guessed_at(
    bus: Bus, pool: Database, newer: House, renamed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = await write_post(bus, newer)
    async with pool.reading(newer.tenant.place) as connection:
        row = await connection.fetchrow(STORED, id=today)
    monkeypatch.undo()

    named, breaks = await found(pool, newer)

    assert row is not None
    assert row["event_version"] == 3
    assert (today in named, breaks) == (True, 0)
    assert "version 3 of PostCreated is none that this release knows; it knows 1" in named[today]
