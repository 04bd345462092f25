"""Organizations' own keys, renewed while people sign in, read, invite and are invited."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count

import httpx
import pyotp
import pytest

from app.bus import Bus, Outcome
from app.replay.verifying import verify
from app.users.commands import InviteUser
from auth.factors.factors import Factors
from auth.limits import Limits
from auth.principal import SYSTEM
from ops.organizations.exporting import export_to
from ops.organizations.importing import import_from
from ops.rotating import EVERY_ORGANIZATION, rotate
from tenants.database import Database, connect_as_admin
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.rotation import phases
from tenants.rotation.lock import RotationRunning, rotating_alone
from tenants.rotation.resealing import Pass
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.transaction import Cause
from tests.integration.auth.conftest import client_at
from tests.integration.migrations.commands import begin, imprint
from tests.integration.owner import as_owner
from tests.integration.rotation.conftest import PASSWORD, Installation, author_found, opened_by, resealed_once_more, tenant_now
from tests.integration.serving import running
from tests.integration.transfer.conftest import SECRET
from tests.quiet import quiet

HEARD = 2.5  # a registry asks every second
MOST_INVITED = 100  # an organization of this tier may have 200 members


@asynccontextmanager
async def meanwhile(*work: Callable[[int], Awaitable[None]]) -> AsyncIterator[list[int]]:
    """Each of these again and again until the block ends; what fails, fails the test. How often each was done, at the end."""
    over = asyncio.Event()
    done = [0] * len(work)

    async def repeated(position: int) -> None:
        for number in count():
            if over.is_set():
                return
            await work[position](number)
            done[position] += 1

    tasks = [asyncio.create_task(repeated(position)) for position in range(len(work))]
    try:
        yield done
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def found_again(pool: Database, tenant: Tenant, email: str) -> None:
    """The address is somebody's already, whichever key it is found under."""
    again = InviteUser(new_id(), email, "Again")
    found = await Bus(pool).execute(tenant, again, SYSTEM, correlation_id=new_id())
    assert again.user_id not in found.aggregates


