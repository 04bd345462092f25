"""`imprint tenants purge`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.boundary import FAILED, say
from ops.cli.printing import print_json, print_record, print_table

if TYPE_CHECKING:
    from tenants.lifecycle.purging import Purged

COLUMNS = ("slug", "id", "status", "purged_at")


@click.command("purge")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one object; without SLUG an array.")
def purge(slug: str | None, *, as_json: bool) -> int | None:
    """Remove for ever what was deleted and whose grace is over: schema, role, everything. Without SLUG: all that are due.

    Killed in the middle, run it again: it goes on. With SLUG it also removes an organization whose creation or import was
    never finished; only the slugs of such are free again. Nothing purges by itself.
    """
    if slug is not None:
        gone = asyncio.run(_purge(slug))
        print_json(gone) if as_json else print_record(gone)
        return None
    purged, failed = asyncio.run(_purge_due())
    print_json(purged) if as_json else print_table(purged, COLUMNS)
    return FAILED if failed else None


async def _purge(slug: str) -> dict[str, Any]:
    from ops.settings import admin_settings
    from tenants.lifecycle import purging

    return _shape(await purging.purge(admin_settings(os.environ), slug, say))


async def _purge_due() -> tuple[list[dict[str, Any]], bool]:
    """Those that were purged, and whether there was one that could not be: the others do not wait for it."""
    from ops.settings import admin_settings
    from tenants.errors import Refusal
    from tenants.lifecycle import purging

    settings = admin_settings(os.environ)
    purged, failed = [], False
    for slug in await purging.due(settings):
        try:
            purged.append(_shape(await purging.purge(settings, slug, say)))
        except Refusal as refusal:
            failed = True
            say(f"{slug}: {refusal.message} [{refusal.code}]")
    return purged, failed


def _shape(purged: Purged) -> dict[str, Any]:
    return {"slug": purged.slug, "id": str(purged.id), "status": "purged", "purged_at": purged.purged_at.isoformat()}


COMMANDS = (purge,)
