"""A browser that signs in through SAML at one organization, with a provider that says what the test wants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from auth.saml.certificates import KeyPair
from auth.saml.metadata import Ours
from auth.saml.module import SamlModule
from auth.service import Auth
from auth.sso.connections import Connection
from ops.bench.identity_provider import Answer, metadata, pair_of, request_in
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.conftest import House

SAID = statement("SELECT action, details FROM __tenant__.sign_in_events WHERE trace = :trace")
_NUMBER = re.compile(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4})</code>")


@dataclass(slots=True)
class Visit:
    """`browser` keeps cookies; what the provider's page sends comes from `stranger`, since Lax cookies stay behind there."""

    auth: Auth
    house: House
    connection: Connection
    browser: httpx.AsyncClient
    stranger: httpx.AsyncClient
    relay: str = ""
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> Ours:
        return module_of(self.auth).ours(self.house.tenant, self.connection)

    @property
    def path(self) -> str:
        return f"/auth/saml/{self.connection.name}"

    async def ask(self, next: str = "/auth/account") -> str:
        """Begin; the id of the request."""
        answer = await self.browser.get(f"{self.path}/login", params={"next": next})
        assert answer.status_code == 303, answer.text
        request, self.asked = request_in(answer.headers["location"])
        self.relay = self.asked["RelayState"]
        return str(request.get("ID"))

    async def good(self, next: str = "/auth/account", **given: Any) -> Answer:
        """What the provider would answer to a request that begins now, of somebody new."""
        person = f"{new_id().hex}@{self.house.tenant.slug}.example"
        answer = Answer(acs=self.ours.acs, audience=self.ours.entity_id, request=await self.ask(next), name_id=person)
        return answer.but(**{"issuer": str(self.connection.settings["entity_id"]), **given})

    async def send(self, answer: Answer | str, *, relay: str | None = "the same") -> httpx.Response:
        given = self.relay if relay == "the same" else relay
        encoded = answer.encoded() if isinstance(answer, Answer) else answer
        return await self.stranger.post(f"{self.path}/acs", data={"SAMLResponse": encoded} | ({"RelayState": given} if given else {}))

    async def come_in(self, answer: Answer) -> httpx.Response:
        """Through `finish`, with the browser's cookies."""
        taken = await self.send(answer)
        assert taken.status_code == 303, await self.check(taken)
        return await self.browser.get(taken.headers["location"])

    async def check(self, page: httpx.Response, says: str = "could not be signed in") -> str:
        """The check that failed, as the audit log has it under the number on the page; and that the page says nothing else."""
        number = _NUMBER.search(page.text)
        assert number, page.text
        async with self.auth.parts.connections._database.reading(self.house.tenant.place) as connection:
            said = await connection.fetchrow(SAID, trace=number[1])
        assert said is not None
        assert (page.status_code, said["action"]) == (401, "SignInRefused")
        assert "set-cookie" not in page.headers
        assert says in page.text
        assert said["details"]["expected"] not in page.text
        return str(said["details"]["name"])


def module_of(auth: Auth) -> SamlModule:
    module = auth.parts.modules["saml"]
    assert isinstance(module, SamlModule)
    return module


async def connect(auth: Auth, house: House, name: str, *certificates: KeyPair, enabled: bool = True, **settings: Any) -> Connection:
    entity = f"https://{name}.{house.tenant.slug}.idp.example/metadata"
    text = metadata(*(pair.certificate for pair in certificates or (pair_of("idp"),)), entity_id=entity, **settings.pop("provider", {}))
    kept, secrets = await module_of(auth).settle({"metadata": text, **settings}, SECRETS)
    connection = Connection(
        new_id(), name, "saml", "Company", enabled=enabled, create_people=True, default_role="reader", settings=kept, secrets=secrets,
        group_roles=(("editors", "editor"), ("staff", "author")),
    )  # fmt: skip
    await auth.parts.connections.add(house.tenant, connection, Cause(new_id()))
    return connection


SECRETS = {"key": pair_of("sp").key, "certificate": pair_of("sp").certificate}


Visiting = Callable[..., Visit]
