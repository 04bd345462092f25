from __future__ import annotations

from app.bus import Bus
from app.content.commands import ApprovePost, ArchivePost, PublishPost, SubmitPost, UnpublishPost
from app.content.projections import recount_publications
from tenants.ids import new_id
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House, write_post
from tests.integration.workers.conftest import Line
from workers.reactions.publications import PUBLICATIONS


async def _live(bus: Bus, house: House, *then: type) -> list[object]:
    """A post's way to publication, and on; the ids of its events."""
    post = await write_post(bus, house)
    events: list[object] = []
    for command in (SubmitPost, ApprovePost, PublishPost, *then):
        who = "author" if command is SubmitPost else "admin"
        events += (await bus.execute(house.tenant, command(post), house.people[who], correlation_id=new_id())).events
    return events


async def _deliver_all(line: Line, events: list[object]) -> None:
    await line.expand()
    for event in events:
        for row in await line.deliveries(event):  # type: ignore[arg-type] # ids of events
            await line.deliver(row)


async def test_publishing_counts_and_taking_back_or_archiving_counts_down(line: Line, bus: Bus, acme: House, globex: House) -> None:
    before, others = await line.counted(acme), await line.counted(globex)

    await _deliver_all(line, await _live(bus, acme))
    assert await line.counted(acme) == before + 1
    await _deliver_all(line, await _live(bus, acme, UnpublishPost))
    await _deliver_all(line, await _live(bus, acme, ArchivePost))
    await _deliver_all(line, await _live(bus, acme, UnpublishPost, ArchivePost))

    assert await line.counted(acme) == before + 1
    assert await line.counted(globex) == others


async def test_a_recount_agrees_and_what_is_still_on_its_way_is_not_counted_twice(line: Line, bus: Bus, acme: House, globex: House) -> None:
    async with transaction(line.pool, globex.tenant, Cause(new_id())) as tx:
        await recount_publications(tx, PUBLICATIONS)
    before = await line.counted(globex)
    await _deliver_all(line, await _live(bus, globex))
    waiting = await _live(bus, globex)

    async with transaction(line.pool, globex.tenant, Cause(new_id())) as tx:
        await recount_publications(tx, PUBLICATIONS)
    await _deliver_all(line, waiting)

    assert await line.counted(globex) == before + 2
