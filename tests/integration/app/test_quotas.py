"""What organizations may have: one at its limit, the other unaffected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.bus import Bus, Outcome
from app.content import lookups
from app.content.commands import CreatePost, UpdatePost
from app.content.commands.room import NEAR, require_room
from app.management import usage
from app.users.commands import ActivateUser, InviteUser
from auth.principal import SYSTEM
from tenants.database import Database
from tenants.errors import Refusal
from tenants.ids import new_id
from tenants.statements import statement
from tenants.tiers import QuotaExceeded, Quotas
from tenants.today import FIRST
from tenants.transaction import Cause, Remembered, transaction
from tests.integration.conftest import House, write_post

SUSPEND = statement("UPDATE __tenant__.users SET status = :status WHERE id = :id")
DELETE = statement("UPDATE __tenant__.posts SET status = 'DELETED' WHERE id = :id")


def allowed(house: House, **limits: int) -> House:
    return replace(house, tenant=replace(house.tenant, quotas=Quotas(**limits)))


async def used(pool: Database, house: House) -> usage.Usage:
    async with pool.reading(house.tenant.place) as connection:
        return await usage.read(connection)


async def invite(bus: Bus, house: House) -> Outcome:
    user = new_id()
    command = InviteUser(user, f"somebody-{user.hex}@x.example", "Somebody")
    return await bus.execute(house.tenant, command, house.people["admin"], correlation_id=new_id())


async def edit(bus: Bus, house: House, post: Any, title: str) -> Outcome:
    return await bus.execute(house.tenant, UpdatePost(post, title=title), house.people["author"], correlation_id=new_id())


async def _change_and_fail(bus: Bus, house: House) -> None:
    async with bus.unit(house.tenant, house.people["author"], correlation_id=new_id()) as unit:
        await unit.execute(CreatePost(new_id(), "Never seen", "Text."))
        raise Refusal


@contextmanager
def refused(limit: str, allowed: int, used: int, says: str) -> Iterator[None]:
    with pytest.raises(QuotaExceeded, match=says) as refusal:
        yield
    assert (refusal.value.code, refusal.value.extensions()) == ("LIMIT_EXCEEDED", {"limit": limit, "allowed": allowed, "used": used})


async def test_people_are_invited_up_to_the_limit_and_those_who_left_make_room(bus: Bus, pool: Database, acme: House, globex: House) -> None:
    members = (await used(pool, acme)).members
    full = allowed(acme, members=members + 1)
    last = (await invite(bus, full)).aggregates[0]

    for status in ("invited", "active", "suspended"):
        async with pool.writing(acme.tenant.place) as connection:
            await connection.execute(SUSPEND, id=last, status=status)
        with refused("members", members + 1, members + 1, f"has {members + 1} members and may have {members + 1}. Ask whoever runs"):
            await invite(bus, full)
    assert (await invite(bus, allowed(globex, members=members + 100))).changed

    async with pool.writing(acme.tenant.place) as connection:
        await connection.execute(SUSPEND, id=last, status="removed")
    assert (await invite(bus, full)).changed
    assert (await used(pool, acme)).members == members + 1


async def test_many_invitations_at_once_do_not_pass_the_limit(bus: Bus, pool: Database, acme: House) -> None:
    members = (await used(pool, acme)).members
    full = allowed(acme, members=members + 2)

    answers = await asyncio.gather(*(invite(bus, full) for _ in range(6)), return_exceptions=True)

    assert sum(isinstance(answer, Outcome) for answer in answers) == 2
    assert sum(isinstance(answer, QuotaExceeded) for answer in answers) == 4
    assert (await used(pool, acme)).members == members + 2


async def test_where_there_are_too_many_already_nobody_new_comes_in_and_the_others_go_on(bus: Bus, pool: Database, acme: House) -> None:
    invited = (await invite(bus, acme)).aggregates[0]
    members = (await used(pool, acme)).members
    over, full = allowed(acme, members=members - 1), allowed(acme, members=members)

    with refused("members", members - 1, members, "may have"):
        await bus.execute(over.tenant, ActivateUser(invited), SYSTEM, correlation_id=new_id())
    await write_post(bus, over)
    assert (await bus.execute(full.tenant, ActivateUser(invited), SYSTEM, correlation_id=new_id())).changed


async def test_posts_are_written_up_to_the_limit_and_deleted_ones_make_room(bus: Bus, pool: Database, acme: House, globex: House) -> None:
    posts = (await used(pool, acme)).posts
    full = allowed(acme, posts=posts + 1)
    last = await write_post(bus, full)

    with refused("posts", posts + 1, posts + 1, f"has {posts + 1} posts and may have {posts + 1}. Ask whoever runs"):
        await write_post(bus, full)
    await write_post(bus, allowed(globex, posts=10_000))
    assert (await edit(bus, full, last, "Still edited")).changed
    with refused("posts", 1, posts + 1, "may have 1"):
        await write_post(bus, allowed(acme, posts=1))

    async with pool.writing(acme.tenant.place) as connection:
        await connection.execute(DELETE, id=last)
    await write_post(bus, full)


async def test_many_posts_at_once_do_not_pass_the_limit(bus: Bus, pool: Database, acme: House) -> None:
    posts = (await used(pool, acme)).posts
    full = allowed(acme, posts=posts + 2)

    answers = await asyncio.gather(*(write_post(bus, full) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(answer, QuotaExceeded) for answer in answers) == 6
    assert (await used(pool, acme)).posts == posts + 2


async def test_room_that_one_process_remembers_is_not_room_that_another_has_used(pool: Database, acme: House) -> None:
    one, other = Bus(pool), Bus(pool)
    posts = (await used(pool, acme)).posts
    full = allowed(acme, posts=posts + NEAR + 30)
    await write_post(one, full)
    for _ in range(NEAR + 20):
        await write_post(other, full)

    with refused("posts", posts + NEAR + 30, posts + NEAR + 30, "may have"):
        for _ in range(NEAR):
            await write_post(one, full)

    assert (await used(pool, acme)).posts == posts + NEAR + 30


async def test_far_from_the_limit_posts_are_not_counted_again(pool: Database, acme: House) -> None:
    posts = (await used(pool, acme)).posts
    full, remembered = allowed(acme, posts=posts + NEAR + 20), Remembered()
    async with transaction(pool, full.tenant, Cause(new_id()), remembered) as tx:
        counted, latest = await lookups.counted(tx, most=10_000)
        await require_room(tx)
        again, _ = await lookups.counted(tx, most=10_000, until=remembered.headroom.until(full.tenant.id, "posts", posts + NEAR + 20))

    assert (counted, again) == (posts, None)
    assert remembered.headroom.until(full.tenant.id, "posts", posts + NEAR + 20) == latest + 20


async def test_people_change_things_up_to_the_days_limit_and_the_system_goes_on(pool: Database, acme: House, globex: House) -> None:
    bus = Bus(pool)
    post = await write_post(bus, acme)
    events = (await used(pool, acme)).events_today
    full = allowed(acme, events_per_day=events + 2)
    for title in ("One", "Two"):
        await edit(bus, full, post, title)

    for _ in range(2):
        with refused(
            "eventsPerDay", events + 2, events + 2, f"has had {events + 2} events today of the {events + 2}.* midnight, UTC. Ask whoever runs"
        ):
            await edit(bus, full, post, "Three")
    assert (await bus.as_system(full.tenant, InviteUser(new_id(), f"s{new_id().hex}@x.example", "System"), new_id())).changed
    await write_post(bus, allowed(globex, events_per_day=100_000))
    assert (await edit(bus, allowed(acme, events_per_day=events + 4), post, "Four")).changed
    assert (await used(pool, acme)).events_today == events + 4


async def test_gaps_that_changes_taken_back_left_are_not_counted(pool: Database, acme: House) -> None:
    bus = Bus(pool)
    post = await write_post(bus, acme)
    events = (await used(pool, acme)).events_today
    full = allowed(acme, events_per_day=events + 3)
    await edit(bus, full, post, "First")
    for _ in range(10):
        with suppress(Refusal):
            await _change_and_fail(bus, acme)

    await edit(bus, full, post, "Second")
    await edit(bus, full, post, "Third")

    with refused("eventsPerDay", events + 3, events + 3, "events today"):
        await edit(bus, full, post, "Fourth")


async def test_a_change_of_several_events_is_refused_whole(pool: Database, acme: House) -> None:
    bus = Bus(pool)
    await write_post(bus, acme)
    events = (await used(pool, acme)).events_today
    full = allowed(acme, events_per_day=events + 1)

    with refused("eventsPerDay", events + 1, events, "events today"):
        async with bus.unit(full.tenant, full.people["author"], correlation_id=new_id()) as unit:
            for title in ("One", "Two"):
                await unit.execute(CreatePost(new_id(), title, "Text."))

    assert (await used(pool, acme)).events_today == events
    await write_post(bus, full)


async def test_a_new_process_finds_where_the_day_began(pool: Database, acme: House) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    post = await write_post(Bus(pool), acme)
    events = (await used(pool, acme)).events_today
    async with pool.reading(acme.tenant.place) as connection:
        assert await connection.fetchval(FIRST, midnight=midnight) == 1

    for number in range(2):
        await edit(Bus(pool), allowed(acme, events_per_day=events + 2), post, f"Change {number}")
    with refused("eventsPerDay", events + 2, events + 2, "events today"):
        await edit(Bus(pool), allowed(acme, events_per_day=events + 2), post, "One too many")
