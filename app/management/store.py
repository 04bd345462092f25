"""Loading and saving the organization."""

from __future__ import annotations

from uuid import UUID

from app.management.organizations import Organization
from tenants.statements import statement
from tenants.transaction import Transaction

LOAD = statement("SELECT id, slug, tier, name, version FROM __tenant__.organization WHERE id = :id")
INSERT = statement(
    "INSERT INTO __tenant__.organization (id, slug, tier, name, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :slug, :tier, :name, :version, :now, :now, :by, :by)"
)


async def load(tx: Transaction, organization_id: UUID) -> Organization | None:
    row = await tx.connection.fetchrow(LOAD, id=organization_id)
    return Organization(row["id"], row["slug"], row["tier"], row["name"], row["version"]) if row else None


async def insert_new(tx: Transaction, organization: Organization) -> None:
    await tx.connection.execute(
        INSERT,
        id=organization.id,
        slug=organization.slug,
        tier=organization.tier,
        name=organization.name,
        version=organization.version,
        now=tx.now,
        by=tx.cause.user_id,
    )
