"""`imprint clients` as an operator runs it."""

from __future__ import annotations

import re

import httpx

from tenants.settings import TenantSettings
from tests.integration.auth.conftest import bearer, who
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint


async def test_an_operator_registers_lists_and_removes_programs(migrated: TenantSettings, acme: House, at_acme: httpx.AsyncClient) -> None:
    front = await imprint(migrated, "clients", "add", "acme", "Reader app", "--redirect", "http://localhost:3000/back", "--json")
    robot = await imprint(migrated, "clients", "add", "acme", "Importer", "--service", "author", "--json")
    proof = {"grant_type": "client_credentials", "client_id": robot.json["client_id"], "client_secret": robot.json["client_secret"]}
    tokens = (await at_acme.post("/auth/token", json=proof)).json()

    assert (front.json["kind"], "client_secret" in front.json) == ("public", False)
    assert all(re.fullmatch("[0-9a-f]{24}", one.json["client_id"]) for one in (front, robot))
    assert (await who(at_acme, bearer(tokens["access_token"])))["me"]["role"] == "author"
    listed = {one["name"]: one for one in (await imprint(migrated, "clients", "list", "acme", "--json")).json}
    assert listed["Importer"]["role"] == "author"
    assert robot.json["client_secret"] not in str(listed)
    assert (await imprint(migrated, "clients", "remove", "acme", robot.json["client_id"])).code == 0
    assert (await at_acme.post("/auth/token", json=proof)).status_code == 401
    assert "Importer" not in (await imprint(migrated, "clients", "list", "acme")).out


async def test_what_is_wrong_with_a_program_is_said_together(migrated: TenantSettings, acme: House) -> None:
    wrong = await imprint(migrated, "clients", "add", "acme", "x" * 90, "--redirect", "http://shop.example/")
    nobody = await imprint(migrated, "clients", "remove", "acme", "nobody")
    nowhere = await imprint(migrated, "clients", "list", "nowhere")

    assert (wrong.code, nobody.code, nowhere.code) == (1, 1, 1)
    assert "name" in wrong.err
    assert "https://" in wrong.err
    assert "imprint clients list" in nobody.err
    assert "imprint tenants list" in nowhere.err
