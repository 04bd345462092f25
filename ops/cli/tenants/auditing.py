"""`imprint tenants audit`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.printing import print_json, print_table

COLUMNS = ("at", "actor", "action", "slug", "details")
MOST = 1000


@click.command("audit")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print an array of {at, actor, action, organization_id, slug, details}.")
def audit(slug: str | None, *, as_json: bool) -> None:
    """What operators did, oldest first: the newest thousand.

    With SLUG, to the organization that has it, once had it, or had it until it was purged.
    """
    found = asyncio.run(_read(slug))
    print_json(found) if as_json else print_table(found, COLUMNS)


async def _read(slug: str | None) -> list[dict[str, Any]]:
    from ops.settings import admin_settings
    from tenants.lifecycle.history import history

    return [
        {
            "at": done.at.isoformat(),
            "actor": done.actor,
            "action": done.action,
            "organization_id": str(done.organization_id) if done.organization_id else None,
            "slug": done.slug,
            "details": done.details,
        }
        for done in await history(admin_settings(os.environ), slug, MOST)
    ]


COMMANDS = (audit,)
