"""A directory of one organization, connected, and people who sign in with its passwords."""

from __future__ import annotations

from typing import Any

import httpx

from auth.service import Auth
from auth.sso.connections import Connection
from tenants.ids import new_id
from tenants.statements import statement
from tenants.transaction import Cause
from tests.integration.auth.arriving import own
from tests.integration.conftest import House
from tests.peers.openldap import READER_PASSWORD, Directory

FILTER = "(|(uid={login})(mail={login}))"
LAST = statement(
    "SELECT details ->> 'name' AS name, details ->> 'found' AS found, trace FROM __tenant__.sign_in_events "
    "WHERE action = 'SignInRefused' AND connection_id = :id ORDER BY at DESC, id DESC LIMIT 1"
)


def settings_for(directory: Directory, **changed: Any) -> dict[str, Any]:
    given = {"urls": directory.ldaps, "base_dn": directory.base, "user_filter": FILTER, "bind_dn": directory.reader, "ca": directory.ca}
    return {name: value for name, value in {**given, **changed}.items() if value is not None}


async def connect(auth: Auth, house: House, directory: Directory, **changed: Any) -> Connection:
    given = settings_for(directory, **changed)
    secrets = {"bind_password": changed.pop("bind_password", READER_PASSWORD)} if given.get("bind_dn") else {}
    given.pop("bind_password", None)
    settled, kept = await auth.parts.modules["ldap"].settle(given, secrets)
    connection = Connection(
        new_id(), f"l{new_id().hex[:20]}", "ldap", "Directory", enabled=True, create_people=True, default_role="reader",
        settings=settled, secrets=kept, group_roles=(("editors", "editor"), ("staff", "author")),
    )  # fmt: skip
    await auth.parts.connections.add(house.tenant, connection, Cause(new_id()))
    await own(auth, house.tenant, f"{house.tenant.slug}.example")
    return connection


async def by_json(client: httpx.AsyncClient, connection: Connection, login: str, password: str) -> httpx.Response:
    return await client.post(f"/auth/ldap/{connection.name}", json={"username": login, "password": password})


async def check_of(auth: Auth, house: House, connection: Connection) -> str:
    async with auth.parts.connections._database.reading(house.tenant.place) as reading:
        row = await reading.fetchrow(LAST, id=connection.id)
    assert row is not None
    return str(row["name"])
