"""How an organization comes to be: its registry row, its role, its schema and its key, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from tenants.database import AdminConnection, UniqueTaken, connect_as_admin
from tenants.errors import Conflict, Refusal
from tenants.ids import new_id
from tenants.naming import RoleName, SchemaName, group_for, quoted, role_for, schema_for
from tenants.privileges import membership
from tenants.secrets import Keyring, new_key
from tenants.settings import TenantSettings
from tenants.slugs import TenantSlug


class NeverMigrated(Refusal):
    """There is no control schema in this database."""

    code = "NEVER_MIGRATED"


class Provisioner(Protocol):
    """The DDL of a tenant's schema, as data."""

    @property
    def revision(self) -> str: ...

    def statements(self, schema: SchemaName, role: RoleName) -> Sequence[str]:
        """In order, one statement each, with this tenant's names in place."""


async def create(settings: TenantSettings, provisioner: Provisioner, slug: TenantSlug, name: str, tier: str) -> UUID:
    """Make an organization's place and return its id; its status is `provisioning` until `activate`.

    Repeated after a failure it finds what was made and goes on from there. Raises Conflict where the slug is in use.
    """
    async with connect_as_admin(settings.admin_database_url) as admin:
        unfinished = await _unfinished(admin, settings, slug, (name, tier))
        if unfinished:
            return unfinished
        organization = new_id()
        try:
            async with admin.transaction():
                await _make(admin, settings, provisioner, organization, (slug, name, tier))
        except UniqueTaken:
            raise Conflict(f"The slug {slug!r} is in use; choose another.") from None
        return organization


async def activate(settings: TenantSettings, organization: UUID) -> None:
    """Open the organization to requests: everything it needs is there."""
    async with connect_as_admin(settings.admin_database_url) as admin, admin.transaction():
        await admin.run(f"SET LOCAL ROLE {quoted(settings.owner_role)}")
        await admin.run(
            "UPDATE control.organizations SET status = 'active', updated_at = now() WHERE id = $1 AND status = 'provisioning'", organization
        )


async def _unfinished(admin: AdminConnection, settings: TenantSettings, slug: TenantSlug, said: tuple[str, str]) -> UUID | None:
    """The organization that an interrupted call left, with what this call says of it."""
    if await admin.value("SELECT tablename FROM pg_tables WHERE schemaname = 'control' AND tablename = 'organizations'") is None:
        raise NeverMigrated("This database has no control schema yet: run `imprint migrate up` first.")
    async with admin.transaction():
        await admin.run(f"SET LOCAL ROLE {quoted(settings.owner_role)}")
        rows = await admin.rows("SELECT id, status FROM control.organizations WHERE slug = $1", slug)
        await admin.run("UPDATE control.organizations SET name = $2, tier = $3 WHERE slug = $1 AND status = 'provisioning'", slug, *said)
    if rows and rows[0]["status"] != "provisioning":
        raise Conflict(f"The slug {slug!r} is in use; choose another.")
    found: UUID | None = rows[0]["id"] if rows else None
    return found


async def _make(admin: AdminConnection, settings: TenantSettings, provisioner: Provisioner, organization: UUID, what: tuple[str, str, str]) -> None:
    owner, login = quoted(settings.owner_role), settings.login_role
    await admin.run(f"SET LOCAL ROLE {owner}")
    prefix = await admin.value("SELECT role_prefix FROM control.installation")
    schema, role = schema_for(organization), role_for(prefix, organization)
    wrapped = Keyring(settings.secret_keys).wrap_tenant_key(organization, new_key())
    await admin.run(
        "INSERT INTO control.organizations (id, slug, name, tier, status, schema, role, revision, wrapped_key) "
        "VALUES ($1, $2, $3, $4, 'provisioning', $5, $6, $7, $8)",
        organization,
        *what,
        schema,
        role,
        provisioner.revision,
        wrapped,
    )
    await admin.run("RESET ROLE")
    await admin.run_all(_role_statements(admin.version, role, group_for(prefix), login))
    await admin.run(f"CREATE SCHEMA {quoted(schema)} AUTHORIZATION {owner}")
    await admin.run(f"SET LOCAL ROLE {owner}")
    await admin.run(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {quoted(role)}")
    await admin.run(f"ALTER DEFAULT PRIVILEGES IN SCHEMA {quoted(schema)} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {quoted(role)}")
    await admin.run_all(provisioner.statements(schema, role))


def _role_statements(version: int, role: RoleName, group: RoleName, login: str) -> list[str]:
    """The tenant's role has the group's rights by itself; the server's login role must take it to have any."""
    return [
        f"CREATE ROLE {quoted(role)} NOLOGIN INHERIT",
        membership(version, group, role, inherit=True),
        membership(version, role, login, inherit=False),
    ]
