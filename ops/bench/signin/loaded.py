"""The memory of a server process in which every way in has been used."""

from __future__ import annotations

import json
import re

from auth.ldap.settings import LdapSettings
from auth.sso.connections import Connection, Connections
from ops.bench.read import hashing_megabytes, worker_megabytes
from ops.bench.report import Line
from ops.bench.servers import Bench
from ops.bench.signin.asking import Client, message, sign_in
from ops.bench.tenants import Measured
from ops.stack.children import Child
from tenants.database import Database
from tenants.ids import new_id
from tenants.transaction import Cause

NAME, MEGABYTES = "directory", 150.0
HASHES = 3
REFUSED, AWAY = 401, 503
_FIELDS = re.compile(rb'name="(?:form|asked)" value="([^"]+)"')


async def measured(bench: Bench, where: Measured, server: Child) -> list[Line]:
    """After people came in through SAML: a password and a passkey that are none, and a directory that does not answer.

    The process that hashes stands beside it: its memory is told, and is none of the worker's. What crowds add is measured with them.
    """
    await _connect(bench, where)
    async with Client.at(bench.target, where.host(bench.port)) as client:
        await _password(client)
        await _passkey(client)
        body = json.dumps({"username": "nell", "password": "a password"}).encode()
        while (reply := await client.send(message(client.host, "POST", f"/auth/ldap/{NAME}", body, content_type="application/json"))).status == 404:  # noqa: PLR2004 - the server has not heard of it yet
            pass
    if reply.status != AWAY:
        raise RuntimeError(f"a directory that is not there was answered {reply.status}: {reply.body.decode(errors='replace')}")
    alone, (resting, highest) = worker_megabytes(server), hashing_megabytes(server)
    said = f"{alone:.0f} MB, beside {resting:.0f} where passwords are hashed ({highest:.0f} during a hash)"
    return [Line("one worker process with everything loaded", said, f"{MEGABYTES:g} MB", alone / MEGABYTES, 1.0, at_most=True)]


async def _password(client: Client) -> None:
    """Several, since memory is kept from the second one on."""
    for number in range(HASHES):
        reply = await client.send(sign_in(client.host, f"nobody-of-{number}"))
        if reply.status != REFUSED:
            raise RuntimeError(f"a password of nobody was answered {reply.status}: {reply.body.decode(errors='replace')}")


async def _passkey(client: Client) -> None:
    page = await client.get("/auth/passkey")
    fields = {name: value.decode() for name, value in zip(("form", "asked"), _FIELDS.findall(page.body), strict=True)}
    cookie = page.headers["set-cookie"].partition(";")[0]
    reply = await client.post("/auth/passkey", {**fields, "credential": "{}"}, cookie=cookie)
    if reply.status != REFUSED:
        raise RuntimeError(f"a passkey that is none was answered {reply.status}: {reply.body.decode(errors='replace')}")


async def _connect(bench: Bench, where: Measured) -> None:
    given = {"urls": "ldaps://directory.invalid", "base_dn": "dc=bench,dc=example", "user_filter": "(uid={login})"}
    settings, secrets = LdapSettings.settle(given, {})
    connection = Connection(
        new_id(), NAME, "ldap", "Directory", enabled=True, create_people=True, default_role="reader", settings=settings, secrets=secrets
    )
    async with Database(bench.settings, connections=1) as database:
        await Connections(database).add(where.tenant, connection, Cause(new_id()))
