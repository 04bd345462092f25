"""Organizations that were begun and are not open yet: what is there of them, and what whoever goes on says of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from tenants import lifecycle
from tenants.database import AdminConnection, Database
from tenants.errors import Conflict, NotFound
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement
from tenants.tiers import quotas_of

BEGUN = statement(
    "SELECT o.name, CAST(e.event_data ->> 'from_id' AS uuid) AS from_id FROM __tenant__.organization o "
    "JOIN __tenant__.domain_events e ON e.aggregate_id = o.id AND e.aggregate_version = 1 WHERE o.id = :id"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """How the organization calls itself; `from_id`: in whose likeness it was made, None for one that was founded."""

    name: str
    from_id: UUID | None


async def begun(database: Database, tenant: Tenant) -> Begun | None:
    """What an interrupted call left within the organization; None where it did not come so far."""
    async with database.reading(tenant.place) as connection:
        row = await connection.fetchrow(BEGUN, id=tenant.id)
    return Begun(row["name"], row["from_id"]) if row else None


async def unopened(settings: TenantSettings, database: Database, organization: UUID) -> Tenant:
    """The organization as it is in the registry now. Raises NotFound, and Conflict where others opened or removed it."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_id(organization)
    if tenant is None:
        raise NotFound("The organization was removed while it was made; run this again.")
    if tenant.status != "provisioning":
        raise Conflict(f"Others finished or removed {tenant.slug!r} meanwhile: `imprint tenants show {tenant.slug}` says what it is now.")
    return tenant


async def amended(admin: AdminConnection, settings: TenantSettings, tenant: Tenant, name: str, tier: str) -> Tenant:
    """The organization as this call wants it: what an interrupted one had said of it in the registry gives way."""
    wanted = replace(tenant, name=name, tier=tier, quotas=quotas_of(tier))
    if wanted != tenant:
        await lifecycle.amend(admin, settings.owner_role, tenant.id, name, tier)
    return wanted
