"""`imprint clients`."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, TypeVar

import rich_click as click

from ops.cli.printing import print_json, print_record, print_table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ops.organizations.clients import Registration

Answer = TypeVar("Answer")

SLUG = click.argument("slug")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
COLUMNS = ("client_id", "name", "kind", "redirects", "role", "last_used")


@click.group("clients")
def command() -> None:
    """Front ends and services that get tokens of an organization."""


@command.command("add")
@SLUG
@click.argument("name")
@click.option(
    "--redirect", "redirects", multiple=True, metavar="URL", help="Where browsers bring the code of a front end; may be given several times."
)
@click.option("--secret", "with_secret", is_flag=True, help="A front end with a server of its own, which can keep a secret.")
@click.option("--service", "role", metavar="ROLE", help="A service instead of a front end: an account of its own with this role.")
@AS_JSON
def add(slug: str, name: str, *, redirects: tuple[str, ...], with_secret: bool, role: str | None, as_json: bool) -> None:
    """Register a program. A secret is printed this once."""
    added = _asked(slug, lambda registration: registration.add(name, redirects, with_secret=with_secret, role=role))
    print_json(added) if as_json else print_record(added)


@command.command("list")
@SLUG
@AS_JSON
def list_all(slug: str, *, as_json: bool) -> None:
    """Every program of an organization."""
    found = _asked(slug, lambda registration: registration.all())
    print_json(found) if as_json else print_table(found, COLUMNS)


@command.command("remove")
@SLUG
@click.argument("client_id")
def remove(slug: str, client_id: str) -> None:
    """Forget a program; whoever is signed in with it is so no longer."""
    _asked(slug, lambda registration: registration.remove(client_id))


def _asked(slug: str, work: Callable[[Registration], Awaitable[Answer]]) -> Answer:
    from ops.organizations.clients import registering
    from ops.settings import Settings

    settings = Settings.read(os.environ)

    async def run() -> Answer:
        async with registering(settings, slug) as registration:
            return await work(registration)

    return asyncio.run(run())
