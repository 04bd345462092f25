"""Where an organization turns public reading off, whoever is not signed in reads its name and look, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_required_argument

from app.api.engine import Asked, Engine
from app.api.reading import Caller
from app.api.schema import schema
from app.bus import Bus
from app.management.commands import ConfigureOrganization
from app.management.decisions import Decisions
from auth.principal import ANONYMOUS
from ops.demo.people import ACME
from tenants.database import Database
from tenants.ids import new_id
from tenants.settings import TenantSettings
from tests.integration.api.conftest import Ask
from tests.integration.conftest import House, house_of, write_post

SAMPLES = {"ID": '"01890a5d-ac96-774b-bcce-b302099a8057"', "String": '"x"', "Int": "1"}
OPEN_MUTATIONS = {name for type_, name in schema().bindings.open if type_ == "Mutation"}
NAME = "{ organization { __typename id slug name branding } __typename }"


@pytest.fixture(scope="session")
async def closed(migrated: TenantSettings, pool: Database, bus: Bus) -> House:
    """An organization that only people who are signed in may read."""
    house = await house_of(migrated, pool, replace(ACME, slug="closed-reading"))
    await write_post(bus, house)
    await configure(bus, house, public=False)
    return house


async def configure(bus: Bus, house: House, *, public: bool) -> None:
    command = ConfigureOrganization(policies={"reading": {"public": public}})
    await bus.execute(house.tenant, command, house.people["admin"], correlation_id=new_id())


def selection(field: GraphQLField) -> str:
    return " { __typename }" if isinstance(get_named_type(field.type), GraphQLObjectType) else ""


def documents() -> Iterator[str]:
    """Every root field of queries, and every field of the organization."""
    for name, field in schema().object_type("Query").fields.items():
        given = [f"{key}: {SAMPLES[get_named_type(argument.type).name]}" for key, argument in field.args.items() if is_required_argument(argument)]
        if ("Query", name) not in schema().bindings.open:
            arguments = f"({', '.join(given)})" if given else ""
            yield f"{{ {name}{arguments}{selection(field)} }}"
    for name, field in schema().object_type("Organization").fields.items():
        if ("Organization", name) not in schema().bindings.open:
            yield f"{{ organization {{ {name}{selection(field)} }} }}"


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]


@pytest.mark.parametrize("document", [pytest.param(text, id=text) for text in documents()])
async def test_strangers_read_nothing(ask: Ask, closed: House, document: str) -> None:
    answer = await ask(closed, None, document)

    assert "data" not in answer
    assert codes(answer) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    "document",
    [
        "{ organization { name } posts { totalCount } }",
        "{ ...F } fragment F on Query { organization { name } tags { name } }",
        "{ ... on Query { me { name } } }",
        "query($no: Boolean = false) { organization { name } posts @include(if: $no) { totalCount } }",
        "query Q { organization { name } } query Other { posts { totalCount } }",
    ],
)
async def test_nothing_comes_along_with_what_is_open(ask: Ask, engine: Engine, closed: House, document: str) -> None:
    name = "Q" if "Other" in document else None
    answer = await engine.answer(Asked(document, name, {}), Caller(closed.tenant, ANONYMOUS, new_id()), queries_only=False)

    assert b'"UNAUTHENTICATED"' in answer.body
    assert b'"data"' not in answer.body


@pytest.mark.parametrize("name", sorted(set(schema().object_type("Mutation").fields) - OPEN_MUTATIONS))
async def test_strangers_change_nothing(ask: Ask, closed: House, name: str) -> None:
    kind = get_named_type(schema().object_type("Mutation").fields[name].args["input"].type).name
    document = f"mutation($given: {kind}!) {{ {name}(input: $given) {{ changed }} }}"

    answer = await ask(closed, None, document, given={})

    assert "data" not in answer
    assert set(codes(answer)) <= {"UNAUTHENTICATED", "VALIDATION_FAILED"}


async def test_the_name_and_look_for_a_login_page_stay_open(ask: Ask, closed: House) -> None:
    answer = await ask(closed, None, NAME)

    assert answer["data"]["organization"] == {
        "__typename": "Organization",
        "id": str(closed.tenant.id),
        "slug": "closed-reading",
        "name": ACME.name,
        "branding": {},
    }


async def test_people_who_are_signed_in_read_as_ever_and_so_does_everybody_elsewhere(ask: Ask, closed: House, library: House) -> None:
    query = "{ posts { totalCount } tags { name } }"

    assert "errors" not in await ask(closed, "reader", query)
    assert "errors" not in await ask(library, None, query)


async def test_the_process_that_changed_it_knows_at_once_and_the_others_within_seconds(
    ask: Ask, bus: Bus, pool: Database, migrated: TenantSettings
) -> None:
    house = await house_of(migrated, pool, replace(ACME, slug="opening-and-closing"))
    clock = [0.0]
    elsewhere = Engine(schema(), pool, bus, Decisions(pool, oldest=3.0, clock=lambda: clock[0]), dev=True)
    query, close = "{ tags { name } }", "mutation { updateOrganization(input: {policies: {reading: {public: false}}}) { changed } }"

    async def there() -> bool:
        answer = await elsewhere.answer(Asked(query, None, {}), Caller(house.tenant, ANONYMOUS, new_id()), queries_only=False)
        return b"UNAUTHENTICATED" not in answer.body

    assert codes(await ask(house, None, query)) == []
    assert await there()
    await ask(house, "owner", close)
    assert codes(await ask(house, None, query)) == ["UNAUTHENTICATED"]
    assert await there()
    clock[0] = 3.0
    assert not await there()


async def test_an_organization_that_is_asked_for_often_is_read_once(bus: Bus, closed: House, pool: Database) -> None:
    decisions = Decisions(pool, oldest=3.0, clock=lambda: 0.0)

    first = await decisions.of(closed.tenant)
    await configure(bus, closed, public=True)
    again = await decisions.of(closed.tenant)
    await configure(bus, closed, public=False)

    assert again is first


async def test_whoever_is_invited_comes_in_where_strangers_read_nothing(ask: Ask, closed: House) -> None:
    document = """mutation { acceptInvitation(input: {token: "no such token", password: "three words together"}) {
      changed eventIds user { id username name } } }"""

    answer = await ask(closed, None, document)

    assert codes(answer) != ["UNAUTHENTICATED"]
    assert (await ask(closed, None, document.replace("name }", "name posts { totalCount } }")))["errors"] is not None
