"""What `imprint dev` prints is true when it is printed."""

from __future__ import annotations

import asyncio
import json
import secrets
from http.client import HTTPConnection
from pathlib import Path

import pytest

from ops.dev.greeting import PASSWORD, PEOPLE, TENANTS
from ops.dev.session import Session, Wishes
from ops.stack import Addresses, databases
from ops.stack.addresses import redis_url
from ops.stack.binaries import installed
from ops.stack.databases import Database
from ops.stack.memory import free_port

OF_ITS_OWN = 14  # the numbered Redis database


def sign_in(port: int, slug: str, email: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = json.dumps({"email": email, "password": PASSWORD})
        connection.request("POST", "/auth/token", body, {"Host": f"{slug}.localhost:{port}", "Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
async def servers(stack: Addresses, worker_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty servers that `imprint dev` is told to use instead of its own."""
    name = f"greeting_{worker_name}"
    own = Database(name, f"admin_{name}", f"app_{name}", admin_password=secrets.token_hex(8), app_password=secrets.token_hex(8))
    await asyncio.to_thread(databases.make, installed().postgres("psql"), stack.superuser_url, own)
    monkeypatch.setenv("IMPRINT_DATABASE_URL", own.app_url(stack.postgres_port))
    monkeypatch.setenv("IMPRINT_ADMIN_DATABASE_URL", own.admin_url(stack.postgres_port))
    monkeypatch.setenv("IMPRINT_OWNER_ROLE", f"owner_{name}")
    monkeypatch.setenv("IMPRINT_REDIS_URL", redis_url(stack.redis_url.split(":")[2].split("@")[0], stack.redis_port, OF_ITS_OWN))
    monkeypatch.setenv("IMPRINT_STOCK", "0")


@pytest.mark.usefixtures("servers")
async def test_everybody_whom_the_greeting_names_can_sign_in_when_it_is_printed(tmp_path: Path) -> None:
    port, answers = free_port(), dict[str, int]()

    def shown(greeting: str) -> None:
        assert PASSWORD in greeting
        for slug in TENANTS:
            answers.update({email: sign_in(port, slug, email) for email in (f"{key}@{slug}.example" for key in PEOPLE)})
        raise asyncio.CancelledError

    session = Session(Wishes(port, tmp_path / "data", demo=True), lambda _line: None, shown)
    try:
        with pytest.raises(asyncio.CancelledError):
            await session.run()
    finally:
        await session.close()

    assert answers == {f"{key}@{slug}.example": 200 for slug in TENANTS for key in PEOPLE}
