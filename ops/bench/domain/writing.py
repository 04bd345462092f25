"""What a command costs beside its statements, how writers of one organization get along, and that none of their edits is lost."""

from __future__ import annotations

import asyncio
import random
import time
from statistics import median
from uuid import UUID

from ops.bench.domain import together
from ops.bench.domain.desk import Desk, per_second
from ops.bench.floors.commanding import ByHand
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.tenants import Measured
from ops.events.verifying import verify_all
from tenants.database import Database
from tenants.errors import Conflict
from tenants.ids import new_id

CONNECTIONS = 12  # of which one organization may have nine
ROUNDS, SECONDS = 11, 1.0
WRITERS, POSTS, EDITS = 8, 50, 10_000


async def measured(bench: Bench, where: Measured) -> list[Line]:
    async with Database(bench.settings, connections=CONNECTIONS) as database:
        desk = Desk(where, database)
        posts = [await desk.write() for _ in range(POSTS)]
        lines = [await _one_command(bench, desk, posts), await together.measured(bench.settings, where, posts[1:]), await _edits(desk, posts)]
        [verified] = await verify_all(database, bench.settings, where.tenant.slug)
        if not verified.clean:
            raise RuntimeError(f"after all of that: {list(verified.lines())[:5]}")
        return lines


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
        theirs.append(await per_second([floor], SECONDS))
        ours.append(await per_second([product], SECONDS))
    await hand.forget(spoiled)
    await hand.close()
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    return Line("updatePost through the bus, one writer", f"{median(ours):,.0f}/s", f"{median(theirs):,.0f}/s by hand", ratio, 0.6)


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
