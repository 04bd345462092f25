"""Loading and saving the organization."""

from __future__ import annotations

from uuid import UUID

from app.management.organizations import Organization, OrganizationKept
from app.shared.recording import expect_saved
from tenants.statements import statement
from tenants.transaction import Transaction

# Whether it is suspended and what its quotas are is not in its row: nothing inside it asks, and the last event about it says it.
LOAD = statement(
    """
    SELECT o.id, o.slug, o.tier, o.name, o.settings, o.branding, o.policies, o.version,
           coalesce(told.event_type = 'OrganizationSuspended', false) AS suspended,
           told.event_data ->> 'reason' AS suspended_because, allowed.event_data -> 'quotas' AS quotas
    FROM __tenant__.organization o
    LEFT JOIN LATERAL (
      SELECT e.event_type, e.event_data FROM __tenant__.domain_events e
      WHERE e.aggregate_id = o.id AND e.event_type IN ('OrganizationSuspended', 'OrganizationResumed')
      ORDER BY e.aggregate_version DESC LIMIT 1
    ) told ON true
    LEFT JOIN LATERAL (
      SELECT e.event_data FROM __tenant__.domain_events e
      WHERE e.aggregate_id = o.id AND e.event_type = 'OrganizationTierChanged'
      ORDER BY e.aggregate_version DESC LIMIT 1
    ) allowed ON true
    WHERE o.id = :id
    """
)
INSERT = statement(
    "INSERT INTO __tenant__.organization (id, slug, tier, name, version, created_at, updated_at, created_by, updated_by) "
    "VALUES (:id, :slug, :tier, :name, :version, :now, :now, :by, :by)"
)
UPDATE = statement(
    "UPDATE __tenant__.organization SET slug = :slug, tier = :tier, name = :name, settings = :settings, branding = :branding, policies = :policies, "
    "version = :version, updated_at = :now, updated_by = :by "
    "WHERE id = :id AND version = :loaded_version"
)

LOAD_KEPT = statement("SELECT id, name, settings, branding, policies FROM __tenant__.organization WHERE id = :id")
INSERT_RECEIVED = statement(
    "INSERT INTO __tenant__.organization (id, slug, tier, name, settings, branding, policies, version, created_at, updated_at, "
    "created_by, updated_by) "
    "VALUES (:id, :slug, :tier, :name, :settings, :branding, :policies, :version, :now, :now, :by, :by)"
)
DELETE = statement("DELETE FROM __tenant__.organization WHERE id = :id AND version = :loaded_version")


async def load(tx: Transaction, organization_id: UUID) -> Organization | None:
    row = await tx.connection.fetchrow(LOAD, id=organization_id)
    return Organization(**dict(row.items())) if row else None


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


async def save(tx: Transaction, organization: Organization) -> None:
    """Against the version it was loaded at. Raises Conflict."""
    rows = await tx.connection.execute(
        UPDATE,
        id=organization.id,
        loaded_version=organization.version - len(organization.recorded),
        slug=organization.slug,
        tier=organization.tier,
        name=organization.name,
        settings=organization.settings,
        branding=organization.branding,
        policies=organization.policies,
        version=organization.version,
        now=tx.now,
        by=tx.cause.user_id,
    )
    expect_saved(rows, organization)


async def load_kept(tx: Transaction, organization_id: UUID) -> OrganizationKept | None:
    row = await tx.connection.fetchrow(LOAD_KEPT, id=organization_id)
    return OrganizationKept(**dict(row.items())) if row else None


async def insert_received(tx: Transaction, organization: Organization, like: OrganizationKept) -> None:
    await tx.connection.execute(
        INSERT_RECEIVED,
        id=organization.id,
        slug=organization.slug,
        tier=organization.tier,
        name=organization.name,
        settings=like.settings,
        branding=like.branding,
        policies=like.policies,
        version=organization.version,
        now=tx.now,
        by=tx.cause.user_id,
    )


async def delete_moved(tx: Transaction, organization: Organization) -> None:
    """Its row; its history stays. Raises Conflict."""
    expect_saved(
        await tx.connection.execute(DELETE, id=organization.id, loaded_version=organization.version - len(organization.recorded)), organization
    )
