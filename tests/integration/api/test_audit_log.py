"""The audit log: what happened, who did it, and what came past the application; for those who may read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.content.commands import UpdatePost
from app.management.decisions import Decisions
from app.management.graph import ACTIONS, KINDS
from ops.demo.people import ACME
from tenants.database import Database, connect_as_admin
from tenants.ids import new_id
from tenants.naming import quoted
from tenants.settings import TenantSettings
from tenants.statements import statement
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, house_of, write_post

FIELDS = "id at actor { username } action aggregateType aggregateId changes correlationId bypassed sessionRole effectiveRole"
LOG = f"query($where: AuditWhere, $first: Int, $after: String) {{ auditLog(where: $where, first: $first, after: $after) {{ totalCount pageInfo {{ endCursor hasNextPage }} nodes {{ {FIELDS} }} }} }}"  # noqa: E501


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(ACME, slug="audited"))


@pytest.fixture(scope="module")
async def edited(bus: Bus, house: House) -> tuple[UUID, UUID]:
    """A post and the request that changed it."""
    post, correlation = await write_post(bus, house), new_id()
    await bus.execute(house.tenant, UpdatePost(post, title="Another"), house.people["author"], correlation_id=correlation)
    return post, correlation


async def log(ask: Ask, house: House, **variables: Any) -> dict[str, Any]:
    answer = await ask(house, "owner", LOG, **variables)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["auditLog"]
    return found


async def test_an_entry_says_who_did_what_to_what_and_how_it_changed(ask: Ask, house: House, edited: tuple[UUID, UUID]) -> None:
    post, correlation = edited

    found = await log(ask, house, where={"correlationId": {"eq": str(correlation)}})

    [entry] = found["nodes"]
    assert found["totalCount"] == 1
    assert entry["actor"] == {"username": "author"}
    assert (entry["action"], entry["aggregateType"], entry["aggregateId"]) == ("PostEdited", "Post", str(post))
    assert entry["changes"]["changes"]["title"] == "Another"
    assert (entry["bypassed"], entry["sessionRole"], entry["effectiveRole"]) == (False, None, None)


async def test_what_is_encrypted_is_only_named(ask: Ask, house: House) -> None:
    found = await log(ask, house, where={"action": {"eq": "UserInvited"}}, first=100)

    assert found["totalCount"] == len(found["nodes"]) > 3
    for entry in found["nodes"]:
        changes = entry["changes"]
        assert (changes["email"], changes["name"], changes["username"]) == ("sealed", "sealed", "sealed")
        assert changes["role"] in {"owner", "admin", "content_manager", "editor", "author", "moderator", "reader"}


async def test_a_change_past_the_application_stands_there_with_who_made_it(
    ask: Ask, house: House, edited: tuple[UUID, UUID], migrated: TenantSettings
) -> None:
    post, _ = edited
    connection = await asyncpg.connect(migrated.admin_database_url)
    try:
        await connection.execute(f"SET ROLE {migrated.owner_role}")
        await connection.execute(f"UPDATE {house.tenant.place.schema}.posts SET title = 'Forged' WHERE id = $1", post)
        signed_in = await connection.fetchval("SELECT session_user")
    finally:
        await connection.close()

    found = await log(ask, house, where={"bypassed": {"eq": True}, "aggregateId": {"eq": str(post)}})

    [entry] = found["nodes"]
    assert (entry["action"], entry["aggregateType"], entry["aggregateId"]) == ("UPDATE", "posts", str(post))
    assert (entry["changes"]["before"]["title"], entry["changes"]["after"]["title"]) == ("Another", "Forged")
    assert (entry["sessionRole"], entry["effectiveRole"]) == (signed_in, migrated.owner_role)
    assert (entry["actor"], entry["correlationId"]) == (None, None)


async def test_pages_lead_through_all_of_it_once_newest_first(ask: Ask, house: House, edited: tuple[UUID, UUID]) -> None:
    whole, after = list[dict[str, Any]](), None
    while True:
        page = await log(ask, house, first=7, after=after)
        whole += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert len({entry["id"] for entry in whole}) == len(whole) == page["totalCount"]
    assert [entry["at"] for entry in whole] == sorted((entry["at"] for entry in whole), reverse=True)


async def test_one_finds_by_actor_kind_and_time(ask: Ask, house: House, edited: tuple[UUID, UUID]) -> None:
    author = str(house.id_of("author"))
    [first, *_] = (await log(ask, house, where={"actorId": {"eq": author}}))["nodes"]

    mine = await log(ask, house, where={"actorId": {"eq": author}, "aggregateType": {"in": ["Post"]}, "at": {"gte": first["at"]}})
    none = await log(ask, house, where={"actorId": {"eq": author}, "at": {"gt": first["at"]}})
    others = await log(ask, house, where={"action": {"startsWith": "Organization"}, "bypassed": {"eq": False}})

    assert [entry["id"] for entry in mine["nodes"]] == [first["id"]]
    assert none["totalCount"] == 0
    assert {entry["action"] for entry in others["nodes"]} >= {"OrganizationFounded"}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"action": {"startsWith": "postE"}}, {"PostEdited"}),
        ({"action": {"contains": "reATed"}, "aggregateType": {"startsWith": "pos"}}, {"PostCreated"}),
        ({"not": {"action": {"contains": "e"}}, "aggregateType": {"contains": "gani"}}, set()),
        ({"aggregateType": {"startsWith": "Nothing"}}, set()),
        ({"action": {"startsWith": "Post", "contains": "%"}}, set()),
    ],
)
async def test_parts_of_words_lead_to_their_entries_by_the_whole_words_there_are(
    ask: Ask, house: House, edited: tuple[UUID, UUID], where: dict[str, Any], found: set[str]
) -> None:
    entries = await log(ask, house, where=where, first=100)

    assert {entry["action"] for entry in entries["nodes"]} == found
    literal = '{ auditLog(where: {action: {startsWith: "postedi"}}) { nodes { action } } }'
    assert {entry["action"] for entry in (await ask(house, "owner", literal))["data"]["auditLog"]["nodes"]} == {"PostEdited"}


async def test_no_entry_is_looked_at_for_a_part_of_a_word(house: House, edited: tuple[UUID, UUID], migrated: TenantSettings) -> None:
    """The words are found by a step along an index for each, as many entries as there may be."""
    place = house.tenant.place.schema
    async with connect_as_admin(migrated.admin_database_url) as admin:
        await admin.run(f"SET ROLE {quoted(migrated.owner_role)}")
        await admin.run("SET enable_seqscan = off")
        for words in (ACTIONS, KINDS):
            plan = "\n".join(row["QUERY PLAN"] for row in await admin.rows(f"EXPLAIN {words.at(place)}"))
            assert plan.count("Index Only Scan") >= 2, plan
            assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    "filter",
    [
        "action = 'Nothing'",
        "aggregate_type = 'Nothing'",
        "aggregate_id = '01890a5d-ac96-774b-bcce-b302099a8057'",
        "actor_id IS NOT NULL AND actor_id = '01890a5d-ac96-774b-bcce-b302099a8057'",
        "correlation_id = '01890a5d-ac96-774b-bcce-b302099a8057'",
    ],
)
async def test_each_filter_leads_by_an_index_to_the_few_entries_that_meet_it(
    house: House, edited: tuple[UUID, UUID], migrated: TenantSettings, filter: str
) -> None:
    place = house.tenant.place.schema
    connection = await asyncpg.connect(migrated.admin_database_url)
    try:
        await connection.execute(f"SET ROLE {migrated.owner_role}")
        await connection.execute("SET enable_seqscan = off")  # which a few rows would not be worth an index to
        query = f"SELECT id FROM {place}.audit_entries WHERE {filter} ORDER BY at DESC, id DESC LIMIT 21"
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {query}"))
    finally:
        await connection.close()

    assert "Index Cond" in plan, plan
    assert "Filter" not in plan, plan


async def test_every_reading_is_planned_by_its_own_values(migrated: TenantSettings, house: House, edited: tuple[UUID, UUID]) -> None:
    kept = statement("SELECT statement FROM pg_catalog.pg_prepared_statements")
    async with Database(migrated, connections=1) as one:
        engine = Engine(schema(), one, Bus(one), Decisions(one, oldest=60.0), dev=False)
        for query in ("{ auditLog { totalCount nodes { id } } }", "{ organization { id tier } }"):
            asked, caller = Asked(query, None, {}), Caller(house.tenant, house.people["owner"], new_id())
            assert b"errors" not in (await engine.answer(asked, caller, queries_only=True)).body
        async with one.reading(house.tenant.place) as connection:
            statements = [row["statement"] for row in await connection.fetch(kept)]

    assert any('"organization"' in text for text in statements)
    assert not any("audit_entries" in text for text in statements)


async def test_another_organization_sees_nothing_of_it(ask: Ask, house: House, globex: House, edited: tuple[UUID, UUID]) -> None:
    post, _ = edited

    assert (await log(ask, globex, where={"aggregateId": {"eq": str(post)}}))["totalCount"] == 0
