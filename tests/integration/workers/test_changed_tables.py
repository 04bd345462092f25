"""A delivery's handler whose statements were prepared before its tables changed."""

from __future__ import annotations

import dataclasses

from ops.demo.load import load_people
from ops.demo.people import ACME
from ops.organizations.founding import found
from tenants.ids import new_id
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.workers.conftest import Line


async def test_a_handler_is_run_again_at_once_and_its_effect_is_there_once(line: Line) -> None:
    slug = f"changed-{new_id().hex[-12:]}"
    tenant = (await found(line.tenants, line.pool, slug=slug, name="Changed", owner_email=f"owner@{slug}.example")).tenant
    cast = dataclasses.replace(ACME, slug=slug)
    house = House(tenant, await load_people(line.pool, tenant, cast), cast)
    events = [await line.happened(house, "QuickTested") for _ in range(2)]
    await line.expand()
    rows = [await line.delivery(event, "test.count") for [event] in events]

    await line.deliver(rows[0])
    async with as_owner(line.tenants) as owner:
        await owner.execute(f"ALTER TABLE {tenant.place.schema}.domain_events ALTER event_version TYPE integer")
    await line.deliver(rows[1])

    done = await line.delivery(events[1][0], "test.count")
    assert (done["state"], done["attempts"], done["error"]) == ("done", 1, None)
    assert await line.counted(house) == 2
