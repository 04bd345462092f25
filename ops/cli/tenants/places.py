"""`imprint tenants create|list|show`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from ops.cli.printing import print_json, print_record, print_table
from tenants.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.registry import Listed

COLUMNS = ("slug", "name", "status", "tier", "revision", "hosts", "created_at")


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def list_all(*, as_json: bool) -> None:
    """Every organization of this installation."""
    found = asyncio.run(_all())
    print_json(found) if as_json else print_table(found, COLUMNS)


@click.command("show")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def show(slug: str, *, as_json: bool) -> None:
    """One organization, with what it may have and what it uses."""
    found = asyncio.run(shown(slug))
    print_json(found) if as_json else print_record(found)


@click.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The organization's name as people read it.")
@click.option("--owner-email", required=True, help="Who owns it; invited as its first member.")
@click.option("--tier", default="basic", show_default=True, help="What it may have: basic, team or enterprise.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def create(slug: str, *, name: str, owner_email: str, tier: str, as_json: bool) -> None:
    """Make an organization and open it to requests; prints the address at which its owner chooses a password.

    Run it again after a failure: it goes on from there, and as long as the owner has not come in, prints a new address.
    """
    made = asyncio.run(_create(slug, name, owner_email, tier))
    print_json(made) if as_json else print_record(made)


async def _create(slug: str, name: str, owner_email: str, tier: str) -> dict[str, Any]:
    from auth.addresses import Addresses
    from auth.links import Links
    from ops.hosts import verified_domains
    from ops.organizations.founding import found
    from ops.settings import Settings, admin_settings
    from tenants.database import Database

    settings = admin_settings(os.environ)
    lifetime = Settings.read(os.environ).auth.invitation_lifetime
    async with Database(settings, connections=2) as database:
        made = await found(settings, database, slug=slug, name=name, owner_email=owner_email, tier=tier)
        invitation = await Links(database, Addresses(settings.public_url), lifetime=lifetime).invite(made.tenant, made.owner_id)
        domains = await verified_domains(database)
        return {**shape(made.tenant, settings.base_host, domains.get(made.tenant.id, ())), "invitation": invitation}


async def _all() -> list[dict[str, Any]]:
    from ops.hosts import verified_domains
    from ops.migrated import require_migrated
    from ops.settings import Settings
    from tenants.database import Database
    from tenants.registry import Registry
    from tenants.secrets import Keyring

    settings = Settings.read(os.environ).tenants
    async with Database(settings, connections=1) as database:
        await require_migrated(database)
        domains = await verified_domains(database)
        tenants = await Registry(database, Keyring(settings.secret_keys)).all()
        return [shape(tenant, settings.base_host, domains.get(tenant.id, ())) for tenant in tenants]


async def shown(which: str | UUID) -> dict[str, Any]:
    """One organization, by slug or id, in the shape of `imprint tenants show --json`. Raises NotFound, NeverMigrated."""
    from app.management.usage import read
    from ops.cli.tenants.tiers import limits_of
    from ops.hosts import verified_domains
    from ops.migrated import require_migrated
    from ops.organizations.particulars import particulars
    from ops.settings import Settings
    from tenants.database import Database
    from tenants.registry import Registry
    from tenants.secrets import Keyring

    settings = Settings.read(os.environ).tenants
    async with Database(settings, connections=2) as database:
        await require_migrated(database)
        found = next((tenant for tenant in await Registry(database, Keyring(settings.secret_keys)).all() if which in {tenant.slug, tenant.id}), None)
        if found is None:
            raise NotFound(f"There is no organization {str(which)!r}: imprint tenants list shows those there are.")
        basics = shape(found, settings.base_host, (await verified_domains(database)).get(found.id, ()))
        more = await particulars(database, found.id)
        if more["purge_began_at"] is not None:  # its tables are going or gone
            return {**basics, **more}
        async with database.reading(found.place) as connection:
            return {**basics, **limits_of(found, await read(connection)), **more}


def shape(tenant: Listed, base_host: str, domains: Sequence[str]) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "id": str(tenant.id),
        "name": tenant.name,
        "status": tenant.status,
        "tier": tenant.tier,
        "schema": tenant.place.schema,
        "role": tenant.place.role,
        "revision": tenant.revision,
        "hosts": [f"{tenant.slug}.{base_host}", *domains],
        "created_at": tenant.created_at.isoformat(),
    }


COMMANDS = (create, list_all, show)
