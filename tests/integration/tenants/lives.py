"""Organizations of a test's own, to be led through their lives, and what is known of them afterwards."""

from __future__ import annotations

import secrets
from typing import Any

import asyncpg

from ops.organizations.founding import found
from tenants.database import Database
from tenants.lifecycle.deletion import delete
from tenants.registry import Tenant
from tenants.settings import TenantSettings
from tests.integration.owner import as_owner


def new_slug(stem: str) -> str:
    """A slug that no other test of this run has or had."""
    return f"{stem}-{secrets.token_hex(4)}"


async def made(settings: TenantSettings, pool: Database, stem: str = "life") -> Tenant:
    return (await found(settings, pool, slug=new_slug(stem), name="A Life", owner_email="o@x.example")).tenant


async def entry(settings: TenantSettings, tenant: Tenant) -> dict[str, Any]:
    """The organization's row; empty where there is none any more."""
    async with as_owner(settings) as owner:
        row = await owner.fetchrow("SELECT * FROM control.organizations WHERE id = $1", tenant.id)
    return dict(row) if row else {}


async def actions(settings: TenantSettings, tenant: Tenant) -> list[str]:
    """What operators did to it, in order."""
    async with as_owner(settings) as owner:
        rows = await owner.fetch("SELECT action FROM control.operator_audit WHERE organization_id = $1 ORDER BY at, id", tenant.id)
    return [row["action"] for row in rows]


async def told(settings: TenantSettings, tenant: Tenant) -> list[str]:
    """What the organization's own history says happened to it since it was founded."""
    async with as_owner(settings) as owner:
        rows = await owner.fetch(
            f"SELECT event_type FROM {tenant.place.schema}.domain_events WHERE aggregate_id = $1 AND aggregate_version > 1 "
            "ORDER BY aggregate_version",
            tenant.id,
        )
    return [row["event_type"] for row in rows]


async def is_there(settings: TenantSettings, tenant: Tenant) -> tuple[bool, bool]:
    """Whether its schema and its role exist."""
    connection = await asyncpg.connect(settings.admin_database_url)
    try:
        return (
            await connection.fetchval("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", tenant.place.schema),
            await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", tenant.place.role),
        )
    finally:
        await connection.close()


async def deleted(settings: TenantSettings, pool: Database, *, days: int = 0) -> Tenant:
    tenant = await made(settings, pool)
    await delete(settings, tenant.slug, confirm=tenant.slug, grace_days=days)
    return tenant
