"""The demo's posts have readers, some more than others, and loading it again adds none."""

from __future__ import annotations

from dataclasses import replace

from app.bus import Bus
from app.replay.verifying import verify
from ops.demo.people import ACME
from ops.demo.readers import load_readers
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, house_of, publish_post, write_post

DONE = statement(
    """
    SELECT (SELECT count(*) FROM __tenant__.post_views) AS views, (SELECT count(*) FROM __tenant__.post_likes) AS likes,
           (SELECT count(*) FROM __tenant__.post_shares) AS shares, (SELECT count(*) FROM __tenant__.subscriptions) AS follows,
           (SELECT count(DISTINCT post_id) FROM __tenant__.post_views) AS posts,
           (SELECT count(*) FROM __tenant__.trending_posts) AS trending, (SELECT count(*) FROM __tenant__.post_totals WHERE score > 0) AS popular
    """
)


async def test_the_demos_posts_are_looked_at_liked_and_passed_on_and_its_people_follow_something_once(
    bus: Bus, pool: Database, migrated: TenantSettings, globex: House
) -> None:
    house = await house_of(migrated, pool, replace(ACME, slug="read-demo"))
    for _ in range(8):
        post = await write_post(bus, house)
        await publish_post(bus, house, post)

    done = []
    for _ in range(2):
        await load_readers(pool, house.tenant, house.cast, house.people)
        async with pool.reading(house.tenant.place) as connection:
            row = await connection.fetchrow(DONE)
        assert row is not None
        done.append(dict(row.items()))

    assert done[0] == done[1]
    assert (done[0]["posts"], done[0]["trending"], done[0]["popular"]) == (8, 8, 8)
    assert all(done[0].values()), done[0]
    assert (await verify(pool, house.tenant)).differences == []
