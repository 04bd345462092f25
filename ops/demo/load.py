"""Loading the demo through the same commands that people use, so that its events and history are real."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

from app.bus import Bus
from app.content.commands import CreatePost, ExpirePost, SubmitPost, WithdrawPost
from app.taxonomy.commands import EnsureTags
from app.users.accounts import Members
from app.users.commands import ActivateUser, InviteUser
from auth.principal import SYSTEM, Kind, Principal
from ops.demo.life import EXPIRES_WITHIN, of_chief, steps
from ops.demo.people import House
from ops.demo.shelves import load_shelves
from ops.demo.story import Fate, PlannedPost, plan
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement

WRITERS = 4
POSTS = statement("SELECT id FROM __tenant__.posts")
DUE = statement("SELECT id, expires_at FROM __tenant__.posts WHERE id = ANY (CAST(:ids AS uuid[])) AND status = 'PUBLISHED' AND expires_at <= now()")

Progress = Callable[[int, int], None]


async def load_posts(database: Database, tenant: Tenant, house: House, people: dict[str, Principal], progress: Progress) -> int:
    """Write those of the house's posts that are not there, a few at a time; returns how many events that took."""
    bus = Bus(database)
    async with database.reading(tenant.place) as connection:
        there = {row["id"] for row in await connection.fetch(POSTS)}
    planned = [post for post in plan(house) if post.id not in there]
    shelves = await load_shelves(bus, database, tenant, people["admin"]) if planned else {}
    queue = iter(planned)
    done = [0]
    events = await asyncio.gather(
        *(_writer(bus, tenant, people, shelves, queue, lambda: _tick(done, len(planned), progress)) for _ in range(WRITERS))
    )
    return sum(events) + await _expire(bus, database, tenant, [post.id for post in planned if post.fate is Fate.EXPIRED])


async def load_people(database: Database, tenant: Tenant, house: House) -> dict[str, Principal]:
    """Make the house's people who are not there yet; returns everybody by key."""
    bus = Bus(database)
    members = Members(database, bus)
    found: dict[str, Principal] = {}
    for person in house.people:
        account = await members.find(tenant, house.email(person))
        if account is None or account.status == "invited":
            user_id = account.user_id if account else new_id()
            async with bus.unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
                if account is None:
                    await unit.execute(InviteUser(user_id, house.email(person), person.name, person.role))
                await unit.execute(ActivateUser(user_id))
            account = await members.get(tenant, user_id)
        if account is not None:
            found[person.key] = Principal(Kind.PERSON, account.user_id, account.role, account.permissions)
    return found


def _tick(done: list[int], total: int, progress: Progress) -> None:
    done[0] += 1
    progress(done[0], total)


async def _writer(
    bus: Bus, tenant: Tenant, people: dict[str, Principal], shelves: Mapping[str, UUID], queue: Iterator[PlannedPost], tick: Callable[[], None]
) -> int:
    events = 0
    for post in queue:
        events += await _live(bus, tenant, people, shelves, post)
        tick()
    return events


async def _live(bus: Bus, tenant: Tenant, people: dict[str, Principal], shelves: Mapping[str, UUID], post: PlannedPost) -> int:
    """One post's life, each step by somebody who may take it."""
    author, chief = people[post.author], people["editor"]
    post_id = await _create(bus, tenant, people, shelves, post, author)
    count = 1
    for command in steps(post_id, post):
        who = author if isinstance(command, SubmitPost | WithdrawPost) else chief if of_chief(command) else people["admin"]
        count += len((await bus.execute(tenant, command, who, correlation_id=new_id())).events)
    return count


async def _expire(bus: Bus, database: Database, tenant: Tenant, posts: list[UUID]) -> int:
    """Let their short time run out, as workers do where there are any."""
    if not posts:
        return 0
    await asyncio.sleep(EXPIRES_WITHIN.total_seconds())
    async with database.reading(tenant.place) as connection:
        due = [(row["id"], row["expires_at"]) for row in await connection.fetch(DUE, ids=posts)]
    outcomes = [await bus.as_system(tenant, ExpirePost(post, at), new_id()) for post, at in due]
    return sum(len(outcome.events) for outcome in outcomes)


async def _create(bus: Bus, tenant: Tenant, people: dict[str, Principal], shelves: Mapping[str, UUID], post: PlannedPost, author: Principal) -> UUID:
    editors = tuple(editor for key in [post.editor] if key and (editor := people[key].user_id))
    async with bus.unit(tenant, author, correlation_id=new_id()) as unit:
        tags = (await unit.execute(EnsureTags(post.tags))).aggregates
        categories = tuple(shelves[slug] for slug in post.shelves)
        command = CreatePost(post.id, post.title, post.body, excerpt=post.excerpt, tags=tags, categories=categories, editors=editors)
        created = await unit.execute(command)
    return created.aggregates[0]
