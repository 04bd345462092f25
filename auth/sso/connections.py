"""The identity providers that an organization has connected."""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast
from uuid import UUID

import structlog

from auth.enforced import SETTINGS, TESTED, keep_way_in
from auth.sso.mapping import GroupRoles
from auth.sso.trail import Happened, tell_in
from tenants.database import UniqueTaken, repeatable
from tenants.errors import Conflict, NotFound
from tenants.registry import Tenant
from tenants.secrets import Undecipherable
from tenants.sentences import sentence
from tenants.statements import statement
from tenants.transaction import Cause, Transaction, transaction

if TYPE_CHECKING:
    from tenants.database import Database, Row
    from tenants.secrets import TenantKey

Kind = Literal["saml", "oidc", "oauth2", "ldap"]
MOST_CACHED = 10_000
OLDEST = 3.0

log = structlog.get_logger(__name__)

ALL = statement("SELECT * FROM __tenant__.connections ORDER BY label, id")
ONE = statement("SELECT * FROM __tenant__.connections WHERE name = :name FOR UPDATE")
INSERT = statement(
    """
    INSERT INTO __tenant__.connections
      (id, name, kind, label, enabled, settings, secrets, create_people, default_role, group_roles, version, created_at, updated_at)
    VALUES (:id, :name, :kind, :label, :enabled, :settings, :secrets, :create_people, :default_role, :group_roles, 1, :now, :now)
    """
)
VERSION = statement("SELECT version FROM __tenant__.connections WHERE id = :id")
UPDATE = statement(
    """
    UPDATE __tenant__.connections
    SET label = :label, enabled = :enabled, settings = :settings, secrets = :secrets, create_people = :create_people,
        default_role = :default_role, group_roles = :group_roles, version = version + 1, updated_at = :now
    WHERE id = :id AND version = :version
    """
)
DELETE = statement("DELETE FROM __tenant__.connections WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Connection:
    """`settings` may be shown, `secrets` never; what either holds is the kind's to say. `group_roles`: the first rule that fits counts.

    `unopened`: its sealed secrets, where the organization's key does not open them. Nobody signs in through it until it gets others.
    """

    id: UUID
    name: str
    kind: Kind
    label: str
    enabled: bool
    create_people: bool
    default_role: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    group_roles: GroupRoles = ()
    version: int = 1
    unopened: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Through:
    """What somebody acts through who has no account: `said` in the audit log; `also` is done in the same transaction, or refuses it."""

    said: Mapping[str, str]
    also: Callable[[Transaction, Connection], Awaitable[None]]


class Connections:
    """Each organization's, at most `oldest` seconds old."""

    def __init__(self, database: Database, *, oldest: float = OLDEST, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._oldest = oldest
        self._clock = clock
        self._known: OrderedDict[UUID, tuple[float, tuple[Connection, ...]]] = OrderedDict()
        self._told: set[tuple[UUID, int]] = set()

    async def of(self, tenant: Tenant) -> tuple[Connection, ...]:
        """All of them, by label."""
        known = self._known.get(tenant.id)
        if known is not None and self._clock() < known[0] + self._oldest:
            return known[1]
        now = self._clock()
        async with self._database.reading(tenant.place) as connection:
            found = tuple(_connection(tenant, row) for row in await connection.fetch(ALL))
        self._tell_unopened(tenant, found)
        self._known[tenant.id] = (now, found)
        self._known.move_to_end(tenant.id)
        if len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return found

    async def named(self, tenant: Tenant, name: str, kind: Kind | None = None) -> Connection:
        """Raises NotFound, also where it is of another kind."""
        found = _named(await self.of(tenant), name, kind)
        if found is None:
            self.forget(tenant)  # another process may have added it a moment ago
            found = _named(await self.of(tenant), name, kind)
        if found is None:
            raise unknown(name)
        return found

    async def enabled(self, tenant: Tenant) -> tuple[Connection, ...]:
        """Those that are switched on, with those whose secrets do not open."""
        return tuple(connection for connection in await self.of(tenant) if connection.enabled)

    async def by_id(self, tenant: Tenant, id: UUID) -> Connection | None:
        return next((connection for connection in await self.of(tenant) if connection.id == id), None)

    @repeatable
    async def add(self, tenant: Tenant, connection: Connection, cause: Cause, through: Through | None = None) -> None:
        """Raises Conflict where the name is taken, and what `through` raises."""
        async with transaction(self._database, tenant, cause) as change:
            try:
                await change.connection.execute(INSERT, now=change.now, name=connection.name, kind=connection.kind, **_columns(tenant, connection))
            except UniqueTaken:
                raise Conflict(
                    sentence("There is a connection named {name!r} here already. Take another name, or remove that one.", name=connection.name)
                ) from None
            if through is not None:
                await through.also(change, connection)
            await _tell(change, "ConnectionAdded", connection, through)
        self.forget(tenant)

    @repeatable
    async def change(
        self, tenant: Tenant, name: str, alter: Callable[[Connection], Connection], cause: Cause, through: Through | None = None
    ) -> Connection:
        """What `alter` makes of it. Of two at once the second sees what the first has made. Raises NotFound, and what these two raise."""
        async with transaction(self._database, tenant, cause) as change:
            row = await change.connection.fetchrow(ONE, name=name)
            if row is None:
                raise unknown(name)
            before = _connection(tenant, row)
            if through is not None:
                await through.also(change, before)
            after = alter(before)
            if before.enabled and not after.enabled:
                await keep_way_in(change, before.id)
            if after != before:
                await change.connection.execute(UPDATE, now=change.now, version=before.version, **_columns(tenant, after))
                await _tell(change, "ConnectionChanged", after, through)
                after = replace(after, version=before.version + 1)
        self.forget(tenant)
        return after

    @repeatable
    async def remove(self, tenant: Tenant, name: str, cause: Cause) -> None:
        """With it go the links between its people and theirs here. Raises NotFound."""
        async with transaction(self._database, tenant, cause) as change:
            row = await change.connection.fetchrow(ONE, name=name)
            if row is None:
                raise unknown(name)
            if row["enabled"]:
                await keep_way_in(change, row["id"])
            await change.connection.execute(DELETE, id=row["id"])
            await _tell(change, "ConnectionRemoved", _connection(tenant, row))
        self.forget(tenant)

    @repeatable
    async def tested(self, tenant: Tenant, connection: Connection, cause: Cause) -> None:
        """A test sign-in has passed every check. Settings that were changed while it was under way are not the ones that were tested."""
        async with transaction(self._database, tenant, cause) as change:
            if await change.connection.fetchval(VERSION, id=connection.id) != connection.version:
                return
            settings = await change.connection.fetchval(SETTINGS, id=connection.id)
            details = {"name": connection.name, "settings": settings}
            if settings:
                await tell_in(change, Happened(TESTED, connection.kind, cause.correlation_id, connection.id, cause.user_id, details=details))

    def _tell_unopened(self, tenant: Tenant, found: tuple[Connection, ...]) -> None:
        """Once for each state of a connection, not at every look."""
        for one in found:
            if one.unopened is not None and (one.id, one.version) not in self._told:
                self._told.add((one.id, one.version))
                log.error("connection", tenant=tenant.slug, connection=one.name, kind=one.kind, result="secrets do not open")

    def forget(self, tenant: Tenant) -> None:
        """This process hears of a change at once; the others within `oldest` seconds."""
        self._known.pop(tenant.id, None)


def _named(connections: tuple[Connection, ...], name: str, kind: Kind | None) -> Connection | None:
    return next((one for one in connections if one.name == name and kind in {None, one.kind}), None)


def unknown(name: str) -> NotFound:
    return NotFound(sentence("There is no connection named {name!r} here; `imprint connections list` shows those there are.", name=name))


def secrets_context(id: UUID) -> bytes:
    """What a connection's sealed secrets are bound to."""
    return b"connection:" + id.bytes


def sealed_secrets(key: TenantKey, id: UUID, secrets: Mapping[str, str]) -> bytes:
    return key.encrypt(json.dumps(dict(secrets)).encode(), secrets_context(id))


def _columns(tenant: Tenant, connection: Connection) -> dict[str, Any]:
    return {
        "id": connection.id,
        "label": connection.label,
        "enabled": connection.enabled,
        "settings": dict(connection.settings),
        "secrets": connection.unopened or sealed_secrets(tenant.key, connection.id, connection.secrets),
        "create_people": connection.create_people,
        "default_role": connection.default_role,
        "group_roles": [list(rule) for rule in connection.group_roles],
    }


def _connection(tenant: Tenant, row: Row) -> Connection:
    """One row that does not open, after a restore with another key or a change by hand, leaves the others as they are."""
    try:
        secrets, unopened = json.loads(tenant.key.decrypt(row["secrets"], secrets_context(row["id"]))), None
    except Undecipherable:
        secrets, unopened = {}, bytes(row["secrets"])
    return Connection(
        row["id"],
        row["name"],
        cast("Kind", row["kind"]),
        row["label"],
        row["enabled"],
        row["create_people"],
        row["default_role"],
        row["settings"],
        secrets,
        tuple((group, role) for group, role in row["group_roles"]),
        row["version"],
        unopened,
    )


async def _tell(change: Transaction, action: str, connection: Connection, through: Through | None = None) -> None:
    details = {
        "name": connection.name,
        "enabled": connection.enabled,
        "createPeople": connection.create_people,
        "defaultRole": connection.default_role,
        "groupRoles": [list(rule) for rule in connection.group_roles],
        "settings": dict(connection.settings),
        **(through.said if through else {}),
    }
    await tell_in(change, Happened(action, connection.kind, change.cause.correlation_id, connection.id, change.cause.user_id, details=details))
