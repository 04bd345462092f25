"""What all of `imprint connections` share: arguments, options, and the way to the organization."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ops.cli.printing import print_json, print_record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from ops.organizations.connecting import Connecting

Answer = TypeVar("Answer")

SLUG = click.argument("slug")
NAME = click.argument("name")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def terms(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that connections of every kind have: who comes in, and as what. See `wanted_terms`."""
    for option in (
        click.option("--domain", "domains", multiple=True, metavar="DOMAIN", help="A domain of e-mail addresses that you vouch for being theirs."),
        click.option("--map", "mapped", multiple=True, metavar="GROUP=ROLE", help="The role of a group's people; the first that fits counts."),
        click.option("--default-role", default="reader", show_default=True, help="The role of people whom no group gives another."),
        click.option("--jit/--no-jit", "create_people", default=True, show_default=True, help="Whether somebody unknown gets an account."),
        click.option("--label", help="What the button on the sign-in page says; the name where it is left out."),
    ):
        function = option(function)
    return function


def wanted_terms(options: dict[str, Any]) -> dict[str, Any]:
    """The options of `terms` as `ops.organizations.connecting.Wanted` takes them."""
    rules = []
    for pair in options["mapped"]:
        group, equals, role = pair.rpartition("=")
        if not equals or not group or not role:
            raise click.UsageError(f"--map takes GROUP=ROLE, not {pair!r}")
        rules.append((group, role))
    return {name: options[name] for name in ("label", "create_people", "default_role", "domains")} | {"group_roles": rules}


def secret_from(path: Path) -> str:
    """The file's text without the line's end. An empty one is wrong usage."""
    text = path.read_text("utf-8").strip()
    if not text:
        raise click.UsageError(f"{path} is empty: it has to hold the secret")
    return text


def asked(slug: str, work: Callable[[Connecting], Awaitable[Answer]]) -> Answer:
    from ops.organizations.connecting import connecting
    from ops.settings import Settings

    settings = Settings.read(os.environ)

    async def run() -> Answer:
        async with connecting(settings, slug) as found:
            return await work(found)

    return asyncio.run(run())


def print_one(record: dict[str, Any], *, as_json: bool) -> None:
    print_json(record) if as_json else print_record(record)


def with_pairs(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Only what was given."""
    return {name: value for name, value in pairs if value is not None}
