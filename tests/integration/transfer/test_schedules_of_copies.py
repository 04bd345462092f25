"""Posts that waited for their moment when their organization was copied: approved again in the copy, and what expires still does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import ApprovePost, PublishPost, SchedulePost, SetPostExpiry, SubmitPost
from app.replay.verifying import verify
from auth.realms.realms import Realms
from ops.organizations.importing import Carried, clone
from tenants.database import Database, Row
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from tests.quiet import quiet
from workers.execution import Means, Started, execute
from workers.mail import postman
from workers.settings import WorkerSettings

SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
LATER = SOON + timedelta(days=30)
RECEIVED = statement("SELECT id, correlation_id FROM __tenant__.domain_events WHERE event_type = 'OrganizationReceived'")
POSTS = statement("SELECT id, status, scheduled_at, expires_at FROM __tenant__.posts WHERE id = ANY(CAST(:ids AS uuid[]))")
UNSCHEDULED = statement(
    "SELECT aggregate_id, user_id, causation_id, correlation_id FROM __tenant__.domain_events WHERE event_type = 'PostUnscheduled'"
)
TIMERS = statement(
    "SELECT t.kind, t.subject_id, t.due_at FROM control.timers t JOIN control.organizations o ON o.role = t.role "
    "WHERE o.id = :id AND t.kind LIKE 'content.%' AND t.fired_at IS NULL"
)


@pytest.fixture(scope="module")
async def waiting(here: TenantSettings, acme: House) -> tuple[UUID, UUID, UUID]:
    """A scheduled post that is to expire, a published one that is to, and an approved one."""
    async with Database(here, connections=2) as pool:
        bus = Bus(pool)
        made = []
        for title in ("Comes soon", "Goes soon", "Stays"):
            post = await write_post(bus, acme, title=title)
            for command, who in ((SubmitPost(post), "author"), (ApprovePost(post), "editor")):
                await bus.execute(acme.tenant, command, acme.people[who], correlation_id=new_id())
            made.append(post)
        scheduled, published, approved = made
        for done in (SchedulePost(scheduled, publish_at=SOON, expires_at=LATER), PublishPost(published), SetPostExpiry(published, expires_at=SOON)):
            await bus.execute(acme.tenant, done, acme.people["editor"], correlation_id=new_id())
    return scheduled, published, approved


async def reacted(settings: TenantSettings, pool: Database, tenant: Tenant, tmp_path: Path) -> Row:
    """What the worker does about the arrival; the event."""
    async with pool.reading(tenant.place) as connection:
        [received] = await connection.fetch(RECEIVED)
    worker = WorkerSettings(smtp_url=(tmp_path / "mail").as_uri())
    name = "content.take_up_copied_posts"
    means = Means(postman(settings, worker), Realms(pool, Keyring(settings.secret_keys)))
    for _ in range(2):
        started = Started(new_id(), tenant.id, received["id"], "OrganizationReceived", name, 1, received["correlation_id"], None, 0.0)
        await execute(pool, means, tenant, started, worker)
    return received


async def test_what_was_scheduled_is_named_and_approved_again_and_what_expires_still_does(
    here: TenantSettings, acme: House, waiting: tuple[UUID, UUID, UUID], tmp_path: Path
) -> None:
    scheduled, published, approved = waiting
    carried: Carried = await clone(here, "acme", "acme-later", quiet)
    copy = carried.tenant
    fresh_moment = SOON + timedelta(hours=1)
    async with Database(here, connections=2) as pool:
        # Somebody schedules a post before the worker comes to it: that one has its timer.
        await Bus(pool).execute(copy, SchedulePost(approved, publish_at=fresh_moment), acme.people["editor"], correlation_id=new_id())
        received = await reacted(here, pool, copy, tmp_path)
        async with pool.reading(copy.place) as connection:
            posts = {row["id"]: (row["status"], row["scheduled_at"], row["expires_at"]) for row in await connection.fetch(POSTS, ids=list(waiting))}
            taken = await connection.fetch(UNSCHEDULED)
        async with pool.control() as connection:
            timers = {(row["kind"], row["subject_id"]): row["due_at"] for row in await connection.fetch(TIMERS, id=copy.id)}
        async with pool.reading(acme.tenant.place) as connection:
            [original] = await connection.fetch(POSTS, ids=[scheduled])
        verified = await verify(pool, copy)

    [told] = [line for line in carried.not_kept if line.startswith("schedules:")]
    assert f"“Comes soon” ({scheduled}) for {SOON:%Y-%m-%d %H:%M} UTC" in told
    assert "Goes soon" not in told
    assert posts == {
        scheduled: ("APPROVED", None, LATER),
        published: ("PUBLISHED", None, SOON),
        approved: ("SCHEDULED", fresh_moment, None),
    }
    assert [tuple(row[name] for name in ("aggregate_id", "user_id", "causation_id", "correlation_id")) for row in taken] == [
        (scheduled, None, received["id"], received["correlation_id"])
    ]
    assert timers == {
        ("content.expire_post", scheduled): LATER,
        ("content.expire_post", published): SOON,
        ("content.publish_post", approved): fresh_moment,
    }
    assert original["status"] == "SCHEDULED"
    assert verified.differences == []
