"""Organizations' lives as operators lead them, seen from the command line and at the hosts."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.conftest import Running
from tests.e2e.faults import as_owner
from tests.name_server import name_server

PATIENCE = 60.0
KEYS = {"slug", "id", "name", "status", "tier", "schema", "role", "revision", "hosts", "created_at"}
MORE = {"domains", "former_slugs", "suspended_because", "deleted_at", "purge_after", "purge_began_at"}


@pytest.fixture
async def slug(running: Running) -> str:
    """An organization of a test's own."""
    slug = f"life-{secrets.token_hex(4)}"
    await done(running, "create", slug, "--name", "A Life", "--owner-email", "o@x.example")
    return slug


async def done(running: Running, *arguments: str) -> Any:
    """What a command of `imprint tenants` that succeeds prints."""
    code, out, err = await running.imprint("tenants", *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


async def refused(running: Running, *arguments: str) -> tuple[int, str]:
    """Exit code and what a command that fails says; it prints no result."""
    code, out, err = await running.imprint("tenants", *arguments)
    assert out == ""
    return code, err


async def until(check: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not await check():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.05)


async def answers(running: Running, slug: str, status: int) -> None:
    async with running.client(slug) as client:

        async def check() -> bool:
            return (await client.get("/auth/login")).status_code == status

        await until(check)


async def test_an_organization_is_suspended_and_resumed(running: Running, slug: str) -> None:
    shown = await done(running, "suspend", slug, "--reason", "unpaid")
    assert set(shown) >= KEYS | MORE
    assert (shown["slug"], shown["status"], shown["suspended_because"]) == (slug, "suspended", "unpaid")
    await answers(running, slug, 503)
    async with running.client(slug) as client:
        answer = await client.post("/graphql", json={"query": "{ __typename }"})
    assert (answer.json()["errors"][0]["extensions"]["code"], answer.headers["retry-after"]) == ("TENANT_SUSPENDED", "3600")
    await answers(running, "acme", 200)

    shown = await done(running, "resume", slug)
    assert (shown["status"], shown["suspended_because"]) == ("active", None)
    await answers(running, slug, 200)
    assert [entry["action"] for entry in await done(running, "audit", slug)] == ["tenant.created", "tenant.suspended", "tenant.resumed"]


async def test_a_renamed_organizations_old_host_leads_to_its_new_one(running: Running, slug: str) -> None:
    new = f"{slug}-new"
    shown = await done(running, "rename", slug, new)
    assert (shown["slug"], shown["former_slugs"], shown["hosts"]) == (new, [slug], [f"{new}.localhost"])
    await answers(running, slug, 308)
    await answers(running, new, 200)

    async with running.client(slug) as client:
        page = await client.get("/auth/login?next=%2Fauth%2Faccount")
        keys = await client.get("/.well-known/jwks.json")
    assert (page.status_code, page.headers["location"]) == (308, f"http://{new}.localhost:{running.port}/auth/login?next=%2Fauth%2Faccount")
    assert keys.status_code == 200
    for arguments, words in (
        (("rename", "acme", slug), "was another organization's"),
        (("rename", "acme", "globex"), "in use"),
        (("rename", "acme", "admin"), "reserved"),
        (("create", slug, "--name", "A", "--owner-email", "o@x.example"), "was another organization's"),
        (("suspend", slug), f"is '{new}' now"),
    ):
        code, err = await refused(running, *arguments)
        assert (code, words in err) == (1, True), err
    back = await done(running, "rename", new, slug)
    assert (back["slug"], back["former_slugs"]) == (slug, [new])


async def test_an_organization_is_deleted_undeleted_deleted_and_purged(running: Running, slug: str) -> None:
    for arguments in (("delete", slug), ("delete", slug, "--confirm", "acme")):
        code, err = await refused(running, *arguments)
        assert (code, "NOT_CONFIRMED" in err) == (3, True)
    assert (await refused(running, "delete", slug, "--confirm", slug, "--grace-days", "366"))[0] == 2

    deleted = await done(running, "delete", slug, "--confirm", slug)
    assert deleted["status"] == "deleting"
    await answers(running, slug, 404)
    code, err = await refused(running, "purge", slug)
    assert (code, "GRACE_NOT_OVER" in err, deleted["purge_after"][:10] in err) == (3, True, True)
    assert (await done(running, "undelete", slug))["status"] == "active"
    await answers(running, slug, 200)
    code, err = await refused(running, "purge", slug)
    assert (code, "WRONG_STATE" in err) == (3, True)

    await done(running, "delete", slug, "--confirm", slug, "--grace-days", "0")
    purged = await done(running, "purge")
    assert [(one["slug"], one["status"]) for one in purged] == [(slug, "purged")]
    assert await done(running, "purge") == []
    assert await done(running, "purge", slug) == purged[0]
    assert slug not in {tenant["slug"] for tenant in await done(running, "list")}
    code, err = await refused(running, "show", slug)
    assert (code, "no organization" in err) == (1, True)
    assert [entry["action"] for entry in await done(running, "audit", slug)][-2:] == ["tenant.purge_began", "tenant.purged"]
    await answers(running, "acme", 200)


async def test_a_purge_killed_in_the_middle_is_finished_by_the_next_one(running: Running, slug: str) -> None:
    place = await done(running, "delete", slug, "--confirm", slug, "--grace-days", "0")
    async with as_owner(running) as owner, owner.transaction():
        await owner.execute(f"LOCK TABLE {place['schema']}.roles IN ACCESS SHARE MODE")
        purge = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ops", "tenants", "purge", slug, env=running.environment, stderr=asyncio.subprocess.DEVNULL
        )

        async def waits() -> bool:
            return bool(
                await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass", f"{place['schema']}.roles")
            )

        await until(waits)
        purge.send_signal(signal.SIGKILL)
        await purge.wait()
        left = await owner.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", place["schema"])
    assert left > 0
    code, err = await refused(running, "undelete", slug)
    assert (code, "being purged" in err) == (3, True)
    half = await done(running, "show", slug)
    assert (half["status"], half["purge_began_at"] is None) == ("deleting", False)

    async def gone() -> bool:
        code, _, err = await running.imprint("tenants", "purge", slug)
        assert code in {0, 3}, err  # 3: Postgres has not noticed the death yet
        return code == 0

    await until(gone)
    async with as_owner(running) as owner:
        assert await owner.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = $1", place["schema"]) == 0
        assert await owner.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", place["role"]) == 0
    await answers(running, "acme", 200)


