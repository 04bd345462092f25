"""What somebody sits and waits for goes before what nobody waits for, and finds room where others take all there is."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.content.store import EXPIRE, PUBLISH
from auth.resets import ASKED_TIMER
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.conftest import House
from tests.integration.workers.conftest import Line
from workers.reactions.registry import awaited, timer_handler
from workers.timers import TimerRunner

ON_THEIR_WAY = statement("UPDATE control.deliveries SET published_at = now() WHERE state = 'waiting'")
OF_SUBJECT = statement("SELECT organization_id, awaited FROM control.deliveries WHERE aggregate_id = :subject")
INVITATION = "users.mail_invitation"


async def flood(line: Line, house: House, count: int) -> list[UUID]:
    return [event for _ in range(count) for event in await line.happened(house, "QuickTested", aggregate=new_id())]


async def published(line: Line, events: list[UUID], handler: str = "test.count") -> int:
    return sum([(await line.delivery(event, handler))["published_at"] is not None for event in events])


def test_the_links_and_the_moments_that_people_wait_for_are_the_ones() -> None:
    assert sorted(awaited()) == sorted([*map(timer_handler, (ASKED_TIMER, PUBLISH, EXPIRE)), INVITATION, "users.mail_confirmation"])


async def test_a_letter_that_somebody_waits_for_is_first_on_the_queue(line: Line, acme: House, globex: House) -> None:
    await flood(line, acme, 12)
    [invited] = await line.happened(acme, "UserInvited")
    await line.expand()

    await line.publisher.step()

    first = line.broker.client.lrange("imprint:dramatiq:deliveries", 0, 0)
    message = line.broker.client.hget("imprint:dramatiq:deliveries.msgs", first[0])
    assert str((await line.delivery(invited, INVITATION))["id"]) in str(message)


async def test_it_finds_room_where_the_same_organization_fills_its_share(line: Line, acme: House, globex: House) -> None:
    others = await flood(line, acme, 12)
    await line.expand()
    await line.publisher.step()
    assert await published(line, others) == line.settings.share

    invited = [(await line.happened(acme, "UserInvited"))[0] for _ in range(3)]
    await line.expand()
    await line.publisher.step()

    assert await published(line, invited, INVITATION) == line.settings.awaited_share - line.settings.share == 1
    assert await published(line, others) == line.settings.share


async def test_it_finds_room_where_other_organizations_fill_the_window(line: Line, acme: House, globex: House) -> None:
    await flood(line, acme, line.settings.window)
    await line.expand()
    async with line.pool.control() as connection:
        await connection.execute(ON_THEIR_WAY)
    [other], [invited] = await flood(line, globex, 1), await line.happened(globex, "UserInvited")
    await line.expand()

    await line.publisher.step()

    assert (await published(line, [invited], INVITATION), await published(line, [other])) == (1, 0)


@pytest.mark.parametrize("kind", [ASKED_TIMER, PUBLISH, EXPIRE])
async def test_a_link_for_a_new_password_and_the_moment_of_a_post_are_awaited_in_their_own_organization(
    line: Line, acme: House, globex: House, kind: str
) -> None:
    asked: dict[UUID, UUID] = {}
    for house in (acme, globex):
        asked[house.tenant.id] = new_id()
        async with transaction(line.pool, house.tenant, Cause(new_id(), house.id_of("author"))) as tx:
            await tx.schedule(kind, asked[house.tenant.id], tx.now, {"login": "", "correlation_id": str(new_id())})

    while await TimerRunner(line.pool, "tested").step():
        continue

    async with line.pool.control() as connection:
        for tenant, subject in asked.items():
            [row] = await connection.fetch(OF_SUBJECT, subject=subject)
            assert (row["organization_id"], row["awaited"]) == (tenant, True)
