"""`imprint tenants stock`: places made beforehand."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.printing import print_json, print_record


@click.command("stock")
@click.option("--fill", type=click.IntRange(0, 500), help="Make places until there are so many; remove those of older releases.")
@click.option("--json", "as_json", is_flag=True, help="Print one object: revision, ready, older, newer, made, discarded.")
def stock(fill: int | None, *, as_json: bool) -> None:
    """Schemas and roles made beforehand, which new organizations claim.

    The worker keeps IMPRINT_STOCK of them where it has IMPRINT_ADMIN_DATABASE_URL. Those of an older release are claimed
    by nobody and removed when the stock is filled.
    """
    found = asyncio.run(_stock(fill))
    print_json(found) if as_json else print_record(found)


async def _stock(fill: int | None) -> dict[str, Any]:
    from ops.migrated import require_migrated
    from ops.settings import Settings, admin_settings
    from tenants.database import Database
    from workers.stock import Kept, levels, restock

    settings = Settings.read(os.environ).tenants if fill is None else admin_settings(os.environ)
    async with Database(settings, connections=1) as database:
        await require_migrated(database)
        done = Kept(0, 0) if fill is None else await restock(settings, fill)
        async with database.control() as connection:
            found = await levels(connection)
    return {
        "revision": found.revision,
        "ready": found.ready,
        "older": found.older,
        "newer": found.newer,
        "made": done.made,
        "discarded": done.discarded,
    }


COMMANDS = (stock,)
