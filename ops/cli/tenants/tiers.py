"""`imprint tenants tier`: what an organization may have, and what it uses of it."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rich_click as click

from ops.cli.printing import print_json, print_record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.management.usage import Usage
    from tenants.registry import Listed


class Limit(click.ParamType[int]):
    """A whole number, or `none` for no limit."""

    name = "N|none"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """0 stands for none."""
        if value == "none":
            return 0
        if not (value.isascii() and value.isdecimal() and int(value)):
            self.fail(f"{value!r} is neither a whole number from 1 nor none", param, ctx)
        return int(value)


@click.command("tier")
@click.argument("slug")
@click.argument("tier")
@click.option("--members", type=Limit(), help="People who are invited, active or suspended.")
@click.option("--posts", type=Limit(), help="Posts that are not deleted.")
@click.option("--requests-per-second", type=Limit(), help="Over all processes of the server.")
@click.option("--events-per-day", type=Limit(), help="What people may change, from midnight to midnight, UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print one object.")
def change(slug: str, tier: str, *, as_json: bool, **limits: int | None) -> None:
    """Give an organization a tier (basic, team, enterprise) and the limits that go with it.

    Options set single limits anew, `none` lifts one; those not given are the tier's. Servers know within a second.
    """
    shown = asyncio.run(_change(slug, tier, {name: limit or None for name, limit in limits.items() if limit is not None}))
    print_json(shown) if as_json else print_record(shown)


async def _change(slug: str, tier: str, overrides: Mapping[str, int | None]) -> dict[str, Any]:
    from app.management.usage import read
    from ops.organizations.tiering import change_tier
    from ops.settings import admin_settings
    from tenants.database import Database

    settings = admin_settings(os.environ)
    async with Database(settings, connections=2) as database:
        tenant = await change_tier(settings, database, slug, tier, overrides)
        async with database.reading(tenant.place) as connection:
            return {"slug": tenant.slug, "tier": tenant.tier, **limits_of(tenant, await read(connection))}


def limits_of(tenant: Listed, usage: Usage) -> dict[str, Any]:
    """What an organization may have (null: no limit) and what it uses."""
    return {"quotas": asdict(tenant.quotas), "usage": asdict(usage)}


COMMANDS = (change,)
