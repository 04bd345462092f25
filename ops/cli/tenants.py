"""`imprint tenants`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.printing import print_json, print_record, print_table
from tenants.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tenants.registry import Listed

COLUMNS = ("slug", "name", "status", "tier", "revision", "hosts", "created_at")


@click.group("tenants")
def command() -> None:
    """Make, list and show organizations."""


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


@command.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The organization's name as people read it.")
@click.option("--owner-email", required=True, help="Who owns it; invited as its first member.")
@click.option("--tier", default="basic", show_default=True)
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
    from ops.founding import found
    from ops.hosts import verified_domains
    from ops.settings import Settings, admin_settings
    from tenants.database import Database

    settings = admin_settings(os.environ)
    lifetime = Settings.read(os.environ).auth.invitation_lifetime
    async with Database(settings, connections=2) as database:
        made = await found(settings, database, slug=slug, name=name, owner_email=owner_email, tier=tier)
        invitation = await Links(database, Addresses(settings.public_url), lifetime=lifetime).invite(made.tenant, made.owner_id)
        domains = await verified_domains(database)
        return {**_shape(made.tenant, settings.base_host, domains.get(made.tenant.id, ())), "invitation": invitation}


async def _all() -> list[dict[str, Any]]:
    from ops.hosts import verified_domains
    from ops.settings import Settings
    from tenants.database import Database
    from tenants.registry import Registry
    from tenants.secrets import Keyring

    settings = Settings.read(os.environ).tenants
    async with Database(settings, connections=1) as database:
        domains = await verified_domains(database)
        tenants = await Registry(database, Keyring(settings.secret_keys)).all()
        return [_shape(tenant, settings.base_host, domains.get(tenant.id, ())) for tenant in tenants]


def _shape(tenant: Listed, base_host: str, domains: Sequence[str]) -> dict[str, Any]:
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
