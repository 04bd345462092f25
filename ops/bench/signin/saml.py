"""A SAML response, from its arrival until the browser is sent on; and the rest of that sign-in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median

from auth.addresses import Addresses
from auth.saml.module import SamlModule
from auth.saml.settings import SamlSettings
from auth.sso.connections import Connection, Connections
from auth.sso.domains import EmailDomains
from auth.sso.fetching import Fetcher
from ops.bench.identity_provider import Answer, metadata, pair_of, request_in
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.signin.asking import Client, Reply
from ops.bench.tenants import Measured
from tenants.database import Database
from tenants.ids import new_id
from tenants.transaction import Cause

NAME, WARM, TIMES = "company", 20, 100
MILLISECONDS = 12.0
BROWSER = "__Host-imprint-form"


@dataclass(frozen=True, slots=True)
class Provider:
    connection: Connection
    acs: str
    audience: str

    def answer(self, request: str) -> str:
        entity = SamlSettings.kept(self.connection.settings).entity_id
        said: dict[str, tuple[str, ...]] = {"displayName": ("Nell Example",), "groups": ("staff",)}
        return Answer(acs=self.acs, audience=self.audience, issuer=entity, request=request, name_id="nell@bench0.example", attributes=said).encoded()


@asynccontextmanager
async def connected(bench: Bench, where: Measured) -> AsyncIterator[Provider]:
    """An organization whose people come through a provider in this process."""
    module = SamlModule(Addresses(f"https://localhost:{bench.port}"), Fetcher(dev=False))
    settings, secrets = await module.settle({"metadata": metadata(pair_of("idp").certificate)}, {})
    connection = Connection(
        new_id(), NAME, "saml", "Company", enabled=True, create_people=True, default_role="reader", settings=settings, secrets=secrets,
        group_roles=(("staff", "author"),),
    )  # fmt: skip
    async with Database(bench.settings, connections=1) as database:
        await Connections(database).add(where.tenant, connection, Cause(new_id()))
        domains = EmailDomains(database)
        domain = await domains.claim(where.tenant, f"{where.tenant.slug}.example", Cause(new_id()))
        await domains.vouch(where.tenant, domain.domain, Cause(new_id()), by="the benchmark")
    ours = module.ours(where.tenant, connection)
    yield Provider(connection, ours.acs, ours.entity_id)


async def measured(bench: Bench, where: Measured, provider: Provider) -> list[Line]:
    """One after the other, of one person who was here before."""
    taken, finished = [], []
    async with Client.at(bench.target, where.host(bench.port)) as client:
        for _ in range(WARM + TIMES):
            browser, relay, response = await _asked(client, provider)
            began = time.perf_counter()
            on = _moved(await client.post(f"/auth/saml/{NAME}/acs", {"SAMLResponse": response, "RelayState": relay}))
            between = time.perf_counter()
            _moved(await client.get(on, cookie=browser))
            finished.append((time.perf_counter() - between) * 1000)
            taken.append((between - began) * 1000)
    passed, rest = median(taken[WARM:]), median(finished[WARM:])
    said = f"{passed:.1f} ms; the session after it {rest:.1f} ms"
    return [Line("a SAML response, verified and sent on", said, f"{MILLISECONDS:g} ms", passed / MILLISECONDS, 1.0, at_most=True)]


async def _asked(client: Client, provider: Provider) -> tuple[str, str, str]:
    """The browser's cookie, the relay state, and what the provider answers."""
    reply = await client.get(f"/auth/saml/{NAME}/login")
    request, asked = request_in(_moved(reply))
    cookie = reply.headers["set-cookie"].partition(";")[0]
    return cookie, asked["RelayState"], provider.answer(str(request.get("ID")))


def _moved(reply: Reply) -> str:
    if reply.status != 303:  # noqa: PLR2004 - HTTP's own number
        raise RuntimeError(f"a sign-in through SAML was answered {reply.status}: {reply.body.decode(errors='replace')}")
    return reply.headers["location"]
