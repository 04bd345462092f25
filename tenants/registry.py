"""The registry: every organization's address, place and state, kept in memory.

Every second a process asks whether anything changed, so that what it knows is a second old at most, as long as it gets a
connection for the question at once. While its pool is full or the database is away, what it knows stands, but for no more
than `TRUSTED_SECONDS`: then each organization is read again when it is asked for. The rotation of keys relies on that.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from tenants.database import Place, Row
from tenants.errors import RetryLater
from tenants.naming import SchemaName, checked_role, checked_schema
from tenants.secrets import Keyring, TenantKey, Undecipherable
from tenants.slugs import TenantSlug
from tenants.statements import Statement, statement
from tenants.tiers import Quotas

if TYPE_CHECKING:
    from tenants.database import Database

POLL_SECONDS = 1.0
TRUSTED_SECONDS = 10.0
MOST_CACHED = 20_000
LOCKED_RETRY = 60

log = structlog.get_logger(__name__)


class TenantLocked(RetryLater):
    """The organization's key does not open with the keys of this installation."""

    code = "TENANT_LOCKED"


@dataclass(frozen=True, slots=True)
class Listed:
    """An organization as the registry lists it. `status`: provisioning, active, suspended or deleting."""

    id: UUID
    slug: TenantSlug
    name: str
    status: str
    tier: str
    place: Place
    revision: str | None
    created_at: datetime
    quotas: Quotas


@dataclass(frozen=True, slots=True)
class Tenant(Listed):
    """An organization whose data can be read."""

    key: TenantKey


_ORGANIZATION = (
    "SELECT o.id, o.slug, o.name, o.status, o.tier, o.schema, o.role, o.revision, o.wrapped_key, o.other_key, o.created_at, o.quotas "
    "FROM control.organizations o "
)
BY_SLUG = statement(_ORGANIZATION + "WHERE o.slug = :value")
BY_LABEL = statement(
    _ORGANIZATION + "WHERE o.slug = :value OR o.id = (SELECT f.organization_id FROM control.former_slugs f WHERE f.slug = :value) "  # noqa: S608 - our own
    "ORDER BY o.slug = :value DESC LIMIT 1"
)
BY_ID = statement(_ORGANIZATION + "WHERE o.id = CAST(:value AS uuid)")
BY_DOMAIN = statement(_ORGANIZATION + "JOIN control.domains d ON d.organization_id = o.id WHERE d.host = :value AND d.verified_at IS NOT NULL")
BY_ROLE = statement(_ORGANIZATION + "WHERE o.role = :value")
ALL = statement(_ORGANIZATION + "ORDER BY o.slug")
VERSION = statement("SELECT registry_version FROM control.installation")


class Registry:
    """Looks organizations up by slug, former slug, domain, id or role; remembers hits and misses until it hears of a change: see `watch`."""

    def __init__(self, database: Database, keyring: Keyring, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._trusted_until: float | None = None
        self._known: OrderedDict[tuple[str, str], Tenant | None] = OrderedDict()
        self._revisions: dict[SchemaName, str | None] = {}
        self._version: int | None = None

    @property
    def keyring(self) -> Keyring:
        """The installation's keys, for whoever keeps more than organizations' own under them."""
        return self._keyring

    async def by_slug(self, slug: str) -> Tenant | None:
        return await self._find("slug", slug, BY_SLUG)

    async def by_label(self, label: str) -> Tenant | None:
        """The organization that has this slug, else the one that once had it: what a subdomain stands for."""
        return await self._find("label", label, BY_LABEL)

    async def by_domain(self, host: str) -> Tenant | None:
        return await self._find("domain", host, BY_DOMAIN)

    async def by_id(self, organization: UUID) -> Tenant | None:
        return await self._find("id", str(organization), BY_ID)

    async def by_role(self, role: str) -> Tenant | None:
        return await self._find("role", role, BY_ROLE)

    async def all(self) -> list[Listed]:
        """Every organization by slug, also those whose keys do not open."""
        async with self._database.control() as connection:
            return [Listed(**_listed(row)) for row in await connection.fetch(ALL)]

    async def _find(self, kind: str, value: str, query: Statement) -> Tenant | None:
        key = (kind, value)
        if self._trusted_until is not None and self._clock() >= self._trusted_until:
            self._known.clear()
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        read_at = self._version
        async with self._database.control() as connection:
            row = await connection.fetchrow(query, value=value)
        tenant = self._tenant(row) if row else None
        if tenant:
            self._notice_revision(tenant)
        if read_at != self._version:  # the registry changed while this was read: the answer may be the old one
            return tenant
        self._known[key] = tenant
        if len(self._known) > MOST_CACHED:
            self._known.popitem(last=False)
        return tenant

    def _notice_revision(self, tenant: Tenant) -> None:
        """Statements prepared before a migration are forgotten when the tenant is first asked for after it, however many were migrated."""
        schema = tenant.place.schema
        if self._revisions.get(schema, tenant.revision) != tenant.revision:
            self._database.forget_statements(schema)
        self._revisions[schema] = tenant.revision

    def _tenant(self, row: Row) -> Tenant:
        try:
            key = self._keyring.unwrap_tenant_key(row["id"], row["wrapped_key"], row["other_key"])
        except Undecipherable as error:
            log.exception("an organization's key does not open; add the key it was wrapped with to IMPRINT_SECRET_KEY", tenant=row["slug"])
            raise TenantLocked("This organization cannot be served just now.", retry_after=LOCKED_RETRY) from error
        return Tenant(**_listed(row), key=key)

    async def refresh(self) -> None:
        """Forget everything if anybody, in any process, changed an organization or a domain."""
        asked = self._clock()
        async with self._database.control() as connection:
            version = await connection.fetchval(VERSION)
        if version != self._version:
            self._known.clear()
            self._version = version
        self._trusted_until = asked + TRUSTED_SECONDS

    async def watch(self) -> None:
        """Refresh every second until cancelled. A refresh that fails, however, leaves what is known standing until the next one."""
        while True:
            try:
                await self.refresh()
            except RetryLater as error:
                log.warning("registry not refreshed", reason=error.message)
            except Exception:
                log.exception("registry not refreshed")
            await asyncio.sleep(POLL_SECONDS)


def _listed(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "slug": TenantSlug(row["slug"]),
        "name": row["name"],
        "status": row["status"],
        "tier": row["tier"],
        "place": Place(checked_schema(row["schema"]), checked_role(row["role"])),
        "revision": row["revision"],
        "created_at": row["created_at"],
        "quotas": Quotas.of(row["quotas"]),
    }