async def test_nobody_notices_while_every_key_is_renewed(inhabited: Installation) -> None:
    settings, acme = inhabited.settings, inhabited.acme
    old = (await tenant_now(settings, "acme")).key.key
    invited: list[str] = []
    async with running(settings) as product, client_at(product, "acme.localhost") as client, Database(settings, connections=2) as pool:
        registry = Registry(pool, Keyring(settings.secret_keys))
        watching = asyncio.create_task(registry.watch())
        pair = (await client.post("/auth/token", json={"email": "author@acme.example", "password": PASSWORD})).json()

        async def sign_in(_number: int) -> None:
            answer = await client.post("/auth/token", json={"email": "author@acme.example", "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            await asyncio.sleep(0.05)

        async def refresh(_number: int) -> None:
            token = pair["refresh_token"]
            first = await client.post("/auth/refresh", json={"refresh_token": token})
            repeated = await client.post("/auth/refresh", json={"refresh_token": token})
            assert (first.status_code, repeated.status_code) == (200, 200), (first.text, repeated.text)
            assert first.json()["refresh_token"] == repeated.json()["refresh_token"]
            pair.update(first.json())
            await asyncio.sleep(0.05)

        async def read(_number: int) -> None:
            answer = await client.get("/graphql", params={"query": "{ me { email } }"}, headers=_bearer(pair))
            assert answer.json() == {"data": {"me": {"email": "author@acme.example"}}}
            await asyncio.sleep(0.01)  # far below what an organization may ask in a second

        async def invite(number: int) -> None:
            tenant = await registry.by_slug("acme")
            assert tenant is not None
            if number < MOST_INVITED:
                invited.append(f"new-{number}@acme.example")
                await Bus(pool).execute(tenant, InviteUser(new_id(), invited[-1], "Somebody New"), SYSTEM, correlation_id=new_id())
            await found_again(pool, tenant, random.choice(invited))
            await asyncio.sleep(0.02)

        async with meanwhile(sign_in, refresh, read, invite) as times:
            done = await rotate(settings, EVERY_ORGANIZATION, wait=HEARD, say=quiet)
        watching.cancel()

    assert min(times) > 0
    assert (done.tenant_keys, done.failed) == (["acme", "globex"], [])
    now = await tenant_now(settings, "acme")
    assert now.key.key != old
    assert now.key.others == ()
    async with Database(settings, connections=1) as pool:
        assert (await verify(pool, now)).clean
        assert (await verify(pool, await tenant_now(settings, "globex"))).clean
    assert await author_found(settings, "acme")
    assert await author_found(settings, "globex")
    opens, locked = await opened_by(settings, "acme", old)
    assert opens == 0
    assert locked >= len(invited) + len(acme.people)
    async with as_owner(settings) as owner:
        noted = await owner.fetch("SELECT slug FROM control.operator_audit WHERE action = 'tenant.key_rotated' ORDER BY slug")
    assert [row["slug"] for row in noted] == ["acme", "globex"]


def _bearer(pair: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {pair['access_token']}"}


async def test_a_rotation_killed_anywhere_is_finished_by_the_next_one(inhabited: Installation) -> None:
    settings = inhabited.settings
    old = {slug: (await tenant_now(settings, slug)).key.key for slug in ("acme", "globex")}
    for steps in (
        "new keys are announced",
        "protect what is written from now on",
        "acme: ",
    ):
        process = await begin(settings, "secrets", "rotate", "--tenant-keys", "--wait", "0.6")
        assert process.stderr is not None
        while line := (await process.stderr.readline()).decode():
            if steps in line:
                break
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        for slug in ("acme", "globex"):  # at work all the same
            assert await author_found(settings, slug), (steps, slug)

    ended = await imprint(settings, "secrets", "rotate", "--wait", "0", "--json")
    again = await imprint(settings, "secrets", "rotate", "--wait", "0", "--json")

    assert (ended.code, again.code) == (0, 0), ended.err
    assert again.json == {"organizations": 0, "signing_keys": 0, "tenant_keys": [], "failed": []}
    for slug in ("acme", "globex"):
        now = await tenant_now(settings, slug)
        assert now.key.others == ()
        assert now.key.key != old[slug]
        assert (await opened_by(settings, slug, old[slug]))[0] == 0
        assert await resealed_once_more(settings, slug) == Pass(resealed=0, locked=0)
        async with Database(settings, connections=1) as pool:
            assert (await verify(pool, now)).clean
    async with as_owner(settings) as owner:
        noted = await owner.fetch("SELECT slug FROM control.operator_audit WHERE action = 'tenant.key_rotated' ORDER BY slug")
    assert [row["slug"] for row in noted] == ["acme", "globex"]  # begun once, finished once


async def test_one_organizations_key_is_renewed_and_the_others_stay(inhabited: Installation) -> None:
    settings = inhabited.settings
    before = await tenant_now(settings, "globex")

    done = await rotate(settings, "acme", wait=0, say=quiet)
    with pytest.raises(NotFound):
        await rotate(settings, "nobody", wait=0, say=quiet)

    assert done.tenant_keys == ["acme"]
    assert await tenant_now(settings, "globex") == before
    assert (await tenant_now(settings, "acme")).key.key != inhabited.acme.tenant.key.key


async def test_authenticators_and_recovery_codes_are_good_under_the_new_key(inhabited: Installation) -> None:
    settings, user_id = inhabited.settings, inhabited.acme.id_of("author")
    async with Database(settings, connections=2) as pool:
        factors = Factors(pool, Limits(None))
        begun = await factors.begin(inhabited.acme.tenant, user_id, "Acme", "a browser")
        code = pyotp.TOTP(begun.secret)
        recovery = await factors.confirm(inhabited.acme.tenant, user_id, code.now(), "a browser", "local", Cause(new_id()))

        await rotate(settings, "acme", wait=0, say=quiet)

        now = await tenant_now(settings, "acme")
        assert now.key.key != inhabited.acme.tenant.key.key
        await factors.prove(now, user_id, code.at(int(time.time()) + 30), "local", Cause(new_id()))
        await factors.prove(now, user_id, recovery[0], "local", Cause(new_id()))


async def test_two_rotations_do_not_run_at_once(inhabited: Installation) -> None:
    settings = inhabited.settings
    async with connect_as_admin(settings.admin_database_url) as admin, rotating_alone(admin):
        with pytest.raises(RotationRunning):
            await rotate(settings, EVERY_ORGANIZATION, wait=0, say=quiet)
        ended = await imprint(settings, "secrets", "rotate")

    assert ended.code == 3
    assert await tenant_now(settings, "acme") == inhabited.acme.tenant


async def half_rotated(settings: TenantSettings, slug: str) -> None:
    """The new key protects, and what there was is still under the old one."""
    async with connect_as_admin(settings.admin_database_url) as admin:
        one = (await phases.standing(admin, settings.owner_role, slug))[0]
        await phases.announce(admin, settings.owner_role, Keyring(settings.secret_keys), [one.id])
        await phases.switch(admin, settings.owner_role, [one.id])


async def test_one_address_is_one_persons_though_two_processes_write_it_under_two_keys(inhabited: Installation) -> None:
    settings = inhabited.settings
    await half_rotated(settings, "acme")
    fresh = await tenant_now(settings, "acme")
    stale = replace(fresh, key=replace(fresh.key, key=fresh.key.others[0], others=(fresh.key.key,)))
    async with Database(settings, connections=8) as pool:
        for number in range(10):
            invitations = [
                Bus(pool).execute(
                    tenant,
                    InviteUser(new_id(), f"same-{number}@acme.example", "Same", username=f"same-{number}-{i}"),
                    SYSTEM,
                    correlation_id=new_id(),
                )
                for i, tenant in enumerate((fresh, stale, fresh, stale))
            ]
            ends = await asyncio.gather(*invitations, return_exceptions=True)
            assert len({end.aggregates for end in ends if isinstance(end, Outcome)}) == 1, ends
            assert [end for end in ends if not isinstance(end, Outcome | Conflict)] == []  # who loses a race over one row is told so


async def test_an_organization_between_two_keys_travels_with_both(inhabited: Installation, tmp_path: object) -> None:
    settings = inhabited.settings
    await half_rotated(settings, "acme")
    async with Database(settings, connections=1) as pool:
        await Bus(pool).execute(
            await tenant_now(settings, "acme"), InviteUser(new_id(), "late@acme.example", "Late"), SYSTEM, correlation_id=new_id()
        )
    path = tmp_path / "acme.imprint"  # type: ignore[operator] # pytest's path
    await export_to(settings, "acme", path, SECRET, quiet, force=False)

    carried = await import_from(settings, path, SECRET, "acme-two", quiet)
    done = await rotate(settings, None, wait=0, say=quiet)

    assert len(carried.tenant.key.others) == 1
    assert done.tenant_keys == ["acme", "acme-two"]
    async with Database(settings, connections=1) as pool:
        for slug in ("acme", "acme-two"):
            assert (await verify(pool, await tenant_now(settings, slug))).clean


async def test_pages_that_were_shown_before_the_new_key_go_on_working_until_the_old_one_is_gone(inhabited: Installation) -> None:
    settings = inhabited.settings
    query = "query($after: String) { users(first: 1, after: $after) { pageInfo { endCursor hasNextPage } } }"

    async def page(client: httpx.AsyncClient, after: str | None) -> dict[str, object]:
        answer = await client.post("/graphql", json={"query": query, "variables": {"after": after}})
        document: dict[str, object] = answer.json()
        return document

    async with running(settings) as product, client_at(product, "acme.localhost") as client:
        pair = (await client.post("/auth/token", json={"email": "owner@acme.example", "password": PASSWORD})).json()
        client.headers.update(_bearer(pair))
        first = await page(client, None)
        cursor = first["data"]["users"]["pageInfo"]["endCursor"]  # type: ignore[index] # a document
        await half_rotated(settings, "acme")
        await asyncio.sleep(HEARD)
        between = await page(client, cursor)
        await rotate(settings, None, wait=0, say=quiet)
        await asyncio.sleep(HEARD)
        after = await page(client, cursor)

    assert "errors" not in between
    assert after["errors"][0]["extensions"]["code"] == "VALIDATION_FAILED"  # type: ignore[index] # a document
