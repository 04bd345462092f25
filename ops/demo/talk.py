"""What people of the demo say about its posts: short threads, some approved, some rejected, some waiting."""

from __future__ import annotations

from itertools import cycle
from random import Random
from uuid import UUID

from app.bus import Bus
from app.comments.commands import AddComment, ApproveComment, RejectComment
from auth.principal import Principal
from ops.demo import texts
from ops.demo.people import House
from tenants.database import Database
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement

TALKED_ABOUT = 12  # threads of four: nobody says more than people may say at once
SILENT = statement(
    """
    SELECT p.id FROM (SELECT id FROM __tenant__.posts WHERE status = 'PUBLISHED' ORDER BY id LIMIT :most) p
    WHERE NOT EXISTS (SELECT FROM __tenant__.comments c WHERE c.post_id = p.id) ORDER BY p.id
    """
)


async def load_talk(database: Database, tenant: Tenant, house: House, people: dict[str, Principal]) -> None:
    """Give the first posts a thread each, where they have none."""
    bus, rng = Bus(database), Random(f"imprint demo talk {house.slug}")  # noqa: S311 - repeatable texts, no secrets
    async with database.reading(tenant.place) as connection:
        silent = [row["id"] for row in await connection.fetch(SILENT, most=TALKED_ABOUT)]
    speakers = cycle(people[person.key] for person in house.people)
    for number, post in enumerate(silent):
        await _thread(bus, tenant, post, [next(speakers) for _ in range(4)], people["moderator"], rng, number)


async def _thread(bus: Bus, tenant: Tenant, post: UUID, speakers: list[Principal], moderator: Principal, rng: Random, number: int) -> None:
    async def say(who: Principal, body: str, parent: UUID | None = None) -> UUID:
        return (await bus.execute(tenant, AddComment(new_id(), post, body, parent), who, correlation_id=new_id())).aggregates[0]

    first = await say(speakers[0], texts.excerpt(rng))
    await bus.execute(tenant, ApproveComment(first), moderator, correlation_id=new_id())
    reply = await say(speakers[1], texts.excerpt(rng), first)
    await bus.execute(tenant, ApproveComment(reply), moderator, correlation_id=new_id())
    third = await say(speakers[2], texts.excerpt(rng))
    decision = RejectComment(third) if number % 3 == 0 else ApproveComment(third)
    await bus.execute(tenant, decision, moderator, correlation_id=new_id())
    await say(speakers[3], "Cheap ink! https://ink.example https://ink.example/now https://ink.example/buy" if number % 2 else texts.excerpt(rng))
