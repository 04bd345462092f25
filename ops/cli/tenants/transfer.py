"""`imprint tenants export|import|clone`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.boundary import say
from ops.cli.printing import print_json, print_record
from ops.cli.tenants.transfer_key import key_file, secret_from

if TYPE_CHECKING:
    from ops.organizations.importing import Carried
    from tenants.settings import TenantSettings
    from tenants.transfer.exporting import Exported


@click.command("export")
@click.argument("slug")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write; only you may read it.")
@key_file
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one object: slug, id, revision, file, bytes, rows (by table), created_at.")
def export(slug: str, *, target: Path, key_file: Path | None, force: bool, as_json: bool) -> None:
    """Write everything of an organization, as it is at one moment, to one compressed and sealed file.

    People go on working meanwhile. A migration of this organization waits or gives up until the export ends (its session is
    called imprint-export), and Postgres cannot clean up behind changes anywhere in the database: export large organizations
    when little else happens. The file appears at its name only when it is whole. Until then it stands beside it as
    .NAME.*.part; what a killed export left of that, the next one to the same name removes.
    """
    from ops.organizations.exporting import export_to
    from ops.settings import admin_settings

    settings, secret = admin_settings(os.environ), secret_from(key_file, new=True)
    exported = asyncio.run(export_to(settings, slug, target, secret, say, force=force))
    if as_json:
        print_json(_exported(exported, target))
    else:
        click.echo(f"{target}: {slug}, revision {exported.revision}, {sum(exported.rows.values())} rows, {exported.bytes} bytes")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, path_type=Path, dir_okay=False))
@click.option("--slug", help="Another slug than it had where it comes from.")
@key_file
@click.option("--json", "as_json", is_flag=True, help="Print one object: as show, with rows, events and what was reset.")
def bring_in(file: Path, *, slug: str | None, key_file: Path | None, as_json: bool) -> None:
    """Make an organization from a file that `imprint tenants export` wrote, here or elsewhere, under an id of its own.

    It is opened to requests when everything was loaded, read back and compared, its history proven, and its schema brought to
    this release. Until then nothing of it is served; interrupted, it is removed by the next import of its slug or by
    `imprint tenants purge`.
    """
    from ops.organizations.importing import import_from
    from ops.settings import admin_settings

    settings, secret = admin_settings(os.environ), secret_from(key_file, new=False)
    _tell(asyncio.run(import_from(settings, file, secret, slug, say)), settings, as_json=as_json)


@click.command("clone")
@click.argument("slug")
@click.argument("new")
@click.option("--without-data", is_flag=True, help="Only its name, settings, branding, policies and roles; its owners are invited anew.")
@click.option("--json", "as_json", is_flag=True, help="Print one object: as import, or as create with an invitation for each owner.")
def clone(slug: str, new: str, *, without_data: bool, as_json: bool) -> None:
    """Make another organization as this one is now.

    All that is in it goes by way of a nameless temporary file (TMPDIR says where) that no other process can read.
    """
    from ops.organizations.importing import clone as clone_all
    from ops.settings import admin_settings

    settings = admin_settings(os.environ)
    if without_data:
        made = asyncio.run(_in_likeness(settings, slug, new))
        print_json(made) if as_json else print_record(made)
    else:
        _tell(asyncio.run(clone_all(settings, slug, new, say)), settings, as_json=as_json)


async def _in_likeness(settings: TenantSettings, slug: str, new: str) -> dict[str, Any]:
    from auth.addresses import Addresses
    from auth.links import Links
    from ops.cli.tenants.places import shape
    from ops.organizations.likeness import found_like
    from ops.settings import Settings
    from tenants.database import Database

    lifetime = Settings.read(os.environ).auth.invitation_lifetime
    async with Database(settings, connections=2) as database:
        founded = await found_like(settings, database, slug, new)
        links = Links(database, Addresses(settings.public_url), lifetime=lifetime)
        invitations = [await links.invite(founded.tenant, owner) for owner in founded.owners]
    return {**shape(founded.tenant, settings.base_host, ()), "invitations": invitations}


def _tell(carried: Carried, settings: TenantSettings, *, as_json: bool) -> None:
    from ops.cli.tenants.places import shape

    tenant, reset = carried.tenant, carried.not_kept
    if as_json:
        proven = {"rows": carried.arrived.rows, "events": carried.arrived.chains.events, "reset": reset}
        print_json({**shape(tenant, settings.base_host, ()), **proven})
        return
    print_record(shape(tenant, settings.base_host, ()))
    for part in reset:
        say(f"not carried on: {part}")


def _exported(exported: Exported, target: Path) -> dict[str, Any]:
    return {
        "slug": exported.source.slug,
        "id": str(exported.source.id),
        "revision": exported.revision,
        "file": str(target),
        "bytes": exported.bytes,
        "rows": exported.rows,
        "created_at": exported.created_at.isoformat(),
    }


COMMANDS = (export, bring_in, clone)
