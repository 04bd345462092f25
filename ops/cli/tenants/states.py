"""`imprint tenants suspend|resume|rename|delete|undelete`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import rich_click as click

from ops.cli.boundary import say
from ops.cli.printing import print_json, print_record
from tenants.errors import Refusal

if TYPE_CHECKING:
    from tenants.settings import TenantSettings

as_json = click.option("--json", "as_json", is_flag=True, help="Print one object, as `show` does.")


@click.command("suspend")
@click.argument("slug")
@click.option("--reason", help="Kept for operators and told to the organization's history; outsiders are not shown it.")
@as_json
def suspend(slug: str, *, reason: str | None, as_json: bool) -> None:
    """Refuse an organization's requests (503) within a second; its events and timers wait until it is resumed."""
    from tenants.lifecycle import states

    _do(lambda settings: states.suspend(settings, slug, reason), tell=True, as_json=as_json)


@click.command("resume")
@click.argument("slug")
@as_json
def resume(slug: str, *, as_json: bool) -> None:
    """Open a suspended organization again; what waited goes on."""
    from tenants.lifecycle import states

    _do(lambda settings: states.resume(settings, slug), tell=True, as_json=as_json)


@click.command("rename")
@click.argument("slug")
@click.argument("new")
@as_json
def rename(slug: str, new: str, *, as_json: bool) -> None:
    """Give an organization another address; the old one leads people to it.

    The old host goes on serving sign-on addresses and keys, and no other organization ever gets the old slug. People sign in
    again: sessions and access tokens are good at one address only.
    """
    from tenants.lifecycle import renaming
    from tenants.slugs import tenant_slug

    _do(lambda settings: renaming.rename(settings, slug, tenant_slug(new)), tell=True, as_json=as_json)


@click.command("delete")
@click.argument("slug")
@click.option("--confirm", metavar="SLUG", help="The slug once more.")
@click.option("--grace-days", type=click.IntRange(0, 365), help="Days from the first deletion on in which `undelete` works.  [default: 30]")
@as_json
def delete(slug: str, *, confirm: str | None, grace_days: int | None, as_json: bool) -> None:
    """Close an organization as if it were not there. Nothing is removed before its grace is over and `purge` is run."""
    from tenants.lifecycle import deletion

    _do(lambda settings: deletion.delete(settings, slug, confirm=confirm, grace_days=grace_days), tell=False, as_json=as_json)


@click.command("undelete")
@click.argument("slug")
@as_json
def undelete(slug: str, *, as_json: bool) -> None:
    """Give a deleted organization back the state it had, as long as it is not being purged."""
    from tenants.lifecycle import deletion

    _do(lambda settings: deletion.undelete(settings, slug), tell=True, as_json=as_json)


def _do(step: Callable[[TenantSettings], Awaitable[UUID]], *, tell: bool, as_json: bool) -> None:
    """The step in the registry, then the organization is told, then it is shown as it is now."""
    found = asyncio.run(_done(step, tell=tell))
    print_json(found) if as_json else print_record(found)


async def _done(step: Callable[[TenantSettings], Awaitable[UUID]], *, tell: bool) -> dict[str, Any]:
    from ops.cli.tenants.places import shown
    from ops.organizations.telling import tell as tell_organization
    from ops.settings import admin_settings
    from tenants.database import Database

    settings = admin_settings(os.environ)
    organization = await step(settings)
    if tell:
        async with Database(settings, connections=2) as database:
            try:
                await tell_organization(settings, database, organization)
            except Refusal:
                say("this was done in the registry and holds, but the organization's own history does not say it yet: run this again later")
                raise
    return await shown(organization)


COMMANDS = (suspend, resume, rename, delete, undelete)
