"""What people and programs meet at an organization's hosts after its operator decided something."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from litestar.types import ASGIApp

from ops.organizations.founding import found
from ops.organizations.telling import tell
from tenants.database import Database
from tenants.lifecycle.deletion import delete, undelete
from tenants.lifecycle.renaming import rename
from tenants.lifecycle.states import resume, suspend
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tests.integration.auth.conftest import NewPerson, Person, ask_who, bearer, client_at, code_of, refused, token_pair, who
from tests.integration.conftest import House
from tests.integration.owner import as_owner
from tests.integration.serving import running
from tests.integration.tenants.lives import new_slug

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Life:
    tenant: Tenant
    person: Person


@pytest.fixture
async def life(migrated: TenantSettings, pool: Database, acme: House, new_person: NewPerson) -> Life:
    """An organization of a test's own, with somebody who can sign in."""
    tenant = (await found(migrated, pool, slug=new_slug("life"), name="A Life", owner_email="o@x.example")).tenant
    return Life(tenant, await new_person(House(tenant, {}, acme.cast)))


@pytest.fixture
async def another(migrated: TenantSettings) -> AsyncIterator[ASGIApp]:
    """A second process of the server."""
    async with running(migrated) as product:
        yield product


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await check():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.05)


async def status(app: ASGIApp, host: str, path: str = "/auth/login") -> int:
    async with client_at(app, host) as client:
        return (await client.get(path)).status_code


async def test_a_suspended_organization_answers_503_in_every_process_and_others_go_on(
    app: ASGIApp, another: ASGIApp, migrated: TenantSettings, life: Life, acme: House
) -> None:
    host = f"{life.tenant.slug}.localhost"
    assert [await status(process, host) for process in (app, another)] == [200, 200]

    await suspend(migrated, life.tenant.slug, "a secret of the operator's")
    for process in (app, another):
        await until(lambda process=process: _is(process, host, 503))  # type: ignore[misc] # a default binds the loop's value
    async with client_at(app, host) as client:
        program = await client.post("/graphql", json={"query": "{ __typename }"})
        page = await client.get("/auth/login", headers={"Accept": "text/html"})
        refresh = await client.post("/auth/refresh", json={"refresh_token": "any"})
    assert (program.status_code, code_of(program), program.headers["retry-after"]) == (503, "TENANT_SUSPENDED", "3600")
    assert (refresh.status_code, refresh.json()["error"]) == (503, "tenant_suspended")
    assert page.headers["content-type"].startswith("text/html")
    assert "secret" not in page.text + program.text
    assert await status(app, "acme.localhost") == 200

    await resume(migrated, life.tenant.slug)
    for process in (app, another):
        await until(lambda process=process: _is(process, host, 200))  # type: ignore[misc] # as above


async def _is(app: ASGIApp, host: str, expected: int) -> bool:
    return await status(app, host) == expected


async def test_a_deleted_organizations_host_and_tokens_are_nobodys_until_it_is_undeleted(app: ASGIApp, migrated: TenantSettings, life: Life) -> None:
    host = f"{life.tenant.slug}.localhost"
    async with client_at(app, host) as client:
        headers = bearer((await token_pair(client, life.person))["access_token"])
    async with client_at(app, "api.localhost") as api:
        assert (await who(api, headers))["me"]["id"] == str(life.person.user_id)

        await delete(migrated, life.tenant.slug, confirm=life.tenant.slug)
        await until(lambda: _is(app, host, 404))
        await until(lambda: refused(api, headers))

        await undelete(migrated, life.tenant.slug)
        await until(lambda: _is(app, host, 200))
        await until(lambda: _accepted(api, headers))


async def _accepted(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    return (await ask_who(client, headers)).status_code == 200


async def test_after_a_rename_the_old_host_leads_to_the_new_one_and_serves_what_others_wrote_down(
    app: ASGIApp, migrated: TenantSettings, life: Life, acme: House
) -> None:
    old, new = life.tenant.slug, tenant_slug(new_slug("moved"))
    await rename(migrated, old, new)
    await until(lambda: _is(app, f"{old}.localhost", 308))

    async with client_at(app, f"{old}.localhost") as client:
        page = await client.get("/auth/login?next=%2Fauth%2Faccount&odd=a%20b", headers={"Host": f"{old}.localhost:1234"})
        posted = await client.post("/graphql", json={"query": "{ __typename }"})
        sly = [
            await client.request("GET", httpx.URL(f"http://{old}.localhost:8000", raw_path=path))
            for path in (b"//evil.example/", b"/@evil.example", b"/%0d%0aX: y")
        ]
        keys = await client.get("/.well-known/jwks.json")
        sign_on = [await client.get(path) for path in ("/auth/saml/idp/metadata", "/auth/oidc/idp/login", "/auth/oauth2/idp/login", "/auth/ldap/idp")]
    assert (page.status_code, page.headers["location"]) == (308, f"http://{new}.localhost:8000/auth/login?next=%2Fauth%2Faccount&odd=a%20b")
    assert page.headers["cache-control"] == "no-store"
    assert (posted.status_code, posted.headers["location"]) == (308, f"http://{new}.localhost:8000/graphql")
    assert [answer.headers["location"].partition("8000")[::2] for answer in sly] == [
        (f"http://{new}.localhost:", "//evil.example/"),
        (f"http://{new}.localhost:", "/@evil.example"),
        (f"http://{new}.localhost:", "/%0d%0aX:%20y"),
    ]
    assert (keys.status_code, list(keys.json())) == (200, ["keys"])
    assert 308 not in {answer.status_code for answer in sign_on}
    assert await status(app, "acme.localhost") == 200


async def test_after_a_rename_old_access_tokens_are_refused_and_a_refresh_at_the_new_host_gives_good_ones(
    app: ASGIApp, migrated: TenantSettings, pool: Database, life: Life
) -> None:
    old, new = life.tenant.slug, tenant_slug(new_slug("moved"))
    async with client_at(app, f"{old}.localhost") as client:
        pair = await token_pair(client, life.person)
    await tell(migrated, pool, await rename(migrated, old, new))
    await until(lambda: _is(app, f"{new}.localhost", 200))

    async with client_at(app, f"{new}.localhost") as client, client_at(app, "api.localhost") as api:
        assert await refused(client, bearer(pair["access_token"]))
        await until(lambda: refused(api, bearer(pair["access_token"])))
        fresh = await client.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]})
        assert fresh.status_code == 200
        there = await who(client, bearer(fresh.json()["access_token"]))
    assert there == {"me": {"id": str(life.person.user_id), "role": "author"}, "organization": {"slug": new}}


async def test_a_host_of_ones_own_is_served_once_it_is_verified_and_no_longer_when_removed(
    app: ASGIApp, migrated: TenantSettings, life: Life
) -> None:
    host = f"{life.tenant.slug}.example"
    assert await status(app, host) == 404
    async with as_owner(migrated) as owner:
        await owner.execute("INSERT INTO control.domains (host, organization_id, verified_at) VALUES ($1, $2, now())", host, life.tenant.id)
    await until(lambda: _is(app, host, 200))
    async with client_at(app, host) as client, client_at(app, f"{life.tenant.slug}.localhost") as by_slug:
        pair = await token_pair(client, life.person)
        for there in (client, by_slug):
            assert (await who(there, bearer(pair["access_token"])))["me"]["id"] == str(life.person.user_id)

    async with as_owner(migrated) as owner:
        await owner.execute("DELETE FROM control.domains WHERE host = $1", host)
    await until(lambda: _is(app, host, 404))
