"""How an organization comes to be: its registry row, its role, its schema and its key, in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from tenants import audit
from tenants.database import AdminConnection, Place, UniqueTaken, connect_as_admin
from tenants.errors import Conflict
from tenants.ids import new_id
from tenants.lifecycle import stock
from tenants.lifecycle.entries import require_control, slug_taken
from tenants.lifecycle.making import Names, Provisioner, make_place
from tenants.secrets import Keyring, new_key
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug
from tenants.tiers import Quotas, quotas_of


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said of the organization that is to be made."""

    slug: TenantSlug
    name: str
    tier: str
    quotas: Quotas


async def create(
    settings: TenantSettings, provisioner: Provisioner, slug: TenantSlug, name: str, tier: str, *, admin: AdminConnection | None = None
) -> UUID:
    """Make an organization's place, or claim one from the stock, and return its id; its status is `provisioning` until `activate`.

    Repeated after a failure it finds what was made, and leaves what the registry says of it: see `amend`. `admin`: a connection
    to use, for whoever makes many.
    Raises Conflict where the slug is in use or was another organization's, ValidationFailed for a tier that there is not.
    """
    said = _Said(slug, name, tier, quotas_of(tier))
    async with _connected(settings, admin) as connection:
        await require_control(connection)
        try:
            async with connection.transaction(settings.owner_role):
                return await _unfinished(connection, slug) or await _make(connection, settings, provisioner, said)
        except UniqueTaken as taken:
            if begun := await _begun_meanwhile(connection, settings, slug):
                return begun
            raise slug_taken(slug, taken) from None


async def _begun_meanwhile(admin: AdminConnection, settings: TenantSettings, slug: TenantSlug) -> UUID | None:
    """What another call has registered while this one made a place for the same slug."""
    async with admin.transaction(settings.owner_role):
        return await _unfinished(admin, slug)


async def activate(settings: TenantSettings, organization: UUID, *, admin: AdminConnection | None = None) -> None:
    """Open the organization to requests: everything it needs is there. Repeated, it changes nothing. Raises Conflict where it was removed."""
    async with _connected(settings, admin) as connection, connection.transaction(settings.owner_role):
        opened = await connection.value(
            "UPDATE control.organizations SET status = 'active', updated_at = now() WHERE id = $1 AND status = 'provisioning' RETURNING slug",
            organization,
        )
        if opened:
            await audit.record(connection, "tenant.created", organization, opened)
        elif await connection.value("SELECT status FROM control.organizations WHERE id = $1", organization) != "active":
            raise Conflict("The organization was removed while it was made; nothing of it was opened.")


async def amend(admin: AdminConnection, owner: str, organization: UUID, name: str, tier: str) -> None:
    """Let the registry say this of an organization that is not open yet. Raises ValidationFailed for a tier that there is not."""
    async with admin.transaction(owner):
        await admin.run(
            "UPDATE control.organizations SET name = $2, tier = $3, quotas = $4 WHERE id = $1 AND status = 'provisioning'",
            organization,
            name,
            tier,
            quotas_of(tier).stored(),
        )


@asynccontextmanager
async def _connected(settings: TenantSettings, admin: AdminConnection | None) -> AsyncIterator[AdminConnection]:
    if admin is not None:
        yield admin
        return
    async with connect_as_admin(settings.admin_database_url) as own:
        yield own


async def _unfinished(admin: AdminConnection, slug: TenantSlug) -> UUID | None:
    """The organization that an interrupted call left."""
    rows = await admin.rows("SELECT id, status, origin FROM control.organizations WHERE slug = $1", slug)
    if not rows:
        return None
    if (rows[0]["status"], rows[0]["origin"]) != ("provisioning", "created"):
        raise Conflict(f"The slug {slug!r} is in use; choose another.")
    organization: UUID = rows[0]["id"]
    return organization


async def _make(admin: AdminConnection, settings: TenantSettings, provisioner: Provisioner, said: _Said) -> UUID:
    claimed = await stock.claim(admin, provisioner.revision)
    if claimed is not None:
        await _register(admin, settings, claimed.organization, claimed.place, provisioner.revision, said)
        return claimed.organization
    organization, names = new_id(), await Names.read(admin, settings)
    place = await make_place(admin, names, provisioner, organization)
    # Last, since it locks the registry's counter, on which everybody else who makes an organization would wait meanwhile.
    await _register(admin, settings, organization, place, provisioner.revision, said)
    return organization


async def _register(admin: AdminConnection, settings: TenantSettings, organization: UUID, place: Place, revision: str, said: _Said) -> None:
    await admin.run(
        "INSERT INTO control.organizations (id, slug, name, tier, quotas, status, schema, role, revision, wrapped_key) "
        "VALUES ($1, $2, $3, $4, $5, 'provisioning', $6, $7, $8, $9)",
        organization,
        said.slug,
        said.name,
        said.tier,
        said.quotas.stored(),
        place.schema,
        place.role,
        revision,
        Keyring(settings.secret_keys).wrap_tenant_key(organization, new_key()),
    )
