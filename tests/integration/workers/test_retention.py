from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.bus import Bus
from app.users import notices
from auth.opaque import digest
from auth.retention import let_go
from tenants.database import Database, connect_as_admin
from tenants.ids import new_id
from tenants.naming import quoted
from tenants.registry import Registry
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from workers.retention import TenantRetention
from workers.rounds import DailyRound

SESSION = statement(
    """
    INSERT INTO __tenant__.sessions (id, user_id, kind, amr, auth_time, client_id, user_agent, expires_at, revoked_at)
    VALUES (:id, :user_id, 'api', '{pwd}', now(), 'tests', '', now() - CAST(:expired AS interval), now() - CAST(:revoked AS interval))
    """
)
TOKEN = statement(
    "INSERT INTO __tenant__.refresh_tokens (hash, session_id, client, expires_at) VALUES (:hash, :id, '\\x00', now() - CAST(:expired AS interval))"
)
LINK = statement(
    "INSERT INTO __tenant__.links (hash, user_id, purpose, expires_at) VALUES (:hash, :user_id, 'reset', now() - CAST(:expired AS interval))"
)
NOTICE = statement(
    """
    INSERT INTO __tenant__.notifications (id, user_id, kind, event_id, subject_id, created_at)
    SELECT :id, :user_id, 'Test', e.id, e.aggregate_id, now() - CAST(:age AS interval) FROM __tenant__.domain_events e
    WHERE e.aggregate_id = :post ORDER BY e.aggregate_version LIMIT 1
    """
)
AGES_TOLD = statement("SELECT extract(day FROM now() - created_at)::int AS days FROM __tenant__.notifications WHERE id = ANY (CAST(:ids AS uuid[]))")
FORGET = statement("DELETE FROM control.leases WHERE name = 'tenant-retention'")
A_DAY_LATER = statement("UPDATE control.leases SET until = until - interval '1 day' WHERE name = 'tenant-retention'")

LONG_OVER, LATELY_OVER, TO_COME = timedelta(days=31), timedelta(days=29), timedelta(days=-5)
AGES = {
    "expired long ago": (LONG_OVER, None),
    "expired lately": (LATELY_OVER, None),
    "revoked long ago": (TO_COME, LONG_OVER),
    "revoked lately": (TO_COME, LATELY_OVER),
    "live": (TO_COME, None),
}
KEPT = {"expired lately", "revoked lately", "live"}


class Kept:
    """A house's sessions, refresh tokens and links of all ages, and which of them are still there."""

    def __init__(self, pool: Database, house: House) -> None:
        self._pool = pool
        self._house = house
        self._ids: dict[str, UUID] = {}

    async def fill(self) -> Kept:
        user_id = self._house.id_of("reader")
        async with self._pool.writing(self._house.tenant.place) as connection:
            for age, (expired, revoked) in AGES.items():
                self._ids[age] = new_id()
                await connection.execute(SESSION, id=self._ids[age], user_id=user_id, expired=expired, revoked=revoked)
                await connection.execute(TOKEN, hash=digest(str(self._ids[age])), id=self._ids[age], expired=expired)
                await connection.execute(LINK, hash=digest(str(self._ids[age])), user_id=user_id, expired=expired)
        return self

    async def sessions(self) -> set[str]:
        return await self._there("SELECT id FROM __tenant__.sessions WHERE id = ANY (:all)", list(self._ids.values()))

    async def tokens(self) -> set[str]:
        return await self._there("SELECT session_id AS id FROM __tenant__.refresh_tokens WHERE session_id = ANY (:all)", list(self._ids.values()))

    async def links(self) -> int:
        query = statement("SELECT count(*) FROM __tenant__.links WHERE hash = ANY (:all)")
        async with self._pool.reading(self._house.tenant.place) as connection:
            return int(await connection.fetchval(query, all=[digest(str(id)) for id in self._ids.values()]))

    async def _there(self, query: str, ids: list[UUID]) -> set[str]:
        async with self._pool.reading(self._house.tenant.place) as connection:
            rows = await connection.fetch(statement(query), all=ids)
        found = {row["id"] for row in rows}
        return {age for age, id in self._ids.items() if id in found}


