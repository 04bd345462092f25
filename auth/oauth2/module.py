"""OAuth 2 providers among the kinds of connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from auth.oauth2.client import Client
from auth.oauth2.settings import OAuth2Settings
from auth.sso.checks import Check, words_of
from auth.sso.fetching import Fetcher, NotFetched
from tenants.errors import ValidationFailed
from tenants.sentences import as_sentence, sentence

if TYPE_CHECKING:
    from auth.addresses import Addresses
    from auth.sso.connections import Connection
    from tenants.registry import Tenant

NO_TOKEN = frozenset({400, 401, 403})


class OAuth2Module:
    def __init__(self, addresses: Addresses, fetcher: Fetcher) -> None:
        self._addresses = addresses
        self._fetcher = fetcher

    async def settle(self, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        settled, kept = OAuth2Settings.settle(settings, secrets)
        addresses = ("authorize_url", "token_url", "userinfo_url", "emails_url")
        wrong = {name: problem for name in addresses if settled[name] and (problem := self._fetcher.objection(settled[name]))}
        if wrong:
            raise ValidationFailed(wrong)
        return settled, kept

    def start(self, connection: Connection) -> str:
        return f"/auth/oauth2/{connection.name}/login"

    def copied(self, connection: Connection) -> tuple[tuple[str, str], ...]:
        return ((as_sentence("Callback address"), f"/auth/oauth2/{connection.name}/callback"),)

    async def examine(self, _tenant: Tenant, connection: Connection) -> list[Check]:
        """The APIs have to answer, and nothing of anybody to whoever brings no token."""
        settings = OAuth2Settings.of(connection)
        checks = []
        for name, url in (("user_api", settings.userinfo_url), ("user_addresses", settings.emails_url)):
            if url:
                checks.append(await self._guarded(name, url))
        return checks

    async def _guarded(self, name: str, url: str) -> Check:
        expected = as_sentence("an answer that wants a token")
        try:
            status = (await self._fetcher.get(url)).status
        except NotFetched as why:
            return Check(name, expected, words_of(why))
        return Check(name, expected, sentence("status {status}", status=status), passed=status in NO_TOKEN)

    def client(self, tenant: Tenant, connection: Connection) -> Client:
        redirect_uri = f"{self._addresses.of(tenant)}/auth/oauth2/{connection.name}/callback"
        return Client(connection, OAuth2Settings.of(connection), redirect_uri, self._fetcher)
