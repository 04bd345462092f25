"""`imprint connections add SLUG saml NAME` as an operator runs it."""

from __future__ import annotations

from pathlib import Path

import httpx

from ops.bench.identity_provider import metadata, pair_of
from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint


async def test_an_operator_connects_a_saml_provider_by_its_metadata_and_renews_our_certificate(
    migrated: TenantSettings, acme: House, at_acme: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text(metadata(pair_of("soon", days=20).certificate))
    terms = ("--map", "staff=author", "--domain", "acme.example", "--label", "Company", "--attribute", "groups=memberOf", "--json")

    made = await imprint(migrated, "connections", "add", "acme", "saml", "by-command", "--metadata", str(file), *terms)
    tested = await imprint(migrated, "connections", "test", "acme", "by-command", "--json")
    steps = [await imprint(migrated, "connections", "certificate", "acme", "by-command", step, "--json") for step in ("switch", "prepare", "switch")]

    assert (made.json["kind"], made.json["settings"]["attribute_groups"], made.json["secrets"]) == ("saml", "memberOf", ["certificate", "key"])
    assert made.json["sign_in"] == "http://acme.localhost:8000/auth/saml/by-command/login"
    assert "PRIVATE KEY" not in made.out
    assert (tested.code, [(check["check"], check["ok"]) for check in tested.json]) == (
        1,
        [("provider_certificate", False), ("own_certificate", True)],
    )
    assert [step.code for step in steps] == [1, 0, 0]
    assert "Prepare one" in steps[0].err
    assert steps[2].json["secrets"] == ["certificate", "key", "previous_certificate", "previous_key"]
    assert (await imprint(migrated, "connections", "remove", "acme", "by-command")).code == 0


async def test_what_is_wrong_with_a_saml_connection_is_said_together(migrated: TenantSettings, acme: House, tmp_path: Path) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text("<!DOCTYPE x><x/>")

    terms = ("--default-role", "king", "--domain", "nowhere")
    wrong = await imprint(migrated, "connections", "add", "acme", "saml", "Not_A_Name", "--metadata", str(file), *terms)
    nowhere = await imprint(migrated, "connections", "add", "acme", "saml", "x", "--metadata", str(tmp_path / "none.xml"))

    assert (wrong.code, nowhere.code) == (1, 2)
    for part in ("name", "default_role", "metadata", "document type", "domain.nowhere"):
        assert part in wrong.err
    assert "there is no file" in nowhere.err
