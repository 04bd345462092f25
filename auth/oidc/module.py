"""OpenID Connect among the kinds of connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auth.oidc.discovery import Discovery
from auth.oidc.relying_party import RelyingParty
from auth.oidc.settings import OidcSettings
from auth.sso.checks import AS_EXPECTED, Check, words_of
from auth.sso.fetching import Fetcher, NotFetched
from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence

if TYPE_CHECKING:
    from auth.addresses import Addresses
    from auth.sso.connections import Connection
    from tenants.registry import Tenant


class OidcModule:
    def __init__(self, addresses: Addresses, fetcher: Fetcher) -> None:
        self._addresses = addresses
        self._fetcher = fetcher
        self._discovery = Discovery(fetcher)

    async def settle(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        settled, kept = OidcSettings.settle(settings, secrets)
        if problem := self._fetcher.objection(settled["issuer"]):
            raise ValidationFailed({"issuer": problem})
        try:
            metadata = await self._discovery.metadata(settled["issuer"])
        except NotFetched as why:
            raise ValidationFailed({"issuer": sentence("is not one that can be used: {why}", why=words_of(why))}) from None
        if not settings.get("authentication") and "client_secret" in kept:
            settled["authentication"] = metadata.secret_goes()
        return settled, kept

    def start(self, connection: Connection) -> str:
        return f"/auth/oidc/{connection.name}/login"

    def copied(self, connection: Connection) -> tuple[tuple[str, str], ...]:
        return (
            (as_sentence("Redirect address"), f"/auth/oidc/{connection.name}/callback"),
            (as_sentence("Back-channel logout address"), f"/auth/oidc/{connection.name}/backchannel"),
        )

    async def examine(self, _tenant: Tenant, connection: Connection) -> list[Check]:
        settings = OidcSettings.of(connection)
        expected = sentence("the configuration of {issuer}", issuer=settings.issuer)
        try:
            metadata = await self._discovery.metadata(settings.issuer)
        except NotFetched as why:
            return [Check("provider_configuration", expected, words_of(why))]
        checks = [Check("provider_configuration", expected, AS_EXPECTED, passed=True)]
        try:
            answer = await self._fetcher.get(metadata.jwks_uri)
            count = len(answer.document().get("keys") or [])
            checks.append(Check("provider_keys", "keys to check signatures with", sentence("{number} of them", number=count), passed=count > 0))
        except NotFetched as why:
            checks.append(Check("provider_keys", "keys to check signatures with", words_of(why)))
        return checks

    def relying_party(self, tenant: Tenant, connection: Connection) -> RelyingParty:
        redirect_uri = f"{self._addresses.of(tenant)}/auth/oidc/{connection.name}/callback"
        return RelyingParty(connection, OidcSettings.of(connection), redirect_uri, self._discovery, self._fetcher)
