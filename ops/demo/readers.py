"""What readers of the demo do with its posts: they look, like and pass on, some posts more than others. And what its people follow."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from app.bus import Bus
from app.engagement import projections
from app.engagement.commands import LikePost, RecordPostView, SharePost
from app.following.commands import Follow
from app.following.values import Kind, Target
from auth.principal import ANONYMOUS, Principal
from ops.demo.people import House
from tenants.database import Database, Row
from tenants.ids import new_id
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, transaction

READ = 24  # posts, the newest first
MOST_VIEWS = 40
UNREAD = statement(
    """
    SELECT p.id FROM (SELECT id FROM __tenant__.posts WHERE status = 'PUBLISHED' ORDER BY published_at DESC, id LIMIT :most) p
    WHERE NOT EXISTS (SELECT FROM __tenant__.post_totals t WHERE t.post_id = p.id)
      AND NOT EXISTS (SELECT FROM __tenant__.post_views v WHERE v.post_id = p.id) ORDER BY p.id
    """
)
FOLLOWED = statement(
    """
    (SELECT id, 'CATEGORY' AS kind FROM __tenant__.categories WHERE parent_id IS NULL ORDER BY rank, id LIMIT 2)
    UNION ALL (SELECT id, 'TAG' FROM __tenant__.tags ORDER BY name LIMIT 2)
    UNION ALL (SELECT id, 'AUTHOR' FROM __tenant__.users WHERE role = 'author' AND status = 'active' ORDER BY username LIMIT 2)
    """
)


async def load_readers(database: Database, tenant: Tenant, house: House, people: dict[str, Principal]) -> None:
    """Views, likes and shares of the newest posts that nobody has looked at; a post's in one transaction. They are counted here, as workers do."""
    bus, rng = Bus(database), Random(f"imprint demo readers {house.slug}")  # noqa: S311 - repeatable, no secrets
    async with database.reading(tenant.place) as connection:
        unread = [row["id"] for row in await connection.fetch(UNREAD, most=READ)]
        followed = await connection.fetch(FOLLOWED)
    for post in unread:
        interest = rng.randrange(1, MOST_VIEWS)
        async with bus.unit(tenant, ANONYMOUS, correlation_id=new_id()) as unit:
            for number in range(interest):
                await unit.execute(RecordPostView(post, number.to_bytes(2)))
            for number in range(interest // 12):
                await unit.execute(SharePost(post, number.to_bytes(2)))
        for who in rng.sample(list(people.values()), interest * len(people) // MOST_VIEWS):
            await bus.execute(tenant, LikePost(post), who, correlation_id=new_id())
    if unread:
        await _count(database, tenant)
    for key, target in _interests(followed, tenant):
        if target != Target(Kind.AUTHOR, people[key].user_id or tenant.id):
            await bus.execute(tenant, Follow(target), people[key], correlation_id=new_id())


async def _count(database: Database, tenant: Tenant) -> None:
    """Before workers come to it, who have all that the demo did to tell of first; what is asked of them they find done."""
    async with transaction(database, tenant, Cause(new_id())) as tx:
        while await projections.count(tx, tx.now):
            pass
        await projections.rank(tx, tx.now)


def _interests(followed: list[Row], tenant: Tenant) -> Iterator[tuple[str, Target]]:
    """The reader follows some of each, the owner all there is, the author what the reader does besides categories."""
    yield "owner", Target(Kind.ORGANIZATION, tenant.id)
    for row in followed:
        target = Target(Kind(row["kind"]), row["id"])
        yield "reader", target
        if target.kind is not Kind.CATEGORY:
            yield "author", target
