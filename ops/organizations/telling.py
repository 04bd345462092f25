"""Telling an organization what its operator decided: its own history should say so too."""

from __future__ import annotations

from uuid import UUID

from app.bus import Bus
from app.management.commands import ChangeTier, RenameOrganization, ResumeOrganization, SuspendOrganization
from auth.principal import SYSTEM
from tenants.database import Database, repeatable
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.statements import statement

ATTEMPTS = 10
BECAUSE = statement("SELECT suspended_because FROM control.organizations WHERE id = CAST(:id AS uuid)")


async def tell(settings: TenantSettings, database: Database, organization: UUID) -> Tenant:
    """Bring what the organization knows of itself in line with the registry, and return it as it is there now.

    What it knows already is not said again, so whatever an interrupted command left untold is told by the next one. Another
    operator may do the same at the same time: after telling, the registry is read again, until it says what was told.
    Raises NotFound, and Conflict where others are faster again and again.
    """
    known = await _read(settings, database, organization)
    for _ in range(ATTEMPTS):
        said = await _said(database, *known)
        told, known = known, await _read(settings, database, organization)
        if said and told == known:
            return known[0]
    raise Conflict("Others change this organization again and again: it has what you asked for, but was not told of it. Run this again in a moment.")


async def _said(database: Database, tenant: Tenant, because: str | None) -> bool:
    """False where somebody else changed the organization at the same moment."""
    try:
        await _say(database, tenant, because)
    except Conflict:
        return False
    return True


@repeatable
async def _say(database: Database, tenant: Tenant, because: str | None) -> None:
    async with Bus(database).unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
        await unit.execute(RenameOrganization(tenant.slug))
        await unit.execute(ChangeTier(tenant.tier, tenant.quotas.stored()))
        if tenant.status == "suspended":
            await unit.execute(SuspendOrganization(because))
        elif tenant.status == "active":
            await unit.execute(ResumeOrganization())


async def _read(settings: TenantSettings, database: Database, organization: UUID) -> tuple[Tenant, str | None]:
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_id(organization)
    if tenant is None:
        raise NotFound("The organization was removed meanwhile: imprint tenants list shows those there are.")
    async with database.control() as connection:
        return tenant, await connection.fetchval(BECAUSE, id=organization)
