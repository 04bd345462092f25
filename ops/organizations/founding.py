"""Making an organization that people can sign in to: its place, its roles, itself, its owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from app.bus import Bus
from app.management.commands import ChangeTier, FoundOrganization
from app.management.values import organization_name
from app.users.accounts import Members
from app.users.commands import DefineDefaultRoles, InviteUser
from app.users.values import OWNER, email_address
from auth.principal import SYSTEM
from migrations.provisioning import HeadProvisioner
from ops.organizations.beginnings import amended, begun, unopened
from tenants import lifecycle
from tenants.database import AdminConnection, Database, connect_as_admin
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.lifecycle.arrivals import arriving
from tenants.registry import Registry, Tenant
from tenants.secrets import Keyring
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug, tenant_slug
from tenants.tiers import BASIC, quotas_of


@dataclass(frozen=True, slots=True)
class Founded:
    tenant: Tenant
    owner_id: UUID


async def found(
    settings: TenantSettings,
    database: Database,
    *,
    slug: str,
    name: str,
    owner_email: str,
    tier: str = BASIC,
    admin: AdminConnection | None = None,
) -> Founded:
    """Make it, or finish what an interrupted call began; one whose owner has not come in yet is as good as just made.

    `admin`: a connection to use, for whoever makes many. Raises ValidationFailed, Conflict, NeverMigrated.
    """
    address, name, chosen = email_address(owner_email), organization_name(name), tenant_slug(slug)
    quotas_of(tier)
    if admin is None:
        async with connect_as_admin(settings.admin_database_url) as own:
            return await found(settings, database, slug=slug, name=name, owner_email=owner_email, tier=tier, admin=own)
    try:
        organization = await lifecycle.create(settings, HeadProvisioner(), chosen, name, tier, admin=admin)
        async with arriving(admin, organization):
            there = await unopened(settings, database, organization)
            owner_id = await _gone_on_with(database, there, name, address)
            tenant = await amended(admin, settings, there, name, tier)
            if owner_id is None:
                owner_id = await _begin(database, tenant, name, address)
            else:
                await Bus(database).as_system(tenant, ChangeTier(tenant.tier, tenant.quotas.stored()), new_id())
            await lifecycle.activate(settings, organization, admin=admin)
    except Conflict:
        waiting = await _waiting_for_owner(settings, database, chosen, address)
        if waiting is None:
            raise
        return waiting
    return Founded(replace(tenant, status="active"), owner_id)


async def _gone_on_with(database: Database, tenant: Tenant, name: str, address: str) -> UUID | None:
    """The owner's id, where an interrupted call came so far; None where it did not. Raises Conflict where it was begun otherwise."""
    before = await begun(database, tenant)
    if before is None:
        return None
    anew = f"or remove it with `imprint tenants purge {tenant.slug}` and begin anew"
    if before.from_id is not None:
        raise Conflict(f"{tenant.slug!r} was begun by `imprint tenants clone`: run that again, {anew}.")
    owner = await Members(database, Bus(database)).find(tenant, address)
    if owner is None:
        raise Conflict(f"{tenant.slug!r} was begun with another owner's address: run this again with that one, {anew}.")
    if before.name != name:
        raise Conflict(f"{tenant.slug!r} was begun with the name {before.name!r}: run this again with that one, {anew}.")
    return owner.user_id


async def _begin(database: Database, tenant: Tenant, name: str, address: str) -> UUID:
    """Its roles, itself and its owner, in one transaction; the owner's id."""
    owner_id = new_id()
    async with Bus(database).unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
        await unit.execute(DefineDefaultRoles())
        await unit.execute(FoundOrganization(name))
        await unit.execute(InviteUser(owner_id, address, name=address.partition("@")[0], role=OWNER))
    return owner_id


async def _waiting_for_owner(settings: TenantSettings, database: Database, slug: TenantSlug, address: str) -> Founded | None:
    """The organization with this slug, where this address is its owner's and the invitation may never have been seen."""
    tenant = await Registry(database, Keyring(settings.secret_keys)).by_slug(slug)
    if tenant is None or tenant.status != "active":
        return None
    owner = await Members(database, Bus(database)).find(tenant, address)
    return Founded(tenant, owner.user_id) if owner and (owner.role, owner.status) == (OWNER, "invited") else None
