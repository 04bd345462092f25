"""What the row of the organization must hold; whether it is suspended and what it may use stand in no column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.management.organizations import Organization
from app.shared.snapshots import snapshots
from tenants.database import Row
from tenants.secrets import TenantKey
from tenants.statements import statement

ROWS = statement("SELECT * FROM __tenant__.organization WHERE id = ANY(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Shown:
    slug: str
    tier: str
    name: str
    settings: dict[str, Any]
    branding: dict[str, Any]
    policies: dict[str, Any]
    version: int


def _of_row(row: Row) -> Shown:
    return Shown(row["slug"], row["tier"], row["name"], row["settings"], row["branding"], row["policies"], row["version"])


def _of_fold(organization: Organization, _row: Row, _key: TenantKey) -> Shown:
    kept = (organization.settings, organization.branding, organization.policies)
    return Shown(organization.slug, organization.tier, organization.name, *kept, organization.version)


snapshots(Organization, "organization", rows=ROWS, of_row=_of_row, of_fold=_of_fold, gone=lambda organization: organization.moved_to is not None)
