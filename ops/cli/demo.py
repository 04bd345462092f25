"""`imprint demo`."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import rich_click as click

from ops.cli.printing import print_json

STEP = 30


@click.group("demo")
def command() -> None:
    """Two organizations with people and posts to try everything on."""


@command.command("load")
@click.argument("slugs", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print an array.")
def load(slugs: tuple[str, ...], *, as_json: bool) -> None:
    """Load the demo's organizations (acme and globex where none is named). Repeated, it adds only what is missing."""
    loaded = asyncio.run(_load(slugs))
    if as_json:
        print_json(loaded)
        return
    for house in loaded:
        click.echo(f"{house['slug']}: {house['events']} events written" if house["events"] else f"{house['slug']}: was there already")
        passwords = set(house["logins"].values())
        if len(passwords) == 1:
            click.echo(f"  {', '.join(house['logins'])} sign in with {passwords.pop()}")
        else:
            for email, password in house["logins"].items():
                click.echo(f"  {email}  {password}")


async def _load(slugs: tuple[str, ...]) -> list[dict[str, Any]]:
    from ops.demo.loading import load as load_one
    from ops.demo.people import HOUSES
    from ops.settings import admin_settings

    settings = admin_settings(os.environ)
    loaded = await asyncio.gather(*(load_one(settings, slug, _say) for slug in slugs or tuple(HOUSES)))
    return [{"slug": one.slug, "events": one.events, "logins": dict(one.logins)} for one in loaded]


def _say(slug: str, done: int, total: int) -> None:
    if done % STEP == 0 or done == total:
        click.echo(f"demo: {slug} {done} of {total} posts", err=True)
