"""What comes past the application stands in audit_log, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from app.bus import Bus
from app.shared.columns import aggregate_columns
from migrations.history import History
from migrations.writing import declared
from tenants.database import Database
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.conftest import House, write_post
from tests.integration.owner import Owner, as_owner

NOTED = "SELECT table_name, row_key, operation, before, after, session_role, effective_role FROM {schema}.audit_log ORDER BY id"
LEAVE = statement("DELETE FROM __tenant__.audit_log")
WRITE = statement("UPDATE __tenant__.audit_log SET table_name = 'other'")
PARTS_OF_AGGREGATES = {"domain_events", "post_approvals", "post_categories", "post_editors", "post_slugs", "post_tags", "tag_synonyms"}
# What Postgres says in bits of pg_trigger.tgtype, of triggers that are on.
WATCHED = """
    SELECT c.relname, array_agg(o.done ORDER BY o.done) AS done FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN (VALUES (4, 'INSERT'), (8, 'DELETE'), (16, 'UPDATE'), (32, 'TRUNCATE')) o (bit, done) ON t.tgtype & o.bit <> 0
    JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname = 'witness'
    WHERE c.relnamespace = $1::regnamespace AND t.tgenabled = 'O' GROUP BY 1
"""
SECRET = ("username", "name", "email", "email_index", "person_key", "password_hash", "secret_hash", "event_data")


@pytest.fixture
async def owner(migrated: TenantSettings) -> AsyncIterator[Owner]:
    async with as_owner(migrated) as connection:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=str, decoder=json.loads)
        yield connection


async def noted(owner: Owner, house: House) -> list[dict[str, Any]]:
    return [dict(row) for row in await owner.fetch(NOTED.format(schema=house.tenant.place.schema))]


async def test_what_commands_change_is_not_noted(bus: Bus, owner: Owner, acme: House) -> None:
    before = len(await noted(owner, acme))

    await write_post(bus, acme, title="Through the door", editors=(acme.id_of("editor"),))

    assert len(await noted(owner, acme)) == before


async def test_a_row_changed_by_hand_is_noted_with_who_did_it_as_whom(
    bus: Bus, owner: Owner, migrated: TenantSettings, acme: House, globex: House
) -> None:
    post = await write_post(bus, acme, title="Quiet")
    schema, others = acme.tenant.place.schema, len(await noted(owner, globex))

    await owner.execute(f"UPDATE {schema}.posts SET title = 'Loud' WHERE id = $1", post)

    change = (await noted(owner, acme))[-1]
    who = await owner.fetchval("SELECT session_user::text")
    assert (change["table_name"], change["row_key"], change["operation"]) == ("posts", {"id": str(post)}, "UPDATE")
    assert (change["before"]["title"], change["after"]["title"]) == ("Quiet", "Loud")
    assert (change["session_role"], change["effective_role"]) == (who, migrated.owner_role)
    assert len(await noted(owner, globex)) == others
    await owner.execute(f"BEGIN; SET LOCAL imprint.door = 'bus'; UPDATE {schema}.posts SET title = 'Quiet' WHERE id = '{post}'; COMMIT")
    assert (await noted(owner, acme))[-1] == change


async def test_what_is_encrypted_or_tells_who_somebody_is_is_noted_nowhere(owner: Owner, globex: House) -> None:
    schema, person = globex.tenant.place.schema, globex.id_of("reader")

    await owner.execute(f"UPDATE {schema}.users SET email_index = email_index WHERE id = $1", person)
    await owner.execute(f"UPDATE {schema}.domain_events SET event_version = event_version WHERE aggregate_id = $1", person)

    told, *events = (await noted(owner, globex))[-3:]  # two events: invited, activated
    assert [told["table_name"], *(event["table_name"] for event in events)] == ["users", "domain_events", "domain_events"]
    for side in (change[when] for change in (told, *events) for when in ("before", "after")):
        assert not set(SECRET) & side.keys()
    assert told["after"]["role"] == "reader"


async def test_a_deletion_and_an_emptied_table_are_noted(bus: Bus, owner: Owner, globex: House) -> None:
    post = await write_post(bus, globex, editors=(globex.id_of("editor"),))
    schema = globex.tenant.place.schema
    undone = owner.transaction()
    await undone.start()

    await owner.execute(f"DELETE FROM {schema}.post_editors WHERE post_id = $1", post)
    await owner.execute(f"TRUNCATE {schema}.post_tags")
    deleted, emptied = (await noted(owner, globex))[-2:]
    transaction = await owner.fetchval(f"SELECT transaction_id FROM {schema}.audit_log ORDER BY id DESC LIMIT 1")

    assert transaction == await owner.fetchval("SELECT pg_current_xact_id()::text::bigint")
    await undone.rollback()
    assert (deleted["table_name"], deleted["operation"], deleted["after"]) == ("post_editors", "DELETE", None)
    assert deleted["row_key"] == {"post_id": str(post), "user_id": str(globex.id_of("editor"))}
    assert (emptied["table_name"], emptied["operation"], emptied["row_key"], emptied["before"]) == ("post_tags", "TRUNCATE", None, None)


async def test_the_organizations_own_role_reads_the_notes_and_cannot_change_them(pool: Database, acme: House) -> None:
    async with pool.reading(acme.tenant.place) as connection:
        assert isinstance(await connection.fetchval(statement("SELECT count(*) FROM __tenant__.audit_log")), int)
        for forbidden in (LEAVE, WRITE):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(forbidden)


async def test_every_table_of_aggregates_is_watched(owner: Owner, acme: House) -> None:
    """Whatever is done to it: a row made, changed or deleted, or all of it emptied."""
    columns = {column.name for column in aggregate_columns()}
    aggregates = {table.name for table in declared(History.TENANT).metadata.tables.values() if columns <= set(table.columns.keys())}
    watched = await owner.fetch(WATCHED, acme.tenant.place.schema)

    assert len(aggregates) >= 5
    assert {row["relname"] for row in watched} >= aggregates | PARTS_OF_AGGREGATES
    for row in watched:
        assert row["done"] == ["DELETE", "INSERT", "TRUNCATE", "UPDATE"], row["relname"]
