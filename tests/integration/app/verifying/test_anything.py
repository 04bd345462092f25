"""Rows are what their events say, whatever people do through the bus."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.bus import Bus
from app.content.commands import (
    ApprovePost,
    CreatePost,
    ExpirePost,
    PublishPost,
    PublishScheduledPost,
    RejectPost,
    SubmitPost,
    UpdatePost,
)
from app.management.commands import ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization
from app.replay.verifying import Verification, verify
from app.taxonomy.commands import (
    CreateCategory,
    EnsureTags,
    RenameTag,
)
from app.users.commands import ActivateUser, DefineRoles, InviteUser
from auth.principal import SYSTEM
from tenants.database import Database
from tenants.errors import Refusal
from tenants.ids import new_id
from tests.integration.app.verifying.somebody import Somebody
from tests.integration.conftest import House

ROUNDS, STEPS = 3, 400
OF_THE_SYSTEM = (PublishScheduledPost, ExpirePost, ActivateUser, DefineRoles, ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_whatever_is_done_through_the_bus_replays_to_its_rows(bus: Bus, pool: Database, acme: House, globex: House, seed: int) -> None:
    changed: set[type] = set()
    before = [named_all(await verify(pool, house.tenant)) for house in (acme, globex)]
    for house in (acme, globex):
        somebody = Somebody(seed, house)
        for _ in range(STEPS):
            command = somebody.command()
            key = "admin" if isinstance(command, CreateCategory) else somebody.dice.choice(["admin", "editor", "owner"])
            who = SYSTEM if isinstance(command, OF_THE_SYSTEM) else house.people[key]
            try:
                outcome = await bus.execute(house.tenant, command, who, correlation_id=new_id())
            except Refusal:
                continue
            if outcome.changed:
                changed.add(type(command))
            if isinstance(command, EnsureTags):
                somebody.tags = list({*somebody.tags, *outcome.aggregates})
        for undo in (RenameOrganization(house.tenant.slug), ResumeOrganization()):
            await bus.execute(house.tenant, undo, SYSTEM, correlation_id=new_id())

    after = [await verify(pool, house.tenant) for house in (acme, globex)]
    assert [named_all(found) for found in after] == before
    assert [found.breaks_in_all for found in after] == [0, 0]
    assert changed >= {
        CreatePost,
        UpdatePost,
        SubmitPost,
        ApprovePost,
        RejectPost,
        PublishPost,
        InviteUser,
        ActivateUser,
        ChangeTier,
        CreateCategory,
        RenameTag,
    }


def named_all(found: Verification) -> set[tuple[UUID, str]]:
    return {(one.aggregate_id, one.field) for one in found.differences}
