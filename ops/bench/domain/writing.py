"""What a command costs beside its statements, how writers of one organization get along, and that none of their edits is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from statistics import median
from uuid import UUID

from app.bus import Bus
from app.content.commands import CreatePost, UpdatePost
from app.users.values import PERMISSIONS
from auth.principal import Kind, Principal
from ops.bench.floors.commanding import ByHand
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenants import Measured
from ops.verifying import verify_all
from tenants.database import Database
from tenants.errors import Conflict
from tenants.ids import new_id

CONNECTIONS = 12  # of which one organization may have nine
ROUNDS, SECONDS = 11, 1.0
WRITERS, POSTS, EDITS = 8, 50, 10_000
CONTENT = "Some text that is searched, too. " * 60


async def measured(bench: Bench, where: Measured) -> list[Line]:
    async with Database(bench.settings, connections=CONNECTIONS) as database:
        desk = Desk(where, database)
        posts = [await desk.write() for _ in range(POSTS)]
        lines = [await _one_command(bench, desk, posts), await _writers(desk, posts), await _edits(desk, posts)]
        [verified] = await verify_all(database, bench.settings, where.tenant.slug)
        if not verified.clean:
            raise RuntimeError(f"after all of that: {list(verified.lines())[:5]}")
        return lines


class Desk:
    """Where one organization's owner writes."""

    def __init__(self, where: Measured, database: Database) -> None:
        self.where = where
        self._bus = Bus(database)
        self._who = Principal(Kind.PERSON, where.owner_id, "owner", PERMISSIONS)

    async def write(self) -> UUID:
        command = CreatePost(new_id(), "Measured", CONTENT)
        return (await self._bus.execute(self.where.tenant, command, self._who, correlation_id=new_id())).aggregates[0]

    async def rename(self, post: UUID, title: str, version: int | None = None) -> None:
        await self._bus.execute(self.where.tenant, UpdatePost(post, version, title=title), self._who, correlation_id=new_id())


async def _one_command(bench: Bench, desk: Desk, posts: list[UUID]) -> Line:
    tenant = desk.where.tenant
    hand = await ByHand.connect(bench.settings.admin_database_url, tenant.place.schema, bench.settings.owner_role)
    numbers = iter(range(10_000_000))
    spoiled = await desk.write()  # by hand nothing is hashed: this one goes away again

    async def product() -> None:
        await desk.rename(posts[0], f"Title {next(numbers)}")

    async def floor() -> None:
        await hand.rename(spoiled, f"Title {next(numbers)}")

    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(ROUNDS):
        theirs.append(await _per_second([floor]))
        ours.append(await _per_second([product]))
    await hand.forget(spoiled)
    await hand.close()
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Line("updatePost through the bus, one writer", f"{median(ours):,.0f}/s", f"{median(theirs):,.0f}/s by hand", ratio, 0.6)


async def _writers(desk: Desk, posts: list[UUID]) -> Line:
    numbers = iter(range(10_000_000))

    def writer(post: UUID) -> Callable[[], Awaitable[None]]:
        return lambda: desk.rename(post, f"Line {next(numbers)}")

    alone: list[float] = []
    together: list[float] = []
    for _ in range(ROUNDS):
        alone.append(await _per_second([writer(posts[1])]))
        together.append(await _per_second([writer(post) for post in posts[2 : 2 + WRITERS]]))
    ratio = median(many / one for many, one in zip(together, alone, strict=True))
    return Line(f"{WRITERS} writers of one organization, over one", f"{median(together):,.0f}/s", f"{median(alone):,.0f}/s", ratio, 2.0)


async def _per_second(works: list[Callable[[], Awaitable[None]]]) -> float:
    """How often these are done, beside one another."""
    until = time.perf_counter() + SECONDS
    done = 0

    async def again(work: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await work()
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(again(work) for work in works))
    return done / (time.perf_counter() - began)


async def _edits(desk: Desk, posts: list[UUID]) -> Line:
    """Writers who edit the same posts, each with the version it saw last; who was too late looks again and tries again."""
    versions: dict[UUID, int] = {}
    for post in posts:
        versions[post] = await _settle(desk, post)
    edits, left, conflicts = dict.fromkeys(posts, 0), iter(range(EDITS)), 0

    async def writer(number: int) -> None:
        nonlocal conflicts
        chance, seen = random.Random(number), dict(versions)  # noqa: S311 - no secret
        for edit in left:
            post = chance.choice(posts)
            while True:
                try:
                    await desk.rename(post, f"Edit {edit} by {number}", seen[post])
                except Conflict as conflict:
                    conflicts += 1
                    seen[post] = conflict.current_version or seen[post]
                else:
                    seen[post] += 1
                    edits[post] += 1
                    break

    began = time.perf_counter()
    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    seconds = time.perf_counter() - began
    lost = 0
    for post in posts:
        lost += abs(await _settle(desk, post) - 1 - versions[post] - edits[post])
    said = f"{lost} lost, {conflicts:,} conflicts, {EDITS / seconds:,.0f}/s"
    return Line(f"edits lost of {EDITS:,} by {WRITERS} writers on {POSTS} posts", said, "none", float(lost), 0.0, at_most=True)


async def _settle(desk: Desk, post: UUID) -> int:
    """The version that it has after one more edit."""
    try:
        await desk.rename(post, f"Seen {new_id()}", 0)
    except Conflict as conflict:
        version = conflict.current_version
        if version is not None:
            await desk.rename(post, f"Seen {new_id()}", version)
            return version + 1
    raise RuntimeError("a post answered no version")
