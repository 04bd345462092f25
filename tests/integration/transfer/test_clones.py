from __future__ import annotations

import json

import pytest

from app.replay.verifying import verify
from ops.organizations.importing import clone
from ops.organizations.likeness import found_like
from tenants.database import Database
from tenants.errors import Conflict, NotFound
from tenants.settings import TenantSettings
from tenants.transfer.errors import NotExportable
from tests.integration.auth.conftest import client_at
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.serving import running
from tests.integration.transfer.conftest import PASSWORD, organizations_of, rows_of
from tests.quiet import quiet

RESET = {"organization", "domain_events", "sessions", "refresh_tokens", "links"}


async def test_a_clone_holds_everything_under_an_id_of_its_own_and_the_original_is_as_it_was(here: TenantSettings, acme: House) -> None:
    before = await rows_of(here, "acme")
    carried = await clone(here, "acme", "acme-two", quiet)
    after = await rows_of(here, "acme-two")
    async with running(here) as product:
        async with client_at(product, "acme-two.localhost") as client:
            there = await client.post("/auth/token", json={"email": "author@acme.example", "password": PASSWORD})
        async with client_at(product, "acme.localhost") as client:
            strange = await client.get(
                "/graphql", params={"query": "{ me { id } }"}, headers={"Authorization": f"Bearer {there.json()['access_token']}"}
            )

    assert {t: rows for t, rows in after.items() if t not in RESET} == {t: rows for t, rows in before.items() if t not in RESET}
    assert await rows_of(here, "acme") == before
    assert (carried.tenant.id != acme.tenant.id, carried.tenant.place != acme.tenant.place) == (True, True)
    assert ("acme-two", "active", "cloned") in await organizations_of(here)
    assert (there.status_code, strange.status_code) == (200, 401)
    async with as_owner(here) as owner:
        keys = await owner.fetch("SELECT wrapped_key FROM control.organizations WHERE slug IN ('acme', 'acme-two')")
        (audited,) = await owner.fetch("SELECT action, details FROM control.operator_audit WHERE organization_id = $1", carried.tenant.id)
    assert keys[0]["wrapped_key"] != keys[1]["wrapped_key"]
    assert (audited["action"], json.loads(audited["details"])["from_slug"]) == ("tenant.cloned", "acme")


async def test_a_clone_without_data_is_alike_and_empty_and_its_owners_are_invited(here: TenantSettings, globex: House) -> None:
    schema = globex.tenant.place.schema
    async with as_owner(here) as owner:
        await owner.execute(
            f'UPDATE {schema}.organization SET settings = \'{{"a": [1]}}\', branding = \'{{"colour": "red"}}\', policies = \'{{"p": true}}\''
        )
        await owner.execute(f"UPDATE {schema}.roles SET permissions = '{{content.create}}' WHERE name = 'moderator'")
    async with Database(here, connections=2) as pool:
        founded = await found_like(here, pool, "globex", "globex-empty")
        replayed = await verify(pool, founded.tenant)
    there = founded.tenant.place.schema
    async with as_owner(here) as owner:
        counts = {
            table: await owner.fetchval(f"SELECT count(*) FROM {there}.{table}") for table in ("posts", "tags", "users", "sessions", "credentials")
        }
        columns = "name, settings::text, branding::text, policies::text"
        alike = [tuple((await owner.fetch(f"SELECT {columns} FROM {place}.organization"))[0]) for place in (schema, there)]
        roles = [sorted(map(tuple, await owner.fetch(f"SELECT name, permissions::text FROM {place}.roles"))) for place in (schema, there)]
        people = await owner.fetch(f"SELECT username, name, role, status FROM {there}.users")
        first = await owner.fetchval(f"SELECT event_type FROM {there}.domain_events WHERE aggregate_id = $1", founded.tenant.id)
        keys = await owner.fetch(f"SELECT email_index FROM {schema}.users WHERE username = 'owner' UNION ALL SELECT email_index FROM {there}.users")

    assert counts == {"posts": 0, "tags": 0, "users": 1, "sessions": 0, "credentials": 0}
    assert alike[0] == alike[1]
    assert replayed.differences == []
    assert roles[0] == roles[1]
    assert [tuple(person) for person in people] == [("owner", "owner", "owner", "invited")]
    assert first == "OrganizationReceived"
    assert keys[0]["email_index"] != keys[1]["email_index"]
    assert founded.tenant.status == "active"


async def test_a_clone_to_a_slug_in_use_or_of_nobody_makes_nothing(here: TenantSettings, acme: House, globex: House) -> None:
    before = await organizations_of(here)
    with pytest.raises(Conflict, match="in use"):
        await clone(here, "acme", "globex", quiet)
    with pytest.raises(Conflict, match="in use"):
        await clone(here, "acme", "acme", quiet)
    with pytest.raises(NotFound, match="imprint tenants list"):
        await clone(here, "nobody", "somebody", quiet)
    async with Database(here, connections=2) as pool:
        with pytest.raises(Conflict, match="in use"):
            await found_like(here, pool, "acme", "globex")
        with pytest.raises(NotFound):
            await found_like(here, pool, "nobody", "somebody")
    assert await organizations_of(here) == before


async def test_suspended_organizations_can_be_copied_and_those_half_made_or_half_purged_not(here: TenantSettings, globex: House) -> None:
    async with as_owner(here) as owner:
        await owner.execute("UPDATE control.organizations SET status = 'suspended' WHERE slug = 'globex'")
        carried = await clone(here, "globex", "globex-opened", quiet)
        for state in ("status = 'provisioning'", "status = 'deleting', purge_began_at = now()"):
            await owner.execute(f"UPDATE control.organizations SET {state} WHERE slug = 'globex'")
            with pytest.raises(NotExportable):
                await clone(here, "globex", "never", quiet)
        await owner.execute("UPDATE control.organizations SET status = 'active', purge_began_at = NULL WHERE slug = 'globex'")

    assert carried.tenant.status == "active"
