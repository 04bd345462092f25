"""`imprint users` as an operator runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.demo.people import GLOBEX
from tenants.database import Database
from tenants.settings import TenantSettings
from tests.integration.conftest import House, house_of
from tests.integration.migrations.commands import imprint
from tests.integration.serving import running


@pytest.fixture(scope="module")
async def house(migrated: TenantSettings, pool: Database) -> House:
    return await house_of(migrated, pool, replace(GLOBEX, slug="helped"))


async def signing_in(settings: TenantSettings, login: str, password: str, times: int = 1) -> list[int]:
    async with running(settings) as app:
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type] # Litestar types ASGI more closely
        async with httpx.AsyncClient(transport=transport, base_url="http://helped.localhost:8000") as client:
            body = {"email" if "@" in login else "username": login, "password": password}
            return [(await client.post("/auth/token", json=body)).status_code for _ in range(times)]


async def shown(settings: TenantSettings, *arguments: str) -> dict[str, Any]:
    ran = await imprint(settings, "users", *arguments, "--tenant", "helped", "--json")
    assert ran.code == 0, ran
    found: dict[str, Any] = json.loads(ran.out)
    return found


async def test_somebody_is_made_with_a_password_or_invited_with_a_link(migrated: TenantSettings, house: House, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("three words together\n")

    made = await shown(migrated, "create", "ops@helped.example", "--name", "Ops", "--role", "editor", "--password-file", str(secret))
    asked = await shown(migrated, "create", "new@helped.example")
    taken = await imprint(migrated, "users", "create", "ops@helped.example", "--tenant", "helped")
    nowhere = await imprint(migrated, "users", "create", "x@helped.example", "--tenant", "no-such")

    assert (made["status"], made["role"], made["name"], "invitation" in made) == ("active", "editor", "Ops", False)
    assert (asked["status"], asked["role"]) == ("invited", "reader")
    assert asked["invitation"].startswith("http://helped.localhost:8000/auth/invitation?token=")
    assert await signing_in(migrated, "ops@helped.example", "three words together") == [200]
    assert (taken.code, "belongs to somebody" in taken.err, taken.out) == (1, True, "")
    assert (nowhere.code, "imprint tenants list" in nowhere.err) == (1, True)


async def test_a_password_is_reset_and_shown_once(migrated: TenantSettings, house: House) -> None:
    reset = await shown(migrated, "reset-password", "author")

    assert await signing_in(migrated, "author", reset["password"]) == [200]
    assert (await imprint(migrated, "users", "reset-password", "nobody", "--tenant", "helped")).code == 1


async def test_whoever_has_to_wait_is_let_try_again(migrated: TenantSettings, house: House, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("three words together\n")
    await shown(migrated, "reset-password", "editor", "--password-file", str(secret))
    refused = await signing_in(migrated, "editor", "wrong words together", 6)
    waiting = await signing_in(migrated, "editor", "three words together")

    await shown(migrated, "unlock", "editor@helped.example")

    assert (refused[0], refused[-1], waiting) == (401, 429, [429])
    assert "editor" in str(house.people)


async def test_roles_and_rights_are_granted(migrated: TenantSettings, house: House) -> None:
    granted = await shown(migrated, "grant", "reader", "--role", "moderator", "--permission", "audit.read")
    wrong = await imprint(migrated, "users", "grant", "reader", "--permission", "everything", "--tenant", "helped")
    nothing = await imprint(migrated, "users", "grant", "reader", "--tenant", "helped")
    last = await imprint(migrated, "users", "grant", "owner", "--role", "admin", "--tenant", "helped")

    assert (granted["role"], granted["permissions"]) == ("moderator", ["audit.read", "comments.moderate"])
    assert (wrong.code, nothing.code) == (1, 2)
    assert last.code == 3 or (last.code == 1 and "invited" not in last.err)
