"""What a connection to an OpenID provider is made of, and what cannot be one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from joserfc.jwk import ECKey
from litestar.types import ASGIApp

from auth.oidc.module import OidcModule
from auth.oidc.settings import OidcSettings
from auth.service import Auth
from auth.sso.fetching import Fetcher, NotFetched
from tenants.errors import ValidationFailed
from tenants.ids import new_id
from tenants.transaction import Cause
from tests.integration.auth.providers.connecting import Connected, becoming, connect
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider


async def test_a_client_proves_itself_in_the_body_or_with_a_key(
    auth: Auth, app: ASGIApp, connected: Connected, provider: Provider, acme: House
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "mine"})
    module = auth.parts.modules["oidc"]
    ways: dict[str, dict[str, str]] = {
        "client_secret_post": {"client_secret": SECRET},
        "private_key_jwt": {"private_key": json.dumps(key.as_dict(private=True))},
    }
    for way, secrets in ways.items():
        connection = await connect(auth, acme, provider)
        settled, kept = await module.settle({**connection.settings, "authentication": way}, secrets)
        changed = replace(connection, settings=settled, secrets=kept)
        await auth.parts.connections.change(acme.tenant, connection.name, becoming(changed), Cause(new_id()))
        there = replace(connected, connection=connection)
        assert (await there.bring(provider.agree(await there.begin()))).status_code == 303, way


async def test_a_secret_goes_the_way_that_the_providers_configuration_takes(auth: Auth, provider: Provider) -> None:
    known = auth.parts.modules["oidc"]
    assert isinstance(known, OidcModule)
    basic, post = "client_secret_basic", "client_secret_post"
    for taken, said, expected in (
        ([post, "private_key_jwt"], {}, post),
        ([post, basic], {}, basic),
        (None, {}, basic),
        ("nonsense", {}, basic),
        ([post], {"authentication": basic}, basic),
    ):
        provider.honest()
        provider.metadata = lambda document, taken=taken: document.update({"token_endpoint_auth_methods_supported": taken} if taken else {})  # type: ignore[misc]
        module = OidcModule(known._addresses, known._fetcher)  # which remembers nothing of the provider

        settled, _ = await module.settle({"issuer": provider.issuer, "client_id": CLIENT, **said}, {"client_secret": SECRET})

        assert settled["authentication"] == expected, taken


async def test_a_provider_that_cannot_be_used_is_refused_when_it_is_set_up(auth: Auth, provider: Provider) -> None:
    module = auth.parts.modules["oidc"]
    provider.honest()
    found: list[str] = []
    for given in (
        {"issuer": provider.issuer + "/elsewhere", "client_id": CLIENT},
        {"issuer": "http://127.0.0.1:1", "client_id": CLIENT},
        {"issuer": "ftp://provider.example", "client_id": CLIENT},
        {"issuer": provider.issuer, "client_id": "", "scopes": "email", "shoe": "42"},
        {"preset": "entra", "issuer": "https://login.microsoftonline.com/common/v2.0", "client_id": CLIENT},
    ):
        with pytest.raises(ValidationFailed) as caught:
            await module.settle(given, {"client_secret": SECRET})
        found.append(",".join(sorted(caught.value.fields)))

    assert found == ["issuer", "issuer", "issuer", "client_id,scopes,shoe", "issuer"]


async def test_a_configuration_that_names_another_issuer_is_not_that_of_the_one_who_was_asked(auth: Auth, provider: Provider) -> None:
    """OpenID Connect Discovery 1.0, 4.3."""
    provider.honest()
    provider.metadata = lambda document: document.update(issuer="https://honest.example")
    module = OidcModule(auth.parts.addresses, Fetcher(dev=True))

    with pytest.raises(ValidationFailed) as caught:
        await module.settle({"issuer": provider.issuer, "client_id": CLIENT}, {"client_secret": SECRET})

    assert "https://honest.example" in str(caught.value.fields["issuer"])
    provider.honest()


async def test_a_private_network_is_not_reached_but_in_development() -> None:
    async def inside(_host: str, _port: int) -> list[str]:
        return ["10.0.0.1"]

    production = Fetcher(dev=False, resolve=inside)
    for url in ("https://provider.example/", "https://10.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "http://provider.example/"):
        # Not that nobody answers there: nobody is asked.
        with pytest.raises(NotFetched, match=r"inside of a private network|has to begin with https"):
            await production.get(url)


def test_presets_are_settings_that_can_be_used() -> None:
    entra, _ = OidcSettings.settle(
        {"preset": "entra", "issuer": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0", "client_id": "x"},
        {"client_secret": "s"},
    )
    google, _ = OidcSettings.settle({"preset": "google", "client_id": "x"}, {"client_secret": "s"})

    assert entra["email_trusted"] is True
    assert google["issuer"] == "https://accounts.google.com"
