"""`imprint connections add SLUG oidc|oauth2 NAME` as an operator runs it."""

from __future__ import annotations

from pathlib import Path

import httpx

from tenants.settings import TenantSettings
from tests.integration.conftest import House
from tests.integration.migrations.commands import imprint
from tests.peers import openid
from tests.peers.openid import CLIENT, SECRET


async def test_an_operator_connects_providers_and_looks_at_them(
    migrated: TenantSettings, acme: House, at_acme: httpx.AsyncClient, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    client = ("--client-id", CLIENT, "--client-secret-file", str(file), "--json")
    with openid.running() as provider:
        at = provider.issuer
        addresses = ("--authorize-url", f"{at}/authorize", "--token-url", f"{at}/token", "--userinfo-url", f"{at}/me")
        made = [
            await imprint(
                migrated,
                "connections",
                "add",
                "acme",
                "oidc",
                "openid-by-command",
                "--issuer",
                at,
                "--email-claim",
                "mail",
                "--name-claim",
                "cn",
                *client,
            ),
            await imprint(migrated, "connections", "add", "acme", "oauth2", "oauth-by-command", *addresses, "--id-field", "id", *client),
        ]
        tested = [await imprint(migrated, "connections", "test", "acme", name, "--json") for name in ("openid-by-command", "oauth-by-command")]
    hub = await imprint(migrated, "connections", "add", "acme", "oauth2", "hub", "--preset", "github", *client)
    wrong = await imprint(migrated, "connections", "add", "acme", "oauth2", "wrong", *client)
    for name in ("openid-by-command", "oauth-by-command", "hub"):
        assert (await imprint(migrated, "connections", "remove", "acme", name)).code == 0

    assert [one.json["sign_in"].removeprefix("http://acme.localhost:8000") for one in made] == [
        "/auth/oidc/openid-by-command/login",
        "/auth/oauth2/oauth-by-command/login",
    ]
    assert [made[0].json["settings"][f"{what}_claim"] for what in ("email", "name", "username")] == ["mail", "cn", "preferred_username"]
    assert all(one.json["secrets"] == ["client_secret"] and SECRET not in one.out for one in (*made, hub))
    assert [[(check["check"], check["ok"]) for check in one.json] for one in tested] == [
        [("provider_configuration", True), ("provider_keys", True)],
        [("user_api", True)],
    ]
    assert hub.json["settings"]["emails_url"] == "https://api.github.com/user/emails"
    assert wrong.code != 0
    assert "token_url" in wrong.err
