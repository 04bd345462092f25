"""Roles and beginnings that travel with the first statement: whatever goes wrong, nothing runs as somebody else."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import asyncpg
import pytest

from tenants.database import Database, Place, UniqueTaken, VersionTaken, connect_as_admin
from tenants.database.failures import HistoryCut
from tenants.events import NewEvent
from tenants.ids import new_id
from tenants.naming import RoleName
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.transaction import SCHEDULE, Cause, transaction
from tests.integration.conftest import House

WHO = statement("SELECT current_user")
MARK = statement("INSERT INTO __tenant__.handled (event_id, handler) VALUES (:id, 'ahead')")
COUNT = statement("SELECT count(*) FROM __tenant__.handled WHERE event_id = :id")
SUM = statement("SELECT CAST(:number AS int) + 1")
TWO = statement("SELECT * FROM (VALUES (1), (2)) AS v (n)")


async def who(database: Database, house: House) -> str:
    async with database.reading(house.tenant.place) as connection:
        return str(await connection.fetchval(WHO))


async def test_every_way_of_asking_takes_the_role_with_it_prepared_or_not(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=1) as database:
        for _ in range(2):
            for house in (acme, globex):
                role = house.tenant.place.role
                async with database.reading(house.tenant.place) as connection:
                    assert [row["current_user"] for row in await connection.fetch(WHO)] == [role]
                async with database.control() as connection:
                    assert await connection.fetchval(WHO) == migrated.login_role
                async with database.reading(house.tenant.place) as connection:
                    row = await connection.fetchrow(WHO)
                assert row is not None
                assert row["current_user"] == role
                async with database.control() as connection:
                    assert await connection.execute(TWO) == 2
                async with database.reading(house.tenant.place) as connection:
                    assert await connection.execute(WHO) == 1
                    assert await connection.fetchval(WHO) == role
                async with database.control() as connection:
                    assert await connection.document("SELECT to_json(current_user)", []) == f'"{migrated.login_role}"'.encode()


async def test_where_the_role_cannot_be_taken_a_prepared_statement_does_not_run_as_the_one_before(migrated: TenantSettings, acme: House) -> None:
    impostor = Place(acme.tenant.place.schema, RoleName("nobody_at_all"))
    mark = new_id()
    async with Database(migrated, connections=1) as database:
        async with database.reading(acme.tenant.place) as connection:
            await connection.execute(MARK, id=new_id())

        async def as_nobody() -> None:
            async with database.reading(impostor) as connection:
                await connection.execute(MARK, id=mark)

        for _ in range(2):
            with pytest.raises(asyncpg.PostgresError, match='role "nobody_at_all" does not exist'):
                await as_nobody()
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(COUNT, id=mark) == 0
            assert await connection.fetchval(WHO) == acme.tenant.place.role


async def test_a_role_that_was_taken_within_a_transaction_is_asked_for_again_after_its_rollback(
    migrated: TenantSettings, acme: House, globex: House
) -> None:
    async with Database(migrated, connections=1) as database:
        mark = new_id()

        async def fail_as_globex() -> None:
            async with database.writing(globex.tenant.place) as connection:
                await connection.execute(MARK, id=mark)
                await connection.execute(MARK, id=mark)

        await who(database, acme)
        with pytest.raises(UniqueTaken):
            await fail_as_globex()
        assert await who(database, globex) == globex.tenant.place.role
        assert await who(database, acme) == acme.tenant.place.role


async def test_a_prepared_statement_that_fails_leaves_the_next_one_its_own_role(migrated: TenantSettings, acme: House, globex: House) -> None:
    mark = new_id()
    async with Database(migrated, connections=1) as database:
        for house in (acme, globex):
            async with database.reading(house.tenant.place) as connection:
                await connection.execute(MARK, id=mark)
        with pytest.raises(UniqueTaken):
            async with database.reading(acme.tenant.place) as connection:
                await connection.execute(MARK, id=mark)
        assert await who(database, globex) == globex.tenant.place.role
        assert await who(database, acme) == acme.tenant.place.role


async def test_a_value_that_the_driver_cannot_send_ends_the_connection_and_not_the_pool(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=1) as database:
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(SUM, number=1) == 2
        with pytest.raises(asyncpg.DataError):
            async with database.reading(globex.tenant.place) as connection:
                await connection.fetchval(SUM, number="one")
        assert await who(database, globex) == globex.tenant.place.role


async def test_a_transaction_in_which_nothing_is_asked_sends_nothing(migrated: TenantSettings, acme: House) -> None:
    async with Database(migrated, connections=1) as database:
        await who(database, acme)
        raw = database._backends[0].raw
        assert raw is not None
        before = raw._protocol.queries_count  # type: ignore[attr-defined]
        async with database.writing(acme.tenant.place):
            pass
        assert raw._protocol.queries_count == before  # type: ignore[attr-defined]
        assert await who(database, acme) == acme.tenant.place.role


async def prepare(database: Database, house: House) -> None:
    """Have the one connection know the statements."""
    async with database.writing(house.tenant.place) as connection:
        await connection.execute(MARK, id=new_id())
        await connection.execute(SCHEDULE, id=new_id(), kind="prepared", subject_id=new_id(), due_at=datetime.now(UTC), data={})
    async with database.writing(house.tenant.place) as connection:
        await connection.execute(MARK, id=new_id())
        await connection.execute_later(MARK, id=new_id())


async def test_what_may_wait_is_done_before_whatever_is_sent_next_and_with_the_commit(migrated: TenantSettings, acme: House, globex: House) -> None:
    one, two = new_id(), new_id()
    async with Database(migrated, connections=1) as database:
        for house in (acme, globex):
            await prepare(database, house)
            async with database.writing(house.tenant.place) as connection:
                await connection.execute_later(MARK, id=one)  # nothing was sent yet: at once
                assert await connection.fetchval(COUNT, id=one) == 1
                raw = database._backends[0].raw
                assert raw is not None
                before = raw._protocol.queries_count  # type: ignore[attr-defined]
                await connection.execute_later(MARK, id=two)
                assert raw._protocol.queries_count == before  # type: ignore[attr-defined]
                assert await connection.fetchval(COUNT, id=two) == 1
                three = new_id()
                await connection.execute_later(MARK, id=three)
            async with database.reading(house.tenant.place) as connection:
                assert await connection.fetchval(COUNT, id=three) == 1
                assert await connection.fetchval(WHO) == house.tenant.place.role


@pytest.mark.parametrize("ending", ["commit", "settle", "statement", "command"])
async def test_what_waited_and_fails_undoes_the_transaction_wherever_it_is_noticed(
    migrated: TenantSettings, acme: House, globex: House, ending: str
) -> None:
    twice, beside = new_id(), new_id()

    async def fail(database: Database) -> None:
        async with database.writing(acme.tenant.place) as connection:
            await connection.execute(MARK, id=beside)
            await connection.execute_later(MARK, id=twice)
            await connection.execute_later(MARK, id=twice)
            if ending == "settle":
                await connection.settle()
            elif ending == "statement":
                await connection.fetchval(COUNT, id=twice)
            elif ending == "command":
                await connection.simple("SET LOCAL statement_timeout = 0")

    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        with pytest.raises(UniqueTaken):
            await fail(database)
        async with database.reading(acme.tenant.place) as connection:
            assert [await connection.fetchval(COUNT, id=mark) for mark in (twice, beside)] == [0, 0]
        assert await who(database, globex) == globex.tenant.place.role


async def test_what_waited_is_not_sent_when_the_transaction_is_undone(migrated: TenantSettings, acme: House, globex: House) -> None:
    twice = new_id()

    async def give_up(database: Database) -> None:
        async with database.writing(acme.tenant.place) as connection:
            await connection.execute(MARK, id=twice)
            await connection.execute_later(MARK, id=twice)
            raise LookupError("something else")

    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        raw = database._backends[0].raw
        with pytest.raises(LookupError):
            await give_up(database)
        assert database._backends[0].raw is raw
        assert await who(database, globex) == globex.tenant.place.role
        async with database.reading(acme.tenant.place) as connection:
            assert await connection.fetchval(COUNT, id=twice) == 0


async def test_an_event_whose_version_is_there_says_so_whatever_is_sent_behind_it(migrated: TenantSettings, acme: House) -> None:
    async def append(database: Database, id: UUID, *, times: int) -> None:
        async with transaction(database, acme.tenant, Cause(new_id())) as tx:
            for _ in range(times):
                await tx.append("Tag", id, 1, [NewEvent(new_id(), "TagCreated", 1, {})])
            with suppress(UniqueTaken):  # as who writes a name that may be taken
                await tx.connection.execute(MARK, id=new_id())

    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        for _ in range(2):  # at once, then behind
            with pytest.raises(VersionTaken):
                await append(database, new_id(), times=2)


async def test_an_event_without_the_one_before_is_refused(migrated: TenantSettings, acme: House) -> None:
    async def skip_one(database: Database) -> None:
        async with transaction(database, acme.tenant, Cause(new_id())) as tx:
            await tx.append("Tag", new_id(), 2, [NewEvent(new_id(), "TagRenamed", 1, {})])

    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        for _ in range(2):  # at once, then with the commit
            with pytest.raises(HistoryCut):
                await skip_one(database)


async def test_values_arrive_as_the_driver_would_send_them(migrated: TenantSettings, acme: House) -> None:
    moment = datetime(2126, 2, 28, 23, 59, 59, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    awkward = "'); DROP \\ \n\t\"{}, \U0001f600 Ω NULL"
    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        for kind, data in ((awkward, {awkward: [awkward, 1, 1.5, None, True]}), ("", {}), ("NULL", {"deep": {"NULL": ""}})):
            id, subject = new_id(), new_id()
            async with database.writing(acme.tenant.place) as connection:
                await connection.fetchval(WHO)
                await connection.execute_later(SCHEDULE, id=id, kind=kind, subject_id=subject, due_at=moment, data=data)
            async with connect_as_admin(migrated.admin_database_url) as admin, admin.transaction(migrated.owner_role):
                [row] = await admin.rows("DELETE FROM control.timers WHERE id = $1 RETURNING kind, subject_id, due_at, data", id)
            assert dict(row.items()) == {"kind": kind, "subject_id": subject, "due_at": moment, "data": data}


async def test_a_value_that_cannot_wait_is_refused_before_anything_is_sent(migrated: TenantSettings, acme: House, globex: House) -> None:
    async def mark_a_number(database: Database) -> None:
        async with database.writing(acme.tenant.place) as connection:
            await connection.fetchval(WHO)
            await connection.execute_later(MARK, id=1.5)

    async with Database(migrated, connections=1) as database:
        await prepare(database, acme)
        with pytest.raises(TypeError, match="float is not sent ahead"):
            await mark_a_number(database)
        assert await who(database, globex) == globex.tenant.place.role


async def test_one_message_takes_the_role_begins_and_reads(migrated: TenantSettings, acme: House, globex: House) -> None:
    async with Database(migrated, connections=1) as database:
        for house in (acme, globex):
            async with database.writing(house.tenant.place) as connection:
                await connection.fetchval(WHO)
        raw = database._backends[0].raw
        assert raw is not None
        sent: list[bytes] = []
        raw._transport = Overheard(raw._transport, sent)  # type: ignore[attr-defined]
        async with database.writing(acme.tenant.place) as connection:
            assert await connection.fetchval(WHO) == acme.tenant.place.role
        [ahead] = sent
        assert [word in ahead for word in (b"SET ROLE", b"BEGIN", b"imprint.door")] == [True] * 3
        assert b"S\x00\x00\x00\x04" not in ahead


class Overheard:
    """A transport that keeps what is written to it ahead of a statement."""

    def __init__(self, transport: object, sent: list[bytes]) -> None:
        self._transport = transport
        self._sent = sent

    def write(self, data: bytes) -> None:
        self._sent.append(bytes(data))
        self._transport.write(data)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)
