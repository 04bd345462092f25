"""A running installation: server, worker, both demo organizations, as `imprint dev` would have it."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright, expect

from ops.dev import children
from ops.dev.children import ready
from ops.stack import Addresses, databases
from ops.stack.addresses import redis_url
from ops.stack.binaries import installed
from ops.stack.children import Child
from ops.stack.databases import Database
from ops.stack.memory import free_port
from tests.commands import run

PASSWORD = "imprint-demo-1"
TOKENS_GOOD_FOR = 600  # seconds: less than a token lives
REDIS_AFTER_INTEGRATION = 8  # the numbered Redis databases below belong to the integration tests

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=60_000)  # a loaded machine is slow, not wrong


@dataclass(slots=True)
class Running:
    """`environment` is what any `imprint` command needs to work on it; `mail` the folder of sent letters."""

    port: int
    environment: Mapping[str, str]
    mail: Path
    server: Child
    worker: Child
    tokens: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)

    def client(self, slug: str | None = None, token: str | None = None) -> httpx.AsyncClient:
        """Speaks to one organization's host (None: the base host)."""
        host = f"{slug}.localhost:{self.port}" if slug else f"localhost:{self.port}"
        headers = {"Host": host} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=90)

    async def token(self, slug: str, key: str) -> str:
        """Signs a person of the demo in, where they have no token that is good for a while."""
        since, token = self.tokens.get((slug, key), (0.0, ""))
        if not token or time.monotonic() - since > TOKENS_GOOD_FOR:
            token = await self._sign_in(slug, key)
            self.tokens[slug, key] = (time.monotonic(), token)
        return token

    async def _sign_in(self, slug: str, key: str) -> str:
        async with self.client(slug) as client:
            answer = await client.post("/auth/token", json={"email": f"{key}@{slug}.example", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def query(self, slug: str, text: str, key: str | None = None, /, **variables: object) -> dict[str, object]:
        """One GraphQL operation as a person of the demo; the whole answer."""
        token = await self.token(slug, key) if key else None
        async with self.client(slug, token) as client:
            answer = await client.post("/graphql", json={"query": text, "variables": variables})
        result: dict[str, object] = answer.json()
        return result

    async def imprint(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr of one command."""
        ended = await run(arguments, self.environment)
        return ended.code, ended.out, ended.err


@pytest.fixture(scope="session")
async def running(stack: Addresses, worker_name: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    name = f"e2e_{worker_name}"
    own = Database(name, f"admin_{name}", f"app_{name}", admin_password=secrets.token_hex(8), app_password=secrets.token_hex(8))
    await asyncio.to_thread(databases.make, installed().postgres("psql"), stack.superuser_url, own)
    number = REDIS_AFTER_INTEGRATION + (0 if worker_name == "main" else int(worker_name.removeprefix("gw")))
    port, mail = free_port(), tmp_path_factory.mktemp("mail")
    environment = {
        **os.environ,
        "IMPRINT_ENV": "dev",
        "IMPRINT_DATABASE_URL": own.app_url(stack.postgres_port),
        "IMPRINT_ADMIN_DATABASE_URL": own.admin_url(stack.postgres_port),
        "IMPRINT_OWNER_ROLE": f"owner_{name}",
        "IMPRINT_REDIS_URL": redis_url(stack.redis_url.split(":")[2].split("@")[0], stack.redis_port, number),
        "IMPRINT_SECRET_KEY": base64.b64encode(os.urandom(32)).decode(),
        "IMPRINT_PUBLIC_URL": f"http://localhost:{port}",
        "IMPRINT_OPERATORS_TOKEN": "a-token-for-the-tests",
        "IMPRINT_SMTP_URL": mail.as_uri(),
    }
    server = children.imprint("the server", "serve", "--port", str(port), env=environment, log=mail.parent / "server.log")
    worker = children.imprint("the worker", "worker", env=environment, log=mail.parent / "worker.log")
    installation = Running(port, environment, mail, server, worker)
    for command, then in ((("migrate", "up"), worker), (("demo", "load"), server)):
        code, _, err = await installation.imprint(*command)
        assert code == 0, err
        then.start()
    await ready(server, port)
    yield installation
    await asyncio.gather(server.stop(), worker.stop())


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Started once: each page that a test opens has cookies and storage of its own."""
    if CHROMIUM is None:
        pytest.skip("peer chromium is not installed")  # outside Debian with root the peer is named, and only its tests are left out
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        await started.close()
