from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from tests.e2e.conftest import Running

PAGE = {"Accept": "text/html,application/xhtml+xml"}


@asynccontextmanager
async def _without_credentials(running: Running, slug: str) -> AsyncIterator[None]:
    """A table is missing that the code relies on: what no request expects."""
    admin = await asyncpg.connect(running.environment["IMPRINT_ADMIN_DATABASE_URL"])
    await admin.execute(f"SET ROLE {running.environment['IMPRINT_OWNER_ROLE']}")
    schema = await admin.fetchval("SELECT schema FROM control.organizations WHERE slug = $1", slug)
    await admin.execute(f"ALTER TABLE {schema}.credentials RENAME TO hidden")
    try:
        yield
    finally:
        await admin.execute(f"ALTER TABLE {schema}.hidden RENAME TO credentials")
        await admin.close()


async def test_unknown_paths_and_methods_get_a_code_and_a_sentence_or_a_page(running: Running) -> None:
    async with running.client("acme") as client:
        for method, path, status, code in (
            ("GET", "/nope", 404, "not_found"),
            ("GET", "/auth/nope", 404, "not_found"),
            ("DELETE", "/auth/login", 405, "method_not_allowed"),
            ("GET", "/auth/token", 405, "method_not_allowed"),
            ("BREW", "/auth/token", 405, "method_not_allowed"),
        ):
            answer = await client.request(method, path)
            assert (answer.status_code, answer.json()["error"]) == (status, code)
            assert answer.json()["message"]
            assert answer.headers["cache-control"] == "no-store"
        page = await client.get("/nope", headers=PAGE)
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_head_is_get_without_its_content(running: Running) -> None:
    async with running.client("acme") as client:
        head, get = await client.head("/auth/login"), await client.get("/auth/login")

    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", get.headers["content-type"])


async def test_a_bug_is_told_to_the_log_in_full_and_to_the_outsider_by_an_id(running: Running) -> None:
    log = running.mail.parent / "server.log"
    async with _without_credentials(running, "globex"), running.client("globex") as client:
        answer = await client.post("/auth/token", json={"email": "reader@globex.example", "password": "whatever-it-is"})
        page = await client.post("/auth/login", data={"login": "x"}, headers=PAGE)

    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    correlation = answer.headers["x-correlation-id"]
    assert correlation in answer.json()["message"]
    assert "Traceback" not in answer.text + page.text
    logged = [json.loads(line) for line in log.read_text().splitlines() if correlation in line]
    assert any(line["event"] == "a request failed" and "credentials" in str(line["exception"]) for line in logged)


async def test_a_refusal_before_any_router_is_a_page_for_people(running: Running) -> None:
    async with running.client("nobody-here") as client:
        page = await client.get("/", headers=PAGE)
        style = await client.get(page.text.partition('rel="stylesheet" href="')[2].partition('"')[0])

    assert (page.status_code, style.status_code) == (404, 200)
    assert "organization" in page.text
