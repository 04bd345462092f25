"""Verifying takes no more memory the more there is to verify."""

from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

from app.bus import Bus
from app.replay.verifying import MOST, verify
from ops.demo.people import ACME
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, house_of, write_post

# Posts without rows, whose hashes are another's: all of it is found, and the first of it told.
MULTIPLY = statement(
    """
    INSERT INTO __tenant__.domain_events (id, aggregate_type, aggregate_id, aggregate_version, event_type, event_version, event_data, metadata,
                                          user_id, correlation_id, causation_id, occurred_at, hash)
    SELECT md5(n || 'event')::uuid, aggregate_type, md5(n || 'post')::uuid, aggregate_version, event_type, event_version, event_data, metadata,
           user_id, correlation_id, causation_id, occurred_at, hash
    FROM __tenant__.domain_events, generate_series(CAST(:first AS integer), CAST(:last AS integer)) n
    WHERE aggregate_id = :post
    """
)


async def test_the_memory_that_verifying_takes_does_not_grow_with_the_number_of_events(
    bus: Bus, pool: Database, migrated: TenantSettings, globex: House
) -> None:
    house = await house_of(migrated, pool, replace(ACME, slug="much-verified"))
    post = await write_post(bus, house)
    peaks = []
    for first, last in ((1, 3 * MOST), (3 * MOST + 1, 12 * MOST)):
        async with pool.writing(house.tenant.place) as connection:
            await connection.execute(MULTIPLY, post=post, first=first, last=last)
        gc.collect()
        tracemalloc.start()
        found = await verify(pool, house.tenant)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.events > last
        assert (found.breaks_in_all, len(found.breaks)) == (last, MOST)

    few, many = peaks
    assert many < 1.5 * few
