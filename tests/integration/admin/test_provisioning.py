"""An administrator gives the company's provider a token with which it provisions people, and takes it away."""

from __future__ import annotations

import re

import httpx
import pytest
from litestar.types import ASGIApp

from auth.addresses import Addresses
from auth.service import Auth
from auth.sso.connections import Connections
from auth.sso.domains import EmailDomains
from ops.organizations.connecting import Connecting
from tenants.database import Database
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.ids import new_id
from tenants.lifecycle.domains import NotVerified
from tests.integration.admin.console import send, signed_in
from tests.integration.auth.arriving import connected
from tests.integration.auth.conftest import NewPerson, client_at
from tests.integration.conftest import House
from tests.name_server import name_server

TOKEN = re.compile(r"scim_[0-9a-f]{32}_[A-Za-z0-9_-]{43}")


async def people(app: ASGIApp, token: str, slug: str = "acme") -> int:
    async with client_at(app, f"{slug}.localhost") as client:
        return (await client.get("/scim/v2/Users", headers={"Authorization": f"Bearer {token}"})).status_code


async def test_a_token_is_made_shown_once_used_and_revoked(app: ASGIApp, auth: Auth, acme: House, admin: httpx.AsyncClient) -> None:
    connection = await connected(auth, acme)
    page = f"/admin/sign-on/{connection.name}"
    to = f"{page}/provisioning"

    made = await send(admin, page, to, do="make", days="30")
    token = TOKEN.search(made.text)
    assert token, made.text
    assert await people(app, token[0]) == 200
    second = await send(admin, page, to, do="make", days="1")
    third = await send(admin, page, to, do="make", days="1")
    wrong = await send(admin, page, to, do="make", days="soon")
    shown = await admin.get(page)
    assert "http://acme.localhost:8000/scim/v2" in shown.text
    assert not TOKEN.search(shown.text)
    assert (TOKEN.search(second.text) is not None, third.status_code, wrong.status_code) == (True, 409, 400)
    ids = re.findall(r'name="token" value="([^"]+)"', shown.text)
    assert len(ids) == 2
    assert (await send(admin, page, to, do="revoke", token=ids[0])).status_code == 303
    assert await people(app, token[0]) == 401
    assert (await send(admin, page, to, do="revoke", token="x")).status_code == 404


async def test_only_who_configures_sign_on_makes_tokens(app: ASGIApp, auth: Auth, acme: House, globex: House, new_person: NewPerson) -> None:
    connection = await connected(auth, acme)
    editor, neighbour = await signed_in(app, await new_person(acme, role="editor")), await signed_in(app, await new_person(globex, role="admin"))
    to = f"/admin/sign-on/{connection.name}/provisioning"

    refused = await editor.post(to, data={"do": "make", "days": "1"})
    elsewhere = await send(neighbour, "/admin/sign-on", to, do="make", days="1")

    assert (refused.status_code, elsewhere.status_code) == (403, 404)
    assert await auth.parts.scim_tokens.of(acme.tenant, connection.id) == []
    await editor.aclose()
    await neighbour.aclose()


async def test_an_operator_makes_and_revokes_tokens(app: ASGIApp, auth: Auth, acme: House, pool: Database) -> None:
    connection = await connected(auth, acme)
    addresses = Addresses("http://localhost:8000")
    connecting = Connecting(acme.tenant, pool, Connections(pool), EmailDomains(pool), {}, addresses)

    first = await connecting.provisioning(connection.name, days=7, revoke=None)
    assert await people(app, first["token"]) == 200
    await connecting.provisioning(connection.name, days=7, revoke=None)
    with pytest.raises(Conflict):
        await connecting.provisioning(connection.name, days=7, revoke=None)
    (held, _) = await auth.parts.scim_tokens.of(acme.tenant, connection.id)
    rotated = await connecting.provisioning(connection.name, days=7, revoke=held.id)
    shown = await connecting.provisioning(connection.name, days=None, revoke=None)

    assert shown["address"] == "http://acme.localhost:8000/scim/v2"
    assert (len(shown["tokens"]), "token" in shown, len(rotated["tokens"])) == (2, False, 2)
    with pytest.raises(NotFound):
        await connecting.provisioning("none", days=None, revoke=None)


async def test_an_operator_claims_proves_and_gives_up_domains_of_addresses(acme: House, globex: House, pool: Database) -> None:
    domain = f"d{new_id().hex[:12]}.example"
    async with name_server() as dns:
        servers = [("127.0.0.1", dns.port)]
        at = [
            Connecting(house.tenant, pool, Connections(pool), EmailDomains(pool), {}, Addresses("http://localhost:8000"), servers)
            for house in (acme, globex)
        ]
        claimed = await at[0].change_email_domain("add", f" {domain.upper()}. ")
        with pytest.raises(NotVerified):
            await at[0].change_email_domain("verify", domain)
        dns.texts[claimed["record"]["name"]] = [claimed["record"]["value"]]
        verified = await at[0].change_email_domain("verify", domain)
        with pytest.raises(NotFound):
            await at[1].change_email_domain("verify", domain)

    assert (claimed["domain"], claimed["record"]["type"], claimed["verified_at"]) == (domain, "TXT", None)
    assert verified["verified_at"]
    assert "record" not in verified
    assert domain in {row["domain"] for row in await at[0].email_domains()}
    assert await at[0].change_email_domain("remove", domain) == {"domain": domain, "removed": True}
    with pytest.raises(ValidationFailed):
        await at[0].change_email_domain("add", "not a domain")
