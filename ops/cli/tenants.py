"""`imprint tenants`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.printing import print_json, print_record, print_table
from tenants.errors import NotFound

if TYPE_CHECKING:
    from tenants.registry import Tenant

COLUMNS = ("slug", "name", "status", "tier", "revision", "hosts", "created_at")


@click.group("tenants")
def command() -> None:
    """List and show organizations."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def list_all(*, as_json: bool) -> None:
    """Every organization of this installation."""
    found = asyncio.run(_all())
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def show(slug: str, *, as_json: bool) -> None:
    """One organization."""
    found = next((tenant for tenant in asyncio.run(_all()) if tenant["slug"] == slug), None)
    if found is None:
        raise NotFound(f"There is no organization {slug!r}: imprint tenants list shows those there are.")
    print_json(found) if as_json else print_record(found)


async def _all() -> list[dict[str, Any]]:
    from ops.settings import Settings
    from tenants.database import Database
    from tenants.registry import Registry
    from tenants.secrets import Keyring

    settings = Settings.read(os.environ).tenants
    async with Database(settings, connections=1) as database:
        return [_shape(tenant, settings.base_host) for tenant in await Registry(database, Keyring(settings.secret_keys)).all()]


def _shape(tenant: Tenant, base_host: str) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "id": str(tenant.id),
        "name": tenant.name,
        "status": tenant.status,
        "tier": tenant.tier,
        "schema": tenant.place.schema,
        "role": tenant.place.role,
        "revision": tenant.revision,
        "hosts": [f"{tenant.slug}.{base_host}"],
        "created_at": tenant.created_at.isoformat(),
    }