async def test_a_host_of_ones_own_is_claimed_proven_served_and_removed(running: Running, slug: str) -> None:
    host = f"{slug}.example"
    async with name_server() as dns:
        asking = replace(running, environment={**running.environment, "IMPRINT_DNS_SERVERS": f"127.0.0.1:{dns.port}"})
        claimed = await done(asking, "domains", slug, "add", host)
        record = claimed["record"]
        assert (claimed["host"], claimed["verified"], record["name"], record["type"]) == (host, False, f"_imprint-challenge.{host}", "TXT")
        assert record["value"].startswith("imprint-verification=")
        code, err = await refused(asking, "domains", slug, "verify", host)
        assert (code, "DOMAIN_NOT_VERIFIED" in err, record["name"] in err) == (1, True, True)

        dns.texts[record["name"]] = [record["value"]]
        proven = await done(asking, "domains", slug, "verify", host)
    assert proven["verified"] is True
    assert await done(running, "domains", slug, "list") == [proven]
    shown = await done(running, "show", slug)
    assert (shown["hosts"], shown["domains"]) == ([f"{slug}.localhost", host], [{"host": host, "verified": True}])

    async def served(status: int) -> None:
        async with running.client() as client:

            async def check() -> bool:
                return (await client.get("/auth/login", headers={"Host": host})).status_code == status

            await until(check)

    await served(200)
    assert await done(running, "domains", slug, "remove", host) == {"host": host, "removed": True}
    await served(404)
    for arguments, code in ((("domains", slug, "add"), 2), (("domains", slug, "list", host), 2), (("domains", slug, "add", "not a host"), 1)):
        assert (await refused(running, *arguments))[0] == code
    wrong = replace(running, environment={**running.environment, "IMPRINT_DNS_SERVERS": "dns.example"})
    await done(wrong, "domains", slug, "add", host)
    assert (await refused(wrong, "domains", slug, "verify", host))[0] == 2


async def test_people_read_tables_and_records(running: Running, slug: str) -> None:
    for arguments, words in (
        (("suspend", slug), "suspended"),
        (("resume", slug), "active"),
        (("domains", slug, "add", f"{slug}.example"), "_imprint-challenge"),
        (("domains", slug, "list"), f"{slug}.example"),
        (("audit", slug), "tenant.domain_added"),
        (("audit",), "tenant.created"),
    ):
        code, out, err = await running.imprint("tenants", *arguments)
        assert (code, words in out) == (0, True), err