class Told:
    """What a house's reader was told so many days ago."""

    def __init__(self, pool: Database, house: House) -> None:
        self._pool = pool
        self._house = house
        self._ids: list[UUID] = []

    async def fill(self, bus: Bus) -> Told:
        post = await write_post(bus, self._house)
        async with self._pool.writing(self._house.tenant.place) as connection:
            for days in (364, 366, 367, 400):
                self._ids.append(new_id())
                await connection.execute(NOTICE, id=self._ids[-1], user_id=self._house.id_of("reader"), post=post, age=timedelta(days=days))
        return self

    async def ages(self) -> set[int]:
        async with self._pool.reading(self._house.tenant.place) as connection:
            return {int(row["days"]) for row in await connection.fetch(AGES_TOLD, ids=self._ids)}


@pytest.fixture
async def retention(pool: Database, registry: Registry) -> AsyncIterator[DailyRound]:
    """That of a process that starts on a day without a round so far."""
    async with pool.control() as connection:
        await connection.execute(FORGET)
    yield DailyRound("tenant-retention", pool, registry, "this process", TenantRetention(pool))
    async with pool.control() as connection:
        await connection.execute(FORGET)


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as lines:
        yield lines  # type: ignore[misc] # structlog types a line's values more loosely


async def _round(retention: DailyRound) -> int:
    steps = 1
    while await retention.step():
        steps += 1
    return steps


async def test_what_ended_thirty_days_ago_is_let_go_of_in_every_organization(
    retention: DailyRound, pool: Database, registry: Registry, acme: House, globex: House
) -> None:
    everybody = [await Kept(pool, acme).fill(), await Kept(pool, globex).fill()]
    active = [tenant for tenant in await registry.all() if tenant.status == "active"]
    assert await _round(retention) == len(active)
    for kept in everybody:
        assert (await kept.sessions(), await kept.tokens(), await kept.links()) == (KEPT, KEPT, 4)


async def test_a_step_deletes_no_more_than_it_was_told_to(pool: Database, acme: House, globex: House) -> None:
    here, there = await Kept(pool, acme).fill(), await Kept(pool, globex).fill()
    async with pool.reading(acme.tenant.place) as connection:
        assert await let_go(connection, 1) == 1
        assert len(await here.sessions()) == 4
        assert await let_go(connection, 1) == 1
        assert await let_go(connection, 1) == 0
    assert await here.sessions() == KEPT
    assert await there.sessions() == set(AGES)


async def test_what_people_were_told_a_year_ago_is_let_go_of_oldest_first_and_a_little_at_a_time(
    bus: Bus, pool: Database, acme: House, globex: House
) -> None:
    here, there = [await Told(pool, house).fill(bus) for house in (acme, globex)]
    async with pool.reading(acme.tenant.place) as connection:
        deleted = [await notices.let_go(connection, 2) for _ in range(3)]

    assert deleted == [2, 1, 0]
    assert await here.ages() == {364}
    assert await there.ages() == {364, 366, 367, 400}


async def test_there_is_one_round_a_day_whichever_process_asks(
    retention: DailyRound, pool: Database, registry: Registry, acme: House, globex: House
) -> None:
    other = DailyRound("tenant-retention", pool, registry, "another process", TenantRetention(pool))
    assert await retention.step()
    assert not await other.step()
    await _round(retention)
    later = [await Kept(pool, acme).fill(), await Kept(pool, globex).fill()]
    assert not await other.step()
    assert not await retention.step()
    for kept in later:
        assert await kept.sessions() == set(AGES)
    async with pool.control() as connection:
        await connection.execute(A_DAY_LATER)
    await _round(other)
    for kept in later:
        assert await kept.sessions() == KEPT


async def test_one_organizations_trouble_is_logged_and_stops_no_other(
    retention: DailyRound, pool: Database, migrated: TenantSettings, acme: House, globex: House, logged: list[dict[str, object]]
) -> None:
    there = await Kept(pool, globex).fill()
    async with _without_links(migrated, acme):
        await _round(retention)
    assert await there.sessions() == KEPT
    assert [(line["log_level"], line["tenant"]) for line in logged if "daily visit failed" in str(line["event"])] == [("error", "acme")]


@asynccontextmanager
async def _without_links(settings: TenantSettings, house: House) -> AsyncIterator[None]:
    """The house's table of links is away, as after a migration that went wrong."""
    schema = quoted(house.tenant.place.schema)
    async with connect_as_admin(settings.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(settings.owner_role)}")
        await admin.run(f"ALTER TABLE {schema}.links RENAME TO links_away")
        try:
            yield
        finally:
            await admin.run(f"ALTER TABLE {schema}.links_away RENAME TO links")
