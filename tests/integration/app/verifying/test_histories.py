"""Histories that were bent, cut or cannot be read are named, and the rest is verified."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import (
    RejectPost,
    SubmitPost,
)
from app.replay.verifying import verify
from tenants.database import Database
from tenants.errors import Conflict
from tenants.ids import new_id
from tests.integration.app.verifying.differences import about, named
from tests.integration.conftest import House, write_post
from tests.integration.owner import Owner


async def test_a_tampered_event_is_named_by_the_chain_and_by_what_it_says(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    schema = acme.tenant.place.schema
    await owner.execute(
        f"UPDATE {schema}.domain_events SET event_data = jsonb_set(event_data, '{{manuscript,title}}', '\"Forged\"') "
        "WHERE aggregate_id = $1 AND aggregate_version = 1",
        post,
    )

    found = await verify(pool, acme.tenant)

    assert [(one.aggregate_type, one.version) for one in found.breaks if one.aggregate_id == post] == [("Post", 1)]
    assert named(found, post) == {"title": ("As it was", "Forged")}
    assert found.bypassed[0]["table_name"] == "domain_events"


@pytest.mark.parametrize(("cut", "version"), [(1, 2), (2, 3), (3, None)])
async def test_a_cut_chain_is_named(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID, cut: int, version: int | None) -> None:
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    await bus.execute(acme.tenant, RejectPost(post, reason="No."), acme.people["editor"], correlation_id=new_id())
    await owner.execute(f"DELETE FROM {acme.tenant.place.schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version = $2", post, cut)

    found = await verify(pool, acme.tenant)

    assert [one.version for one in found.breaks if one.aggregate_id == post] == ([version] if version else [])
    assert named(found, post)["version"] == (3, 2)


async def test_nothing_is_added_to_a_history_whose_end_is_missing(bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    schema = acme.tenant.place.schema
    await bus.execute(acme.tenant, SubmitPost(post), acme.people["author"], correlation_id=new_id())
    await owner.execute(f"DELETE FROM {schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version = 2", post)
    letters = await owner.fetchval("SELECT count(*) FROM control.outbox WHERE aggregate_id = $1", post)

    with pytest.raises(Conflict, match="does not reach"):
        await bus.execute(acme.tenant, RejectPost(post, reason="No."), acme.people["editor"], correlation_id=new_id())

    assert await owner.fetchval(f"SELECT count(*) FROM {schema}.domain_events WHERE aggregate_id = $1", post) == 1
    assert await owner.fetchval("SELECT count(*) FROM control.outbox WHERE aggregate_id = $1", post) == letters


async def test_events_that_nobody_can_read_are_named_and_the_rest_is_verified(
    bus: Bus, pool: Database, owner: Owner, acme: House, post: UUID
) -> None:
    schema, other = acme.tenant.place.schema, await write_post(bus, acme)
    await owner.execute(f"UPDATE {schema}.domain_events SET event_type = 'PostSquashed' WHERE aggregate_id = $1", post)
    await owner.execute(f"UPDATE {schema}.domain_events SET aggregate_type = 'Ghost' WHERE aggregate_id = $1", other)

    found = await verify(pool, acme.tenant)

    assert named(found, post)["events"] == ("present", "event 1 (PostSquashed) cannot be applied: KeyError 'PostSquashed'")
    assert named(found, other)["events"] == (None, "nothing in this release is called Ghost")
    assert named(found, other)["row"] == ("present", "missing")


async def test_a_row_that_cannot_be_read_is_named_and_the_rest_is_verified(pool: Database, owner: Owner, acme: House, post: UUID) -> None:
    schema = acme.tenant.place.schema
    await owner.execute(f"ALTER TABLE {schema}.posts DROP CONSTRAINT posts_status_check")
    await owner.execute(f"UPDATE {schema}.posts SET status = 'LOST' WHERE id = $1", post)

    assert await about(pool, acme, post) == {"row": ("cannot be read: 'LOST' is not a valid Status", "present")}
