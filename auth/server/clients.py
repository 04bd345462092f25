"""Front ends and services that may get tokens of an organization (RFC 6749, 2)."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from auth.errors import InvalidClient
from auth.opaque import LONGEST, digest, new_opaque
from auth.sso.trail import Happened, tell_in
from tenants.database import UniqueTaken, repeatable
from tenants.errors import Conflict, NotFound, ValidationFailed
from tenants.registry import Tenant
from tenants.statements import statement
from tenants.transaction import Cause, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row

LONGEST_NAME, LONGEST_URI, MOST_URIS = 80, 500, 20
CLIENT_ID_BYTES = 12
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_COLUMNS = "client_id, name, redirect_uris, secret_hash, user_id, created_at, last_used_at"
_NAME = re.compile(r"\S(.{0,78}\S)?")

ALL = statement(f"SELECT {_COLUMNS} FROM __tenant__.clients ORDER BY name")  # noqa: S608 - a constant
ONE = statement(f"SELECT {_COLUMNS} FROM __tenant__.clients WHERE client_id = :client_id")  # noqa: S608 - a constant
INSERT = statement(
    """
    INSERT INTO __tenant__.clients (client_id, name, redirect_uris, secret_hash, user_id, created_at)
    VALUES (:client_id, :name, :redirect_uris, :secret_hash, :user_id, :now)
    """
)
USED = statement("UPDATE __tenant__.clients SET last_used_at = :now WHERE client_id = :client_id")
DELETE = statement("DELETE FROM __tenant__.clients WHERE client_id = :client_id")
END_SESSIONS = statement("UPDATE __tenant__.sessions SET revoked_at = :now WHERE client_id = :client_id AND revoked_at IS NULL")


@dataclass(frozen=True, slots=True)
class Client:
    """A front end has redirect addresses; a service acts as `user_id`. `secret_hash` is None for clients that can keep no secret."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret_hash: bytes | None
    user_id: UUID | None
    created_at: datetime
    last_used_at: datetime | None

    def redirect_to(self, wanted: str | None) -> str | None:
        """The registered address that is this one exactly (RFC 9700, 2.1); the only one where none is asked for. None: there is none."""
        if wanted is None:
            return self.redirect_uris[0] if len(self.redirect_uris) == 1 else None
        return wanted if wanted in self.redirect_uris else None


class Clients:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: Tenant) -> list[Client]:
        async with self._database.reading(tenant.place) as connection:
            return [_client(row) for row in await connection.fetch(ALL)]

    async def find(self, tenant: Tenant, client_id: str | None) -> Client | None:
        if not client_id or len(client_id) > LONGEST:
            return None
        async with self._database.reading(tenant.place) as connection:
            row = await connection.fetchrow(ONE, client_id=client_id)
        return _client(row) if row else None

    async def proven(self, tenant: Tenant, client_id: str | None, secret: str | None) -> Client:
        """The client, where it has proven to be it: one that has a secret, by that. Raises InvalidClient, one for every way to fail."""
        client = await self.find(tenant, client_id)
        given = digest(secret or "")
        known = client.secret_hash if client and client.secret_hash else digest(new_opaque())
        right = hmac.compare_digest(given, known)
        if client is None or (client.secret_hash is not None and not right) or (client.secret_hash is None and secret is not None):
            raise InvalidClient
        return client

    @repeatable
    async def add(
        self, tenant: Tenant, name: str, redirect_uris: Sequence[str], cause: Cause, *, user_id: UUID | None = None, with_secret: bool = False
    ) -> tuple[Client, str | None]:
        """The client, and its secret, which is known only now. Raises ValidationFailed, Conflict."""
        check_client(name, redirect_uris, service=user_id is not None)
        secret = new_opaque() if with_secret or user_id is not None else None
        client_id = secrets.token_hex(CLIENT_ID_BYTES)  # never begins with a hyphen: operators name it on a command line
        async with transaction(self._database, tenant, cause) as change:
            client = Client(client_id, name, tuple(redirect_uris), digest(secret) if secret else None, user_id, change.now, None)
            try:
                await change.connection.execute(
                    INSERT,
                    client_id=client_id,
                    name=name,
                    redirect_uris=list(redirect_uris),
                    secret_hash=client.secret_hash,
                    user_id=user_id,
                    now=change.now,
                )
            except UniqueTaken:
                raise Conflict(f"There is a client named {name!r} here already. Take another name, or remove that one.") from None
            details = {"client": client_id, "name": name, "redirectUris": list(redirect_uris)}
            await tell_in(change, Happened("ClientAdded", "clients", cause.correlation_id, user_id=cause.user_id, details=details))
        return client, secret

    @repeatable
    async def remove(self, tenant: Tenant, client_id: str, cause: Cause) -> None:
        """Its sessions end with it. Raises NotFound."""
        async with transaction(self._database, tenant, cause) as change:
            if not await change.connection.execute(DELETE, client_id=client_id):
                raise NotFound(f"There is no client {client_id!r} here; `imprint clients list` shows those there are.")
            await change.connection.execute(END_SESSIONS, client_id=client_id, now=change.now)
            await tell_in(change, Happened("ClientRemoved", "clients", cause.correlation_id, user_id=cause.user_id, details={"client": client_id}))

    @repeatable
    async def used(self, tenant: Tenant, client_id: str, cause: Cause) -> None:
        async with transaction(self._database, tenant, cause) as change:
            await change.connection.execute(USED, client_id=client_id, now=change.now)


def check_client(name: str, redirect_uris: Sequence[str], *, service: bool) -> None:
    """Raises ValidationFailed naming all that is wrong."""
    wrong: dict[str, str] = {}
    if not _NAME.fullmatch(name) or not name.isprintable():
        wrong["name"] = f"takes 1 to {LONGEST_NAME} characters on one line"
    if service and redirect_uris:
        wrong["redirect"] = "is for front ends; a service has none"
    if not service and not 1 <= len(redirect_uris) <= MOST_URIS:
        wrong["redirect"] = f"has to be given at least once, at most {MOST_URIS} times: where the browser brings the code"
    for uri in redirect_uris:
        if objection := _objection(uri):
            wrong[f"redirect.{uri[:60]}"] = objection
    if wrong:
        raise ValidationFailed(wrong)


def _objection(uri: str) -> str | None:
    """https; http on this machine only (RFC 8252, 7.3); schemes of apps with a dot in them (RFC 8252, 7.1)."""
    if len(uri) > LONGEST_URI or not uri.isascii() or not uri.isprintable() or " " in uri:
        return f"takes a printable ASCII address of at most {LONGEST_URI} characters"
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return "is no address"
    if parts.fragment or "#" in uri or "*" in uri:
        return "may hold neither a fragment nor a wildcard"
    if parts.username is not None or parts.password is not None:
        return "may not hold a name or password"
    if (parts.scheme == "https" and host) or (parts.scheme == "http" and host in LOOPBACK) or "." in parts.scheme:
        return None
    return "has to begin with https:// (http:// on this machine, or an app's own scheme like com.example.app:)"


def _client(row: Row) -> Client:
    return Client(
        row["client_id"], row["name"], tuple(row["redirect_uris"]), row["secret_hash"], row["user_id"], row["created_at"], row["last_used_at"]
    )
