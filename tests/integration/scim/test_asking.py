"""Lists: what can be found, in which order, page by page; and everything that is asked wrongly gets an answer that says so."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.bus import Bus
from app.scim.callers import Caller
from app.scim.errors import ScimRefusal
from app.scim.groups import Groups
from app.scim.people import People
from app.scim.persons import said_of
from app.scim.queries import query_of
from app.scim.schemas import GROUPS, USERS
from app.users.commands import ProvisionUser
from auth.scim import records
from tenants.database import Database
from tenants.ids import new_id
from tenants.statements import statement
from tests.integration.scim.conftest import NewProvider, Provider

MANY = 1000
WORDS = (
    "userName  active  emails  emails.value  displayName  meta.created  id  groups  externalId  members.value  meta.lastModified  eq  ne  co  sw  ew"
    '  pr  gt  le  and  or  not  (  )  [  ]  .value  true  null  1  -1.5e3  "x"  "2026-01-01T00:00:00Z"  "0001-01-01T00:00:00+23:59"  "\\ud800"'
    '  "%_\\\\"  "  \'  ;  urn:x:y  $ref'
)
KEY = statement("SELECT person_key FROM __tenant__.users WHERE id = :id")


async def test_people_are_found_by_all_that_is_not_only_sealed(provider: Provider) -> None:
    ada = await provider.made(displayName="Ada Byron", externalId="A1")
    bob = await provider.made(displayName="Bob % Frost_", externalId="a1")
    await provider.patch(bob, {"op": "replace", "path": "active", "value": False})
    both, now = {ada["id"], bob["id"]}, datetime.now(UTC).isoformat()

    async def found(filter: str) -> set[str]:
        return set(await provider.find(filter))

    for filter, expected in {
        f'userName eq "{ada["userName"].upper()}"': {ada["id"]},
        f'USERNAME ne "{ada["userName"]}"': {bob["id"]},
        'externalId eq "A1"': {ada["id"]},
        f'emails.value eq "{bob["userName"]}"': {bob["id"]},
        f'emails[type eq "work" and value eq "{bob["userName"]}"]': {bob["id"]},
        'emails[type eq "home"]': set(),
        "active eq true": {ada["id"]},
        'active eq "False"': {bob["id"]},
        'displayName sw "ADA"': {ada["id"]},
        'displayName co "% frost_"': {bob["id"]},
        'displayName ew "n"': {ada["id"]},
        'displayName gt "b"': {bob["id"]},
        'not (displayName sw "ada") and (active eq false)': {bob["id"]},
        'displayName eq "x" or active eq true and externalId pr': {ada["id"]},
        "externalId eq null": set(),
        "userName pr and id pr": both,
        f'id eq "{ada["id"]}"': {ada["id"]},
        'id eq "x"': set(),
        f'meta.created gt "{now}"': set(),
        f'meta.lastModified le "{now}" and meta.resourceType eq "user"': both,
        f'meta.created ge "{ada["meta"]["created"]}"': both,
        'urn:ietf:params:scim:schemas:core:2.0:User:displayName eq "ada byron"': {ada["id"]},
    }.items():
        assert await found(filter) == expected, filter


async def test_what_cannot_be_asked_is_refused_with_the_reason(provider: Provider) -> None:
    wrong = {
        'userName sw "a"': "encrypted",
        'emails.value co "a"': "encrypted",
        'name.familyName eq "a"': "encrypted",
        "active gt true": "eq and ne",
        "active eq 1": "true or false",
        "displayName eq 1": "text",
        'meta.created eq "yesterday"': "moment",
        'shoeSize eq "1"': "no attribute",
        "displayName gt null": "null",
        "title pr": "encrypted",
        'displayName eq "\\u0000"': "stored",
        "(" * 30 + "id pr" + ")" * 30: "nests",
        " or ".join(["id pr"] * 80): "terms",
        "x" * 3000: "longer",
        'userName eq "a': "cannot be read",
        "userName": "missing",
        'emails[emails[value pr] and value eq "x"]': "brackets",
    }
    for filter, reason in wrong.items():
        answer = await provider.client.get("/scim/v2/Users", params={"filter": filter})
        assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidFilter"), (filter, answer.text)
        assert reason in answer.json()["detail"], (filter, answer.json()["detail"])
    for parameters in (
        {"sortBy": "userName"},
        {"sortBy": "x"},
        {"count": "x"},
        {"sortOrder": "up"},
        {"attributes": "id", "excludedAttributes": "id"},
    ):
        answer = await provider.client.get("/scim/v2/Users", params=parameters)
        assert (answer.status_code, answer.json()["status"]) == (400, "400"), parameters


async def test_a_client_gets_the_attributes_it_asks_for_sorted(provider: Provider) -> None:
    names = ["Cid", "ada", "Bob"]
    for name in names:
        await provider.made(displayName=name, name={"givenName": name, "familyName": "X"}, title="T")
    ask = provider.client.get
    page = (await ask("/scim/v2/Users?sortBy=displayName&sortOrder=descending&attributes=displayName,name.givenName")).json()
    by_post = await provider.client.post(
        "/scim/v2/Users/.search",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": "displayName pr",
            "sortBy": "displayName",
            "attributes": ["displayName"],
            "count": 2,
        },
    )
    without = (await ask("/scim/v2/Users?excludedAttributes=name,emails.type,meta&count=1")).json()["Resources"][0]
    none = (await ask("/scim/v2/Users?count=0")).json()
    beyond = (await ask("/scim/v2/Users?startIndex=50&count=-3")).json()

    assert [one["displayName"] for one in page["Resources"]] == ["Cid", "Bob", "ada"]
    assert set(page["Resources"][0]) == {"schemas", "id", "displayName", "name"}
    assert page["Resources"][0]["name"] == {"givenName": "Cid"}
    assert [one["displayName"] for one in by_post.json()["Resources"]] == ["ada", "Bob"]
    assert ("name" in without, "meta" in without, set(without["emails"][0])) == (False, False, {"value", "primary"})
    assert (none["totalResults"], none["Resources"]) == (3, [])
    assert (beyond["totalResults"], beyond["startIndex"], beyond["Resources"]) == (3, 50, [])


async def test_a_thousand_people_are_read_page_by_page_each_once(new_provider: NewProvider, bus: Bus) -> None:
    provider = await new_provider()
    tenant, connection = provider.house.tenant, provider.connection
    caller = Caller(tenant, connection, new_id(), "")
    async with bus.unit(tenant, caller.principal, correlation_id=new_id()) as unit:
        for number in range(MANY):
            document = {"userName": f"{number}-{new_id().hex}@initech.example"}
            command = ProvisionUser(new_id(), document["userName"], f"Person {number:04}", active=True, role="reader")
            await unit.execute(command)
            key = await unit.transaction.connection.fetchval(KEY, id=command.user_id)
            await records.insert(unit.transaction, connection.id, command.user_id, key, said_of(document))

    seen: list[str] = []
    while len(seen) < MANY:
        page = (await provider.client.get("/scim/v2/Users", params={"startIndex": len(seen) + 1, "count": 500, "attributes": "displayName"})).json()
        assert (page["totalResults"], page["itemsPerPage"]) == (MANY, 200)
        seen.extend(one["displayName"] for one in page["Resources"])

    assert sorted(seen) == [f"Person {number:04}" for number in range(MANY)]


async def test_no_filter_whatever_it_is_makes_the_server_fail(provider: Provider, bus: Bus, pool: Database) -> None:
    await provider.made()
    caller = Caller(provider.house.tenant, provider.connection, new_id(), "")
    asked = ((USERS, People(pool, bus, provider.auth.parts.email_domains)), (GROUPS, Groups(pool, bus)))
    words = st.sampled_from(WORDS.split("  "))
    filters: list[str] = []

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.lists(words, max_size=12).map(" ".join), st.text(max_size=60), _grammatical()))
    def collect(filter: str) -> None:
        filters.append(filter)

    collect()
    answered = 0
    for filter in filters:
        for kind, resources in asked:
            with suppress(ScimRefusal):
                await resources.page(caller, query_of(kind, {"filter": filter}))
                answered += 1

    assert answered > len(filters) // 10


def _grammatical() -> st.SearchStrategy[str]:
    names = st.sampled_from(["userName", "displayName", "active", "id", "externalId", "meta.created", "emails.value", "groups.value", "emails.type"])
    values = st.sampled_from(['"x"', '""', "true", "null", "7", '"2026-01-01"', f'"{new_id()}"', '"\\u00e4\\"\\\\"'])
    compared = st.tuples(names, st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]), values).map(" ".join)
    return st.recursive(
        st.one_of(compared, names.map(lambda name: f"{name} pr")),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
            inner.map(lambda one: f"not ({one})"),
            inner.map(lambda one: f"({one})"),
        ),
        max_leaves=6,
    )
