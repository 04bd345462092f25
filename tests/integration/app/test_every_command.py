"""Whatever is done through the bus, in any order and by anybody: rows are what their events say, chains hold, counts are exact."""

from __future__ import annotations

import pkgutil
from collections import Counter
from dataclasses import replace
from importlib import import_module
from uuid import UUID

import pytest

from app.api import mutations
from app.bus import Bus
from app.content.projections import recount_publications
from app.engagement.projections import count
from app.management.commands import ConfigureOrganization
from app.replay.verifying import verify
from app.shared.commands import HANDLERS
from auth.sso.connections import Connection, Connections
from ops.demo.people import ACME, GLOBEX
from tenants import events
from tenants.database import Database
from tenants.errors import Refusal
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import Cause, transaction
from tests.integration.app.anything import BEFORE_OTHERS, ELSEWHERE, Somebody, kinds
from tests.integration.conftest import House, house_of
from workers.reactions.publications import PUBLICATIONS, count_publications
from workers.reactions.registry import Reacting

ROUNDS, STEPS = 2, 450
MOST_ROUNDS = 12  # where chance has left a kind without effect, it goes on
NO_EVENT = {"MarkNotificationsRead"}  # whether it changes anything is shown in people's tests
HAPPENED = statement("SELECT * FROM __tenant__.domain_events WHERE aggregate_type = 'Post' AND sequence_number > :after ORDER BY sequence_number")
COUNTED = statement("SELECT author_id, published FROM __tenant__.publication_counts WHERE published > 0")
PUBLISHED = statement("SELECT author_id, count(*) AS published FROM __tenant__.posts WHERE status = 'PUBLISHED' GROUP BY author_id")
OURS = statement("SELECT id FROM __tenant__.domain_events")


@pytest.fixture(scope="module")
async def houses(migrated: TenantSettings, pool: Database) -> list[House]:
    """Two organizations in which nothing but chance happens."""
    houses = [await house_of(migrated, pool, replace(cast, slug=f"chance-{cast.slug}")) for cast in (ACME, GLOBEX)]
    for house in houses:
        provider = Connection(house.tenant.id, "provider", "oidc", "Provider", enabled=True, create_people=True, default_role="reader")
        await Connections(pool).add(house.tenant, provider, Cause(new_id()))
        welcome = ConfigureOrganization(policies={"comments": {"guests": True}})
        await Bus(pool).execute(house.tenant, welcome, house.people["owner"], correlation_id=new_id())
    return houses


async def live(bus: Bus, house: House, seed: int, changed: Counter[str], tried: Counter[str], caused: set[UUID]) -> None:
    """A few hundred changes of this organization. Whatever is raised but a rule's own refusal fails the test."""
    somebody = Somebody(seed, house)
    for _ in range(STEPS):
        commands, who = somebody.work()
        tried[type(commands[-1]).__name__] += 1
        try:
            async with bus.unit(house.tenant, who, correlation_id=new_id()) as unit:
                await somebody.newcomers.bring_links(unit.transaction, commands)
                outcomes = [await unit.execute(command) for command in commands]
        except Refusal:
            continue
        except Exception as error:
            error.add_note(f"seed {seed}, of {house.tenant.slug}: {commands!r}")
            raise
        caused.update(event for outcome in outcomes for event in outcome.events)
        somebody.done(commands[-1], outcomes[-1].aggregates)
        if outcomes[-1].changed:
            changed[type(commands[-1]).__name__] += 1


async def counts(pool: Database, house: House) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """Of published posts by author: as kept, and as the rows have it."""
    async with pool.reading(house.tenant.place) as connection:
        kept, there = [await connection.fetch(query) for query in (COUNTED, PUBLISHED)]
    return tuple({row["author_id"]: row["published"] for row in rows} for rows in (kept, there))  # type: ignore[return-value] # two of two


async def react(pool: Database, house: House) -> None:
    """What a worker does with events as they come, from the first."""
    async with transaction(pool, house.tenant, Cause(new_id())) as tx:
        for row in await tx.connection.fetch(HAPPENED, after=0):
            await count_publications(Reacting(house.tenant, events.from_row(row), tx))
        while await count(tx, tx.now):
            pass


def test_whatever_the_api_can_have_done_is_among_what_is_done_at_random() -> None:
    """A new command is so by itself; one that the chance cannot make, or that is left out, fails here or below."""
    modules = [import_module(found.name) for found in pkgutil.iter_modules(mutations.__path__, f"{mutations.__name__}.")]
    of_the_api = {one for module in modules for one in vars(module).values() if isinstance(one, type) and one in HANDLERS}

    assert {one.__name__ for one in of_the_api - set(kinds())} == BEFORE_OTHERS
    assert {kind.__name__ for kind in HANDLERS} >= ELSEWHERE


async def test_whatever_is_done_through_the_bus_replays_to_its_rows_and_is_counted(bus: Bus, pool: Database, houses: list[House]) -> None:
    changed, tried = Counter[str](), Counter[str]()
    caused: list[set[UUID]] = [set(), set()]

    names = {kind.__name__ for kind in kinds()}
    for seed in range(MOST_ROUNDS):
        if seed >= ROUNDS and not names - NO_EVENT - changed.keys():
            break
        for house, ids in zip(houses, caused, strict=True):
            await live(bus, house, seed, changed, tried, ids)
            found = await verify(pool, house.tenant)
            assert (found.differences, found.breaks, found.bypassed) == ([], [], [])

    assert names - tried.keys() == set()
    assert names - NO_EVENT - changed.keys() == set()
    for house, ours, others in zip(houses, caused, reversed(caused), strict=True):
        await react(pool, house)
        found = await verify(pool, house.tenant)
        assert (found.differences, found.breaks, found.bypassed) == ([], [], [])
        kept, there = await counts(pool, house)
        assert kept == there
        assert there
        async with transaction(pool, house.tenant, Cause(new_id())) as tx:
            await recount_publications(tx, PUBLICATIONS)
        assert await counts(pool, house) == (there, there)
        async with pool.reading(house.tenant.place) as connection:
            stored = {row["id"] for row in await connection.fetch(OURS)}
        assert ours <= stored
        assert not others & stored
