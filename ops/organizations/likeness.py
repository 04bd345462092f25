"""Making an organization in another one's likeness: its name, settings, branding, policies and roles, and its owners, invited anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from app.bus import Bus
from app.management.commands import ChangeTier, FoundInLikeness
from app.management.organizations import OrganizationKept
from app.users.accounts import Members
from app.users.commands import DefineRoles, InviteUser
from app.users.values import EMAIL_PURPOSE, OWNER
from auth.principal import SYSTEM
from migrations.provisioning import HeadProvisioner
from ops.organizations.beginnings import Begun, amended, begun, unopened
from tenants import lifecycle
from tenants.database import Connection, Database, connect_as_admin
from tenants.errors import Conflict, NotFound, Refusal
from tenants.ids import new_id
from tenants.lifecycle.arrivals import arriving
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tenants.slugs import tenant_slug
from tenants.statements import statement
from tenants.transfer.exporting import Source, source_of
from tenants.transfer.importing import open_to_requests

KEPT = statement("SELECT id, name, settings, branding, policies FROM __tenant__.organization WHERE id = :id")
ROLES = statement("SELECT name, permissions FROM __tenant__.roles ORDER BY name")
OWNERS = statement(
    "SELECT id, username, name, email, person_key FROM __tenant__.users WHERE role = 'owner' AND status IN ('active', 'invited') ORDER BY id"
)


class NoOwner(Refusal):
    """Nobody could be invited to own the new organization."""

    code = "NO_OWNER"


@dataclass(frozen=True, slots=True)
class FoundedLike:
    """The new organization, and its owners' ids there."""

    tenant: Tenant
    owners: list[UUID]


@dataclass(frozen=True, slots=True)
class _Owner:
    username: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What is taken over."""

    kept: OrganizationKept
    roles: dict[str, frozenset[str]]
    owners: list[_Owner]


async def found_like(settings: TenantSettings, database: Database, slug: str, new: str) -> FoundedLike:
    """Under a key and an id of its own, with nothing of the other's content or history. Interrupted, it goes on when repeated.

    Raises NotFound, NotExportable, Conflict, NoOwner.
    """
    chosen = tenant_slug(new)
    async with connect_as_admin(settings.admin_database_url) as admin:
        source = await source_of(admin, settings, slug)
        async with database.reading(source.place) as connection:
            pattern = await _pattern(connection, source)
        organization = await lifecycle.create(settings, HeadProvisioner(), chosen, pattern.kept.name, source.tier, admin=admin)
        async with arriving(admin, organization):
            there = await unopened(settings, database, organization)
            owners = await _gone_on_with(database, there, pattern)
            tenant = await amended(admin, settings, there, pattern.kept.name, source.tier)
            if owners:
                await Bus(database).as_system(tenant, ChangeTier(tenant.tier, tenant.quotas.stored()), new_id())
            else:
                owners = await _begin(database, tenant, pattern)
            was = {"from_id": str(source.id), "from_slug": source.slug, "without_data": True}
            await open_to_requests(admin, settings.owner_role, organization, "tenant.cloned", **was)
    return FoundedLike(replace(tenant, status="active"), owners)


async def _pattern(connection: Connection, source: Source) -> _Pattern:
    kept = await connection.fetchrow(KEPT, id=source.id)
    if kept is None:
        raise NotFound(f"{source.slug!r} was never founded: run `imprint tenants create` again to finish it.")
    roles = {row["name"]: frozenset(row["permissions"]) for row in await connection.fetch(ROLES)}
    owners = [
        _Owner(row["username"], row["name"], source.key.open_personal(row["id"], row["person_key"], EMAIL_PURPOSE, row["email"]))
        for row in await connection.fetch(OWNERS)
    ]
    if not owners:
        raise NoOwner(f"{source.slug!r} has no owner who could be invited to the new organization: make somebody its owner first.")
    return _Pattern(OrganizationKept(**dict(kept.items())), roles, owners)


async def _gone_on_with(database: Database, tenant: Tenant, pattern: _Pattern) -> list[UUID]:
    """The owners' ids, where an interrupted call came so far; none where it did not. Raises Conflict where it was begun otherwise."""
    before = await begun(database, tenant)
    if before is None:
        return []
    members = Members(database, Bus(database))
    there = [account.user_id for owner in pattern.owners if (account := await members.find(tenant, owner.email))]
    async with database.reading(tenant.place) as connection:
        all_there = {row["id"] for row in await connection.fetch(OWNERS)}
    if before != Begun(pattern.kept.name, pattern.kept.id) or set(there) != all_there or len(there) != len(pattern.owners):
        raise Conflict(
            f"{tenant.slug!r} was begun otherwise: by another command, in another one's likeness, or with another name or other owners. "
            f"Run the command that began it again, or remove it with `imprint tenants purge {tenant.slug}` and begin anew."
        )
    return there


async def _begin(database: Database, tenant: Tenant, pattern: _Pattern) -> list[UUID]:
    """Everything in one transaction; its owners' ids."""
    owners = [new_id() for _ in pattern.owners]
    async with Bus(database).unit(tenant, SYSTEM, correlation_id=new_id()) as unit:
        await unit.execute(DefineRoles(pattern.roles))
        await unit.execute(FoundInLikeness(pattern.kept))
        for id, owner in zip(owners, pattern.owners, strict=True):
            await unit.execute(InviteUser(id, owner.email, owner.name, OWNER, owner.username))
    return owners
