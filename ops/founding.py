"""Making an organization that people can sign in to: its place, its roles, itself, its owner."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.bus import Bus
from app.management.commands import FoundOrganization
from app.management.values import organization_name
from app.users.accounts import Members
from app.users.commands import DefineDefaultRoles, InviteUser
from app.users.values import OWNER, email_address
from auth.principal import SYSTEM
from migrations.provisioning import HeadProvisioner
from tenants import lifecycle
from tenants.database import Database
from tenants.errors import Conflict, NotFound
from tenants.ids import new_id
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug, tenant_slug


@dataclass(frozen=True, slots=True)
class Founded:
    tenant: Tenant
    owner_id: UUID


async def found(settings: TenantSettings, database: Database, *, slug: str, name: str, owner_email: str, tier: str = "basic") -> Founded:
    """Make it, or finish what an interrupted call began; one whose owner has not come in yet is as good as just made.

    Raises ValidationFailed, Conflict, NeverMigrated.
    """
    address, name = email_address(owner_email), organization_name(name)
    try:
        organization = await lifecycle.create(settings, HeadProvisioner(), tenant_slug(slug), name, tier)
    except Conflict:
        waiting = await _waiting_for_owner(settings, database, tenant_slug(slug), address)
        if waiting is None:
            raise
        return waiting
    tenant = await _fresh(database, settings, organization)
    bus = Bus(database)
    owner = await Members(database, bus.as_system).find(tenant, address)
    owner_id = owner.user_id if owner else new_id()
    async with bus.unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
        await unit.execute(DefineDefaultRoles())
        begun = not (await unit.execute(FoundOrganization(name))).changed
        if owner is None and begun:
            raise Conflict(f"{slug!r} was begun with another owner's address: run this again with that one.")
        if owner is None:
            await unit.execute(InviteUser(owner_id, address, name=address.partition("@")[0], role=OWNER))
    await lifecycle.activate(settings, organization)
    return Founded(await _fresh(database, settings, organization), owner_id)


async def _waiting_for_owner(settings: TenantSettings, database: Database, slug: TenantSlug, address: str) -> Founded | None:
    """The organization with this slug, where this address is its owner's and the invitation may never have been seen."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None or tenant.status != "active":
        return None
    owner = await Members(database, Bus(database).as_system).find(tenant, address)
    return Founded(tenant, owner.user_id) if owner and (owner.role, owner.status) == (OWNER, "invited") else None


async def _fresh(database: Database, settings: TenantSettings, organization: UUID) -> Tenant:
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_id(organization)
    if tenant is None:
        raise NotFound("The organization vanished while it was made; run `imprint tenants list` to see what is there.")
    return tenant
