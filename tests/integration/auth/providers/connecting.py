"""A connection to a provider at which people sign in, and a browser that goes there and comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from auth.service import Auth
from auth.sso.connections import Connection
from tenants.database import Row
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.auth.arriving import own
from tests.integration.conftest import House
from tests.peers.openid import CLIENT, SECRET, Provider

LAST = statement(
    "SELECT details ->> 'name' AS name, details ->> 'expected' AS expected, details ->> 'found' AS found, trace FROM __tenant__.sign_in_events "
    "WHERE action = 'SignInRefused' AND connection_id = :id ORDER BY at DESC, id DESC LIMIT 1"
)
ANSWERS: dict[str, tuple[str, dict[str, Any]]] = {
    "no state": ("oidc_known", {"state": None}),
    "another state": ("oidc_known", {"state": "A" * 43}),
    "a long state": ("oidc_known", {"state": "A" * 500}),
    "another issuer": ("answer_issuer", {"iss": "http://127.0.0.1:1"}),
    "no issuer": ("answer_issuer", {"iss": None}),
    "no code": ("code", {"code": None}),
    "another code": ("code_exchange", {"code": "nonsense"}),
    "an error": ("provider_agrees", {"error": "access_denied", "code": None}),
    "an error that no row takes": ("provider_agrees", {"error": "a\0b", "code": None}),
    "state twice": ("answer_form", {"state": ["a", "b"]}),
}
"""What comes back and is not right: the check that fails, and what differs. Where a check is named for its protocol, for OpenID."""


@dataclass(frozen=True, slots=True)
class Connected:
    connection: Connection
    browser: httpx.AsyncClient
    house: House

    @property
    def path(self) -> str:
        return f"/auth/{self.connection.kind}/{self.connection.name}"

    async def begin(self, **query: str) -> str:
        """The address at the provider."""
        answer = await self.browser.get(f"{self.path}/login", params=query)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def bring(self, answer: dict[str, Any], browser: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (browser or self.browser).get(f"{self.path}/callback", params=answer)


async def connect_to(auth: Auth, house: House, kind: Literal["oidc", "oauth2"], settings: Mapping[str, Any]) -> Connection:
    """Whoever comes first gets an account; staff are authors."""
    settled, kept = await auth.parts.modules[kind].settle(settings, {"client_secret": SECRET})
    connection = Connection(
        new_id(), f"p{new_id().hex}", kind, "Company", enabled=True, create_people=True, default_role="reader",
        settings=settled, secrets=kept, group_roles=(("staff", "author"),),
    )  # fmt: skip
    await auth.parts.connections.add(house.tenant, connection, Cause(new_id()))
    await own(auth, house.tenant, f"{house.tenant.slug}.example")
    return connection


async def connect(auth: Auth, house: House, provider: Provider, **settings: Any) -> Connection:
    """By OpenID Connect."""
    return await connect_to(auth, house, "oidc", {"issuer": provider.issuer, "client_id": CLIENT, **settings})


def becoming(connection: Connection) -> Callable[[Connection], Connection]:
    return lambda _: connection


async def refusal(auth: Auth, connected: Connected, answer: httpx.Response) -> Row:
    """The check that failed, as the audit log has it; the person's page shows its number."""
    assert answer.status_code == 401, (answer.status_code, answer.text)
    row = await last_refusal(auth, connected)
    assert row["trace"] in answer.text
    return row


async def last_refusal(auth: Auth, connected: Connected) -> Row:
    """Of somebody who would have come in by this connection, or of what its provider told."""
    async with auth.parts.connections._database.reading(connected.house.tenant.place) as connection:
        row = await connection.fetchrow(LAST, id=connected.connection.id)
    assert row is not None
    return row


async def refused(auth: Auth, connected: Connected, answer: httpx.Response) -> str:
    """The name of that check; the page shows nothing but the number, and nobody is signed in."""
    row = await refusal(auth, connected, answer)
    assert "imprint-dev=" not in str(answer.headers.get_list("set-cookie"))
    assert row["found"] not in answer.text or row["found"] in {"nothing", "another one"}
    return str(row["name"])
